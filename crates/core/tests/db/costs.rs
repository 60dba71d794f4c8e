//! What calls cost on servers: the round trips that the book says, counted by a proxy in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bkjs_core::db::{Action, Db, Op, Operation, Options, Query, Returning};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::Bench;
use crate::check::*;
use crate::trial::trials;

trials! {
    calls_make_as_many_round_trips_as_the_book_says,
}

/// A table with values for new records only: counters start at 0.
const COUNTS: &str = "costs";
/// One without.
const PLAIN: &str = "costs_plain";
/// One with a unique column, and one whose records expire.
const UNIQUE: &str = "costs_unique";
const EXPIRING: &str = "costs_expiring";

fn tables() -> [Table; 4] {
    let with_id = |name| Table::new(name).column(Column::text("id").primary()).column(Column::int("num"));
    [
        with_id(COUNTS).column(Column::counter("hits")).column(Column::text("txt")),
        with_id(PLAIN),
        with_id(UNIQUE).column(Column::text("mail").unique()),
        with_id(EXPIRING).column(Column::ttl("until")),
    ]
}

/// Calls, and the round trips that each makes on PostgreSQL, MySQL, Redis and DynamoDB; 0 is not counted.
const CALLS: &[(&str, [usize; 4])] = &[
    ("get", [1, 1, 1, 1]),
    ("list", [1, 1, 1, 1]),
    ("select", [1, 1, 2, 1]),
    ("select by pattern", [1, 2, 2, 1]),
    ("total", [1, 1, 2, 1]),
    ("total of the table", [1, 1, 2, 1]),
    ("scan", [1, 1, 2, 1]),
    ("add", [1, 1, 1, 1]),
    ("add unique", [1, 1, 1, 2]),
    ("add expiring", [2, 2, 1, 1]),
    ("put", [1, 1, 2, 1]),
    ("put new", [1, 2, 2, 1]),
    ("put with defaults", [1, 1, 2, 2]),
    ("put unique", [1, 1, 2, 2]),
    ("put returning old", [4, 4, 2, 1]),
    ("update", [1, 1, 2, 1]),
    ("update nothing", [1, 1, 1, 1]),
    ("update returning new", [1, 4, 2, 1]),
    ("incr", [1, 1, 2, 1]),
    ("incr new", [1, 2, 2, 3]),
    ("replace", [1, 1, 2, 1]),
    ("replace nothing", [1, 2, 1, 2]),
    ("replace new", [1, 3, 2, 3]),
    ("del", [1, 1, 2, 1]),
    ("del unique", [1, 1, 2, 2]),
    // What is carried out side by side is not one trip after the other.
    ("batch", [5, 5, 0, 0]),
    ("transact", [5, 5, 4, 2]),
    ("update_all", [1, 1, 4, 3]),
    ("del_all", [1, 1, 4, 3]),
    // MySQL is told to forget the statement, and does not answer that.
    ("query", [2, 0, 0, 0]),
];

async fn calls_make_as_many_round_trips_as_the_book_says(bench: Bench) -> Checked {
    let products = ["postgres", "mysql", "redis", "dynamodb"];
    let Some(product) = products.iter().position(|product| *product == bench.pool()) else { return Ok(()) };
    bench.open(tables()).await?;
    let (url, trips) = counted(&bench.url()).await?;
    let proxied = bench.driver_at(&url)?;
    let db =
        bench.connect(tables(), |builder| builder.pool("counted", proxied).default_pool("counted")).await?;
    let mut wrong = Vec::new();
    for (name, expected) in CALLS.iter().filter(|(_, expected)| expected[product] > 0) {
        // The first time connections are made, statements prepared and descriptions read.
        for counts in [false, true] {
            refill(&db).await?;
            trips.forget();
            call(&db, name).await?;
            let made = trips.made();
            if counts && made != expected[product] {
                wrong.push(format!("{name}: {made}, expected {}", expected[product]));
            }
        }
    }
    holds_that(wrong.is_empty(), || wrong.join("; "))
}

/// Leaves exactly the records `a`, `b`, `c` in each table.
async fn refill(db: &Db) -> Checked {
    for table in [COUNTS, PLAIN, UNIQUE, EXPIRING] {
        db.del(table, "new", &USUAL).await?;
        for id in ["a", "b", "c"] {
            db.put(table, row! { id: id, num: 1, hits: 1, txt: id, mail: id }, &USUAL).await?;
        }
    }
    Ok(())
}

