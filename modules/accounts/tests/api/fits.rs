//! Whatever is sent for a column fits it when it is stored, and is refused by the name of the column when it does not.

use bkjs_api::testing::TestServer;
use bkjs_core::value::date_of;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::bench::{SECRET, own, register, start};

/// Texts of at most so many characters.
const TEXTS: [(&str, usize); 10] = [
    ("name", 128),
    ("gender", 16),
    ("zipcode", 32),
    ("city", 256),
    ("country", 64),
    ("company", 256),
    ("website", 1024),
    ("geohash", 16),
    ("status", 256),
    ("device_id", 4096),
];
const OTHERS: [&str; 6] = ["latitude", "longitude", "birthday", "email", "phone", "ltime"];

fn column() -> impl Strategy<Value = &'static str> {
    let texts = prop::sample::select(TEXTS.map(|(name, _)| name).to_vec());
    prop_oneof![1 => texts, 3 => prop::sample::select(OTHERS.to_vec())]
}

/// Values of every kind, many of them nearly right for one of the columns.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,40}",
        "[a-z]{1,5}@[a-z]{1,5}[.]?[a-z]{0,3}",
        "[+]?[0-9 ()-]{1,18}",
        "-?[0-9]{1,4}[.]?[0-9]{0,3}(e[0-9])?",
        "[12][0-9]{3}[-/][01]?[0-9][-/][0-3]?[0-9](T[0-9]{2}:[0-9]{2}Z?)?",
        Just("NaN".to_owned()),
        Just("x".repeat(5000)),
    ];
    prop_oneof![
        6 => text.prop_map(Value::from),
        2 => any::<f64>().prop_map(|number| json!(number)),
        2 => (-200.0..200.0).prop_map(|number: f64| json!(number)),
        2 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop::collection::vec(any::<i8>(), 0..3).prop_map(|list| json!(list)),
        1 => Just(json!({"a": 1})),
        1 => Just(Value::Null),
    ]
}

/// Whether the column may hold this.
fn fits(column: &str, stored: &Value) -> bool {
    let within = |limit: f64| stored.as_f64().is_some_and(|number| number.abs() <= limit);
    let text = stored.as_str().unwrap_or_default();
    match column {
        _ if stored.is_null() => column != "name",
        "latitude" => within(90.0),
        "longitude" => within(180.0),
        "ltime" => stored.is_i64(),
        "birthday" => date_of(text).is_some(),
        "email" => text.contains('@') && text == text.to_lowercase() && !text.contains(' '),
        "phone" => text.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()) && text.len() >= 3,
        name => {
            let limit = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, limit)| *limit);
            stored.is_string() && limit.is_some_and(|limit| text.chars().count() <= limit)
        }
    }
}

/// Sends a value to both endpoints that take columns.
async fn sent(server: &TestServer, column: &str, value: &Value, login: &str) -> Result<(), TestCaseError> {
    let before = own(server, "ann").await;
    let answer =
        server.post("/account/update").json(&json!({column: value})).sign("ann", SECRET).send().await;
    let after = own(server, "ann").await;
    match answer.status {
        200 => prop_assert!(fits(column, &after[column]), "{} is {}", column, after[column]),
        400 => {
            prop_assert!(answer.message().starts_with(column), "{}", answer.text());
            prop_assert_eq!(&after, &before);
        }
        _ => prop_assert!(false, "{}", answer.text()),
    }
    let mut record = json!({"login": login, "secret": SECRET, "name": "New"});
    record[column] = value.clone();
    let added = server.post("/account/add").json(&record).send().await;
    match added.status {
        200 => {
            let stored = own(server, login).await;
            prop_assert!(stored[column] == "" || fits(column, &stored[column]), "{} is {}", column, stored);
            // What one takes the other takes as well, but that an update leaves out what is empty.
            prop_assert_eq!(answer.status, 200);
        }
        400 => prop_assert!(added.message().starts_with(column), "{}", added.text()),
        _ => prop_assert!(false, "{}", added.text()),
    }
    Ok(())
}

#[test]
fn a_stored_value_fits_its_column_and_any_other_is_refused_by_name() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let server = runtime.block_on(async {
        let server = start().await;
        register(&server, "ann", &[("birthday", "1990-12-31"), ("latitude", "34")]).await;
        server
    });
    let number = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let done = runner.run(&(column(), value()), |(column, value)| {
        number.set(number.get() + 1);
        runtime.block_on(sent(&server, column, &value, &format!("new{}", number.get())))
    });
    done.expect("every value");
}
