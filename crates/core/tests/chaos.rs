//! Writing while the server of a driver is restarted: nothing that was acknowledged is lost, no call hangs.
//!
//! `cargo xtask chaos postgres` starts a server, runs this with its address and perhaps options of the pool, and lets
//! the server fail meanwhile.
#![allow(clippy::expect_used, clippy::print_stdout)] // a program for people

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bkjs_core::ErrorKind;
use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Action, Db, Operation, Options};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::task::spawn;
use bkjs_core::value::Row;

const TABLE: &str = "chaos";
/// Lanes of each kind.
const LANES: u64 = 6;
/// A call that takes longer hangs: more than the time for a connection and for a statement together.
const HANG: Duration = Duration::from_secs(40);
/// The server is back after so long, and the driver has found it.
const COMES_BACK: Duration = Duration::from_secs(60);

/// What happened so far.
#[derive(Default)]
struct Counts {
    /// The ids whose add, or both adds of a transaction, were acknowledged.
    acknowledged: Mutex<Vec<String>>,
    /// Pairs of a transaction whose outcome was not told.
    open_pairs: Mutex<Vec<[String; 2]>>,
    increments: AtomicU64,
    open_increments: AtomicU64,
    failed: AtomicU64,
    reads: AtomicU64,
    hangs: AtomicU64,
    missed: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Counts {
    /// The result of a call; none when it failed as it may while the server is away.
    async fn call<T>(&self, work: impl Future<Output = bkjs_core::Result<T>>) -> Option<T> {
        match tokio::time::timeout(HANG, work).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                use ErrorKind::{OverCapacity, Timeout, Unavailable};
                if !matches!(error.kind(), Unavailable | Timeout | OverCapacity) {
                    self.wrong.lock().expect("not poisoned").push(format!("{error:?}"));
                }
            }
            Err(_) => drop(self.hangs.fetch_add(1, Ordering::Relaxed)),
        }
        None
    }

    fn acknowledge(&self, ids: impl IntoIterator<Item = String>) {
        self.acknowledged.lock().expect("not poisoned").extend(ids);
    }

    fn some_id(&self, n: u64) -> Option<String> {
        let ids = self.acknowledged.lock().expect("not poisoned");
        let at = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (ids.len() as u64).max(1);
        ids.get(at as usize).cloned()
    }
}

fn record(id: &str) -> Row {
    Row::new().with("id", id).with("num", 1).with("text", "x".repeat(50))
}

async fn add(db: &Db, counts: &Counts, id: String) {
    if counts.call(db.add(TABLE, record(&id), &Options::new())).await.is_some() {
        counts.acknowledge([id]);
    }
}

async fn add_pair(db: &Db, counts: &Counts, id: String) {
    let ids = [format!("{id}a"), format!("{id}b")];
    let writes = ids.iter().map(|id| Operation::new(Action::Add, TABLE, record(id))).collect();
    match counts.call(db.transact(writes, &Options::new())).await {
        Some(_) => counts.acknowledge(ids),
        None => counts.open_pairs.lock().expect("not poisoned").push(ids),
    }
}

async fn increment(db: &Db, counts: &Counts) {
    let record = Row::new().with("id", "counter").with("hits", 1);
    let count = match counts.call(db.incr(TABLE, record, &Options::new())).await {
        Some(_) => &counts.increments,
        None => &counts.open_increments,
    };
    count.fetch_add(1, Ordering::Relaxed);
}

async fn read(db: &Db, counts: &Counts, n: u64) {
    let Some(id) = counts.some_id(n) else { return tokio::task::yield_now().await };
    if let Some(row) = counts.call(db.get::<Row>(TABLE, id.as_str(), &Options::new())).await {
        counts.reads.fetch_add(1, Ordering::Relaxed);
        counts.missed.fetch_add(u64::from(row.is_none()), Ordering::Relaxed);
    }
}

