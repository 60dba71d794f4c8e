//! Examples of the user's book as tests: each is sent, and its answer is compared.
//!
//! A block of the language `api` holds requests, one a line, each followed by the answer after `> `:
//!
//! ~~~text
//! ```api
//! /counter/incr?ping=1
//! > []
//! bob /counter/get?id={ann}
//! > {"id": "{ann}", "ping": 1}
//! ```
//! ~~~
//!
//! A name before the path is the login that signs; without one it is `ann`, and `-` is nobody. `{login}` stands for
//! the id of a login. Of objects in an answer the columns shown must be there; `...` is any text. An answer `<image/png>`
//! is any body of that type.

// A page without its examples has failed.
#![allow(clippy::panic)]

use serde_json::Value;

use super::{SECRET, TestServer};

/// A request of the book and the answer it shows.
#[derive(Clone, Debug)]
pub struct Example {
    /// Who asks; `-` is nobody.
    pub login: String,
    /// Path and query.
    pub uri: String,
    /// The answer.
    pub shown: Value,
}

/// The examples of a page, in order.
///
/// # Panics
/// When an example has no answer, or one that is no JSON.
pub fn examples(page: &str) -> Vec<Example> {
    let parse = |(request, shown): (String, Value)| {
        let (login, uri) = match request.split_once(" /") {
            Some((login, _)) => (login.to_owned(), request[login.len() + 1..].to_owned()),
            None => ("ann".to_owned(), request),
        };
        Example { login, uri, shown }
    };
    examples_of("api", page).into_iter().map(parse).collect()
}

/// What is sent and the answer that is shown, of the blocks of a language, in order.
///
/// # Panics
/// When an example has no answer, or one that is no JSON.
pub fn examples_of(language: &str, page: &str) -> Vec<(String, Value)> {
    let opening = format!("```{language}");
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, line) if line == opening => inside = true,
            (true, "```") => inside = false,
            (true, line) => match line.strip_prefix('>') {
                None => found.push((line, String::new())),
                Some(answer) => found.last_mut().expect("a request before its answer").1.push_str(answer),
            },
            (false, _) => {}
        }
    }
    let parse = |(request, answer): (&str, String)| {
        let answer = match answer.trim().strip_prefix('<').and_then(|kind| kind.strip_suffix('>')) {
            Some(kind) => Value::from(format!("<{kind}>")).to_string(),
            None => filled(&answer),
        };
        let shown = serde_json::from_str(&answer);
        let shown = shown.unwrap_or_else(|error| panic!("{request}: {answer}: {error}"));
        (filled(request), shown)
    };
    found.into_iter().map(parse).collect()
}

/// Puts ids in the places of `{login}`. What else stands in braces, as JSON does, stays.
fn filled(text: &str) -> String {
    let mut pieces = text.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((login, rest)) if !login.is_empty() && login.bytes().all(|b| b.is_ascii_lowercase()) => {
                filled.push_str(&TestServer::id_of(login));
                filled.push_str(rest);
            }
            _ => {
                filled.push('{');
                filled.push_str(piece);
            }
        }
    }
    filled
}

/// Whether an answer holds what the book shows.
pub fn shows(shown: &Value, got: &Value) -> bool {
    match (shown, got) {
        (Value::String(any), Value::String(text)) if any == "..." => !text.is_empty(),
        (Value::Object(shown), Value::Object(got)) => {
            shown.iter().all(|(name, value)| got.get(name).is_some_and(|got| shows(value, got)))
        }
        (Value::Array(shown), Value::Array(got)) => {
            shown.len() == got.len() && shown.iter().zip(got).all(|(a, b)| shows(a, b))
        }
        (a, b) => a == b,
    }
}

/// Sends the examples of a page in order; who signs was made by [`TestServer::people`].
///
/// # Panics
/// When an answer is another than the page shows, or the page has no example.
pub async fn check(server: &TestServer, page: &str) {
    let examples = examples(page);
    assert!(!examples.is_empty(), "the page has no example");
    for Example { login, uri, shown } in &examples {
        let call = server.get(uri);
        let call = if login == "-" { call } else { call.sign(login, SECRET) };
        let answer = call.send().await;
        let got = match answer.header("content-type") {
            "application/json" => answer.json(),
            kind => Value::from(format!("<{kind}>")),
        };
        assert!(shows(shown, &got), "{login} {uri} gives {} and not {shown}", answer.text());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn examples_are_found_with_who_asks() {
        let page = "text\n```api\n/a?b=1\n> {\"x\":\n>  1}\nbob /c?id={ann}\n> []\n```\n/not/one\n";
        let found = examples(page);
        let ann = TestServer::id_of("ann");
        let parts: Vec<_> = found.iter().map(|e| (&*e.login, &*e.uri, &e.shown)).collect();
        assert_eq!(
            parts,
            [("ann", "/a?b=1", &json!({"x": 1})), ("bob", &*format!("/c?id={ann}"), &json!([]))]
        );
    }

    #[test]
    fn an_answer_holds_what_is_shown() {
        let got = json!({"id": "x", "list": [{"a": 1, "b": 2}]});
        assert!(shows(&json!({"id": "...", "list": [{"a": 1}]}), &got));
        assert!(!shows(&json!({"list": []}), &got));
        assert!(!shows(&json!({"id": 1}), &got));
    }
}
