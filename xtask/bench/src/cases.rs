//! What is measured: pairs of requests that do the same work on both sides.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bkjs_tests::{Call, Server};
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
    /// Which of our servers is measured.
    pub(crate) server: fn(&Sides) -> &Server,
    /// The requests to send to it, in turn.
    pub(crate) ours: fn(&Sides, &Server, usize) -> Result<Vec<Prepared>>,
    /// The requests to send to the baseline, in turn.
    pub(crate) baseline: fn(&Sides, &Server, usize) -> Result<Vec<Prepared>>,
    /// Whether a request may be sent once only: enough of them are prepared for a round.
    pub(crate) once: bool,
}

/// How many different accounts and rows are asked for.
const VARIETY: usize = 500;

/// All measurements, in the order of the table.
pub(crate) static CASES: [Case; 7] = [
    Case {
        name: "ping",
        meaning: "GET /ping",
        server: |sides| &sides.ours,
        ours: |_, server, _| Ok(vec![Call::get("/ping").prepare(server.port)?]),
        baseline: |_, server, _| Ok(vec![Call::get("/ping").prepare(server.port)?]),
        once: false,
    },
    Case {
        name: "account",
        meaning: "signed GET /account/get of 500 accounts, login and profile read from the database; baseline: row",
        server: |sides| &sides.ours,
        ours: accounts,
        baseline: rows,
        once: false,
    },
    Case {
        name: "cached",
        meaning: "the same with -db-cache-tables bk_auth,bk_account",
        server: |sides| &sides.cached,
        ours: accounts,
        baseline: rows,
        once: false,
    },
    Case {
        name: "row",
        meaning: "GET of a row of twelve columns by its key, one of 500",
        server: |sides| &sides.ours,
        ours: rows,
        baseline: rows,
        once: false,
    },
    Case {
        name: "insert",
        meaning: "POST of a new row of twelve columns",
        server: |sides| &sides.ours,
        ours: inserts,
        baseline: inserts,
        once: true,
    },
    Case {
        name: "list",
        meaning: "GET of 20 rows of twelve columns from a key on",
        server: |sides| &sides.ours,
        ours: lists,
        baseline: lists,
        once: false,
    },
    Case {
        name: "signup",
        meaning: "POST /account/add: a login and a profile with five indexes; baseline: a new row, no index",
        server: |sides| &sides.ours,
        ours: |_, server, count| (0..count).map(|_| sign_up(next()).prepare(server.port)).collect(),
        baseline: inserts,
        once: true,
    },
];

fn accounts(sides: &Sides, server: &Server, _: usize) -> Result<Vec<Prepared>> {
    let own = |number| Call::get("/account/get").sign(&login(number), &secret(number));
    sides.some_accounts(VARIETY).map(|number| own(number).prepare(server.port)).collect()
}

fn inserts(_: &Sides, server: &Server, count: usize) -> Result<Vec<Prepared>> {
    (0..count).map(|_| insert(next()).prepare(server.port)).collect()
}

fn rows(sides: &Sides, server: &Server, _: usize) -> Result<Vec<Prepared>> {
    let row = |number| Call::get("/row").query(&[("id", row_id(number).as_str())]);
    sides.some_rows(VARIETY).map(|number| row(number).prepare(server.port)).collect()
}

fn lists(sides: &Sides, server: &Server, _: usize) -> Result<Vec<Prepared>> {
    let list = |number| Call::get("/list").query(&[("id", row_id(number).as_str())]);
    sides.some_rows(VARIETY).map(|number| list(number).prepare(server.port)).collect()
}

/// The request that stores row `number`.
pub(crate) fn insert(number: u64) -> Call {
    Call::post("/insert").form(&columns(number, &[("id", &row_id(number))]))
}

/// The key of row `number`.
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

/// The columns of an account and of a row.
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