async fn call(db: &Db, name: &str) -> Checked {
    let a = row! { id: "a", num: 2, mail: "a2" };
    let new = || row! { id: "new", num: 2, mail: "new" };
    let operations = |action| {
        let all = ["a", "b", "c"].map(|id| row! { id: id, num: 2 });
        all.into_iter().map(|row| Operation::new(action, COUNTS, row)).collect()
    };
    let one = || Query::new().eq("num", 1);
    let total = Options { total: true, ..Options::new() };
    let newer = Options { check_newer: Some("num".into()), ..Options::new() };
    let returning = |which| Options::new().returning(which);
    match name {
        "get" => drop(db.get::<Row>(COUNTS, "a", &USUAL).await?),
        "list" => drop(db.list::<Row, _>(COUNTS, ["a", "b", "c"], &USUAL).await?),
        "select" => drop(db.select::<Row>(COUNTS, one(), &USUAL).await?),
        "select by pattern" => {
            drop(db.select::<Row>(COUNTS, Query::new().op("txt", Op::Regexp, "^a"), &USUAL).await?);
        }
        "total" => drop(db.select::<Row>(COUNTS, one(), &total).await?),
        "total of the table" => drop(db.select::<Row>(COUNTS, Query::new(), &total).await?),
        "scan" => {
            let mut batches = db.batches::<Row>(COUNTS, Query::new(), &USUAL)?;
            while batches.next().await?.is_some() {}
        }
        "add" => drop(db.add(COUNTS, new(), &USUAL).await?),
        "add unique" => drop(db.add(UNIQUE, new(), &USUAL).await?),
        "add expiring" => drop(db.add(EXPIRING, new(), &USUAL).await?),
        "put" => drop(db.put(PLAIN, a, &USUAL).await?),
        "put new" => drop(db.put(PLAIN, new(), &USUAL).await?),
        "put with defaults" => drop(db.put(COUNTS, a, &USUAL).await?),
        "put unique" => drop(db.put(UNIQUE, a, &USUAL).await?),
        "put returning old" => drop(db.put(PLAIN, a, &returning(Returning::Old)).await?),
        "update" => drop(db.update(COUNTS, a, &USUAL).await?),
        "update nothing" => drop(db.update(COUNTS, new(), &USUAL).await?),
        "update returning new" => drop(db.update(COUNTS, a, &returning(Returning::New)).await?),
        "incr" => drop(db.incr(COUNTS, row! { id: "a", hits: 1 }, &USUAL).await?),
        "incr new" => drop(db.incr(COUNTS, row! { id: "new", hits: 1 }, &USUAL).await?),
        "replace" => drop(db.replace(COUNTS, a, &newer).await?),
        "replace nothing" => drop(db.replace(COUNTS, row! { id: "a", num: 0 }, &newer).await?),
        "replace new" => drop(db.replace(COUNTS, new(), &newer).await?),
        "del" => drop(db.del(COUNTS, "a", &USUAL).await?),
        "del unique" => drop(db.del(UNIQUE, "a", &USUAL).await?),
        "batch" => drop(db.batch(operations(Action::Put), &USUAL).await?),
        "transact" => drop(db.transact(operations(Action::Update), &USUAL).await?),
        "update_all" => drop(db.update_all(COUNTS, one(), row! { num: 2 }, &USUAL).await?),
        "del_all" => drop(db.del_all(COUNTS, one(), &USUAL).await?),
        "query" => drop(db.query("select id from costs", Vec::new(), &USUAL).await?),
        other => return Err(Problem::new(format!("nobody knows how to call {other}"))),
    }
    Ok(())
}

/// The round trips of all connections through a proxy.
#[derive(Default)]
struct Trips {
    made: AtomicUsize,
    /// Whether the last thing that went through was for the server.
    asking: AtomicBool,
}

impl Trips {
    fn forget(&self) {
        self.made.store(0, Ordering::SeqCst);
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// A question may be in several pieces, and so may an answer.
    fn asks(&self, asks: bool) {
        if !self.asking.swap(asks, Ordering::SeqCst) && asks {
            self.made.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The URL of a proxy in front of the server of a URL, and the count of what goes through.
async fn counted(url: &str) -> Checked<(String, Arc<Trips>)> {
    let authority = url.split("://").nth(1).unwrap_or_default();
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let server = authority.rsplit('@').next().unwrap_or_default().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = url.replacen(&server, &listener.local_addr()?.to_string(), 1);
    let trips = Arc::<Trips>::default();
    let shared = trips.clone();
    // Ends with the runtime of the suite.
    bkjs_core::task::spawn("proxy", async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&server).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let (there, back) = (shared.clone(), shared.clone());
            bkjs_core::task::spawn("proxy", pass(from_client, to_server, move || there.asks(true)));
            bkjs_core::task::spawn("proxy", pass(from_server, to_client, move || back.asks(false)));
        }
    });
    Ok((proxy, trips))
}

async fn pass(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    note: impl Fn(),
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        note();
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