async fn load(db: &Db, counts: &Arc<Counts>, time: Duration) {
    let end = Instant::now() + time;
    let lanes = (0..LANES * 4).map(|lane| {
        let (db, counts) = (db.clone(), counts.clone());
        spawn("lane", async move {
            let mut n = 0;
            while Instant::now() < end {
                match lane % 4 {
                    0 => add(&db, &counts, format!("a{lane}_{n}")).await,
                    1 => add_pair(&db, &counts, format!("t{lane}_{n}")).await,
                    2 => increment(&db, &counts).await,
                    _ => read(&db, &counts, n).await,
                }
                n += 1;
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.expect("joins").expect("lives");
    }
}

/// Whether a record is there. The server may have to come back first.
async fn is_there(db: &Db, id: &str) -> bool {
    let end = Instant::now() + COMES_BACK;
    loop {
        match db.get::<Row>(TABLE, id, &Options::new()).await {
            Ok(row) => return row.is_some(),
            Err(error) => assert!(Instant::now() < end, "the server does not come back: {error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn open(url: &str) -> Db {
    let options = std::env::var("BKJS_TEST_CHAOS_OPTIONS").unwrap_or_else(|_| "{}".to_owned());
    let options = serde_json::from_str(&options).expect("an object");
    let location = Location { url, default_file: Path::new("unused"), options };
    let driver = drivers::open("", location).expect("opens");
    let mut schema = SchemaBuilder::new();
    schema.add(
        Table::new(TABLE)
            .column(Column::text("id").primary())
            .column(Column::int("num"))
            .column(Column::text("text"))
            .column(Column::counter("hits")),
    );
    let name = driver.name();
    let db = Db::builder(Arc::new(schema.build())).pool(name, driver).token_key([7; 32]).build();
    let db = db.expect("builds");
    db.create_tables().await.expect("creates");
    db
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_restarted() {
    let Ok(url) = std::env::var("BKJS_TEST_CHAOS_URL") else {
        println!("skipped: needs BKJS_TEST_CHAOS_URL, as `cargo xtask chaos NAME` sets it");
        return;
    };
    let seconds = std::env::var("BKJS_TEST_CHAOS_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    let db = open(&url).await;
    let counts = Arc::new(Counts::default());
    load(&db, &counts, Duration::from_secs(seconds)).await;

    let mut lost = 0;
    let acknowledged = counts.acknowledged.lock().expect("not poisoned").clone();
    for id in &acknowledged {
        lost += u64::from(!is_there(&db, id).await);
    }
    let (mut applied, mut torn) = (0, 0);
    let open_pairs = counts.open_pairs.lock().expect("not poisoned").clone();
    for [a, b] in &open_pairs {
        let both = (is_there(&db, a).await, is_there(&db, b).await);
        torn += u64::from(both.0 != both.1);
        applied += u64::from(both.0);
    }
    let counter = db.get::<Row>(TABLE, "counter", &Options::new()).await.expect("reads").expect("is there");
    let hits = counter.int("hits").unwrap_or_default().unsigned_abs();
    let number = |n: &AtomicU64| n.load(Ordering::Relaxed);
    let (told, open) = (number(&counts.increments), number(&counts.open_increments));
    println!(
        "{seconds} s: {} records acknowledged, {lost} lost; {} transactions without an answer, {applied} of them applied, \
         {torn} torn; counter {hits}, acknowledged {told}, without an answer {open}; {} reads, {} missed a record; \
         {} calls failed, {} hung",
        acknowledged.len(),
        open_pairs.len(),
        number(&counts.reads),
        number(&counts.missed),
        number(&counts.failed),
        number(&counts.hangs),
    );
    assert_eq!(*counts.wrong.lock().expect("not poisoned"), Vec::<String>::new());
    assert_eq!((lost, torn, number(&counts.missed), number(&counts.hangs)), (0, 0, 0, 0));
    assert!(!acknowledged.is_empty() && told <= hits && hits <= told + open, "the counter is wrong");
}
