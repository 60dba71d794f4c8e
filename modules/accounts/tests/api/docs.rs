//! Every example of the user's book is a test: it is sent, and its answer is compared.

use bkjs_api::testing::TestServer;
use bkjs_api::testing::book::{Example, examples, shows};

use crate::bench::start;

const BOOK: &str = include_str!("../../../../docs/accounts.md");
const OPEN: [&str; 3] = ["/account/add", "/login", "/logout"];

async fn check(server: &TestServer, Example { uri, shown, .. }: &Example, secret: &str) {
    let path = uri.split('?').next().unwrap_or_default();
    let call = if OPEN.contains(&path) { server.get(uri) } else { server.get(uri).sign("ann", secret) };
    let answer = call.send().await;
    assert!(shows(shown, &answer.json()), "{uri} gives {} and not {shown}", answer.text());
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start().await;
    let examples = examples(BOOK);
    assert!(examples.len() >= 10, "{} examples", examples.len());
    let mut secret = "wonder";
    for example in &examples {
        check(&server, example, secret).await;
        if let Some(("/account/put/secret", new)) = example.uri.split_once("?secret=") {
            secret = new;
        }
    }
}
