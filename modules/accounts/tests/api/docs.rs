//! Every example of the user's book is a test: it is sent, and its answer is compared.
//!
//! A block of the language `api` holds requests, one a line, each followed by the answer after `> `. A request
//! is signed by `ann` unless its path is open. Of objects the columns shown must be there; `...` is any text.

use bkjs_api::testing::TestServer;
use serde_json::Value;

use crate::bench::start;

const BOOK: &str = include_str!("../../../../docs/accounts.md");
const OPEN: [&str; 3] = ["/account/add", "/login", "/logout"];

/// The requests of the book with their answers, in order.
fn examples() -> Vec<(&'static str, Value)> {
    let mut examples: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in BOOK.lines() {
        match (inside, line) {
            (false, "```api") => inside = true,
            (true, "```") => inside = false,
            (true, line) if line.starts_with('/') => examples.push((line, String::new())),
            (true, line) => {
                let (_, answer) = examples.last_mut().expect("a request before its answer");
                answer.push_str(line.strip_prefix('>').unwrap_or_else(|| panic!("{line}: no answer")));
            }
            (false, _) => {}
        }
    }
    let parse = |(uri, text): (&'static str, String)| {
        let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{uri}: {text}: {e}"));
        (uri, json)
    };
    examples.into_iter().map(parse).collect()
}

fn matches(shown: &Value, got: &Value) -> bool {
    match (shown, got) {
        (Value::String(any), Value::String(text)) if any == "..." => !text.is_empty(),
        (Value::Object(shown), Value::Object(got)) => {
            shown.iter().all(|(name, value)| got.get(name).is_some_and(|got| matches(value, got)))
        }
        (Value::Array(shown), Value::Array(got)) => {
            shown.len() == got.len() && shown.iter().zip(got).all(|(a, b)| matches(a, b))
        }
        (a, b) => a == b,
    }
}

async fn check(server: &TestServer, uri: &str, shown: &Value, secret: &str) {
    let path = uri.split('?').next().unwrap_or_default();
    let call = if OPEN.contains(&path) { server.get(uri) } else { server.get(uri).sign("ann", secret) };
    let answer = call.send().await;
    let body = answer.json();
    assert!(matches(shown, &body), "{uri} gives {} and not {shown}", answer.text());
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start().await;
    let examples = examples();
    assert!(examples.len() >= 10, "{} examples", examples.len());
    let mut secret = "wonder";
    for (uri, shown) in &examples {
        check(&server, uri, shown, secret).await;
        if let Some(("/account/put/secret", new)) = uri.split_once("?secret=") {
            secret = new;
        }
    }
}
