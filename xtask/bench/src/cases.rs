//! What is measured: pairs of requests that do the same work on both sides.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bkjs_tests::Call;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::sides::{Sides, login, secret};

/// A request, ready to be sent.
pub(crate) type Prepared = Request<Full<Bytes>>;

/// One measurement.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    /// The requests to send to bkjs, in turn.
    pub(crate) ours: fn(&Sides, usize) -> Result<Vec<Prepared>>,
    /// The requests to send to the baseline, in turn.
    pub(crate) baseline: fn(&Sides, usize) -> Result<Vec<Prepared>>,
    /// Whether a request may be sent once only: enough of them are prepared for a round.
    pub(crate) once: bool,
}

/// How many different accounts and rows are asked for.
const VARIETY: usize = 500;

/// All measurements, in the order of the table.
pub(crate) static CASES: [Case; 5] = [
    Case {
        name: "ping",
        meaning: "GET /ping on both sides",
        ours: |sides, _| Ok(vec![Call::get("/ping").prepare(sides.ours.port)?]),
        baseline: |sides, _| Ok(vec![Call::get("/ping").prepare(sides.baseline.port)?]),
        once: false,
    },
    Case {
        name: "account",
        meaning: "signed GET /account/get of 500 accounts: signature, login and account; baseline: a row by key",
        ours: |sides, _| {
            let own = |number| Call::get("/account/get").sign(&login(number), &secret(number));
            sides.some_accounts(VARIETY).map(|(number, _)| own(number).prepare(sides.ours.port)).collect()
        },
        baseline: rows,
        once: false,
    },
    Case {
        name: "row",
        meaning: "signed GET /account/get?id= of another account, one of 500; baseline: a row by key",
        ours: |sides, _| {
            let other = |id: &str| Call::get("/account/get").query(&[("id", id)]).sign(&login(0), &secret(0));
            sides.some_accounts(VARIETY).map(|(_, id)| other(id).prepare(sides.ours.port)).collect()
        },
        baseline: rows,
        once: false,
    },
    Case {
        name: "insert",
        meaning: "POST /account/add: a login and an account in one transaction; baseline: one row in a transaction",
        ours: |sides, count| (0..count).map(|_| sign_up(next()).prepare(sides.ours.port)).collect(),
        baseline: |sides, count| {
            let insert = |number: u64| {
                let id = format!("new{number:029}");
                Call::post("/insert").form(&columns(number, &[("id", id.as_str())]))
            };
            (0..count).map(|_| insert(next()).prepare(sides.baseline.port)).collect()
        },
        once: true,
    },
    Case {
        name: "list",
        meaning: "signed GET /account/select?id=ID&_ops=id,ge&_count=20: public columns; baseline: 20 whole rows",
        ours: |sides, _| {
            let page = |id: &str| {
                let query = [("id", id), ("_ops", "id,ge"), ("_count", "20")];
                Call::get("/account/select").query(&query).sign(&login(0), &secret(0))
            };
            sides.some_accounts(VARIETY).map(|(_, id)| page(id).prepare(sides.ours.port)).collect()
        },
        baseline: |sides, _| {
            let page = |number| Call::get("/list").query(&[("id", row_id(number).as_str())]);
            sides.some_rows(VARIETY).map(|number| page(number).prepare(sides.baseline.port)).collect()
        },
        once: false,
    },
];

fn rows(sides: &Sides, _: usize) -> Result<Vec<Prepared>> {
    let row = |number| Call::get("/row").query(&[("id", row_id(number).as_str())]);
    sides.some_rows(VARIETY).map(|number| row(number).prepare(sides.baseline.port)).collect()
}

/// The key of a row of the baseline.
fn row_id(number: u64) -> String {
    format!("{number:032}")
}

/// The request that signs account `number` up.
pub(crate) fn sign_up(number: u64) -> Call {
    Call::post("/account/add").form(&columns(number, &[("secret", secret(number).as_str())]))
}

/// Numbers of accounts and rows that are new.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The columns of an account, as many as the baseline has.
fn columns(number: u64, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [
        ("login", login(number)),
        ("name", format!("User {number}")),
        ("email", format!("user{number}@example.com")),
        ("phone", format!("{}", 15_550_000_000 + number)),
        ("gender", "f".into()),
        ("street", format!("{number} Main Street")),
        ("city", "Springfield".into()),
        ("state", "CA".into()),
        ("country", "US".into()),
    ];
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(more).collect()
}
