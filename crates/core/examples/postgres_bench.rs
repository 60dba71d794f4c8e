//! What a read by key and an insert cost this process, by the PostgreSQL driver, by sqlx's connections in a
//! pool that asks nothing, and by sqlx's own pool.
//!
//! `BKJS_TEST_POSTGRES_URL=postgres://... cargo run --release -p bkjs-core --features postgres --example postgres_bench`
#![allow(clippy::expect_used, clippy::print_stdout)] // a program for people

use std::sync::Arc;
use std::time::{Duration, Instant};

use bkjs_core::Result;
use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Driver, Get, Verb, Write};
use bkjs_core::db::drivers::postgres::{PostgresDriver, PostgresOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use deadpool::managed::{self, Metrics, RecycleResult};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, PgExecutor, Row as _};

const ROWS: u64 = 100_000;
const ROUND: Duration = Duration::from_millis(1500);
const CONNECTIONS: usize = 8;
const SELECT: &str = "SELECT id, name, num, mtime FROM pg_bench WHERE id = $1";
const INSERT: &str = "INSERT INTO pg_bench (id, name, num, mtime) VALUES ($1, $2, $3, $4)";

/// A pool of sqlx's connections without questions to the server.
struct Connector(PgConnectOptions);

impl managed::Manager for Connector {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<PgConnection> {
        self.0.connect().await
    }

    async fn recycle(&self, _: &mut PgConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

/// Who does the work.
#[derive(Clone)]
enum Side {
    Driver(Arc<PostgresDriver>, Arc<Table>),
    Deadpool(managed::Pool<Connector>),
    Sqlx(PgPool),
}

fn id(n: u64) -> String {
    format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

async fn bare_get(on: impl PgExecutor<'_>, n: u64) {
    let row: PgRow = sqlx::query(SELECT).bind(id(n)).fetch_one(on).await.expect("the row is there");
    let read: (String, String, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(read.2, 7);
}

async fn bare_insert(on: impl PgExecutor<'_>, n: u64) {
    let query = sqlx::query(INSERT).bind(id(n)).bind("x".repeat(100)).bind(7_i64).bind(1_700_000_000_000_i64);
    query.execute(on).await.expect("inserted");
}

async fn get(side: Side, n: u64) {
    let n = n % ROWS;
    match side {
        Side::Driver(driver, table) => {
            let get = Get { table, key: vec![id(n).into()], filter: None, select: Vec::new() };
            assert!(driver.get(get).await.expect("works").is_some(), "the row is there");
        }
        Side::Deadpool(pool) => bare_get(&mut *pool.get().await.expect("connects"), n).await,
        Side::Sqlx(pool) => bare_get(&pool, n).await,
    }
}

fn add(table: Arc<Table>, n: u64) -> Write {
    let row = Row::new()
        .with("id", id(n))
        .with("name", "x".repeat(100))
        .with("num", 7)
        .with("mtime", 1_700_000_000_000_i64);
    Write { table, verb: Verb::Add { row, do_nothing: false }, returning: Returning::Nothing }
}

async fn insert(side: Side, n: u64) {
    match side {
        Side::Driver(driver, table) => drop(driver.write(add(table, n)).await.expect("inserted")),
        Side::Deadpool(pool) => bare_insert(&mut *pool.get().await.expect("connects"), n).await,
        Side::Sqlx(pool) => bare_insert(&pool, n).await,
    }
}

/// Processor time of this process so far, in clock ticks of 10 ms.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum()
}

async fn round<F>(name: &str, side: &Side, lanes: u64, first: u64, call: fn(Side, u64) -> F) -> u64
where
    F: Future<Output = ()> + Send + 'static,
{
    let (start, before) = (Instant::now(), ticks());
    let tasks: Vec<_> = (0..lanes)
        .map(|lane| {
            let side = side.clone();
            bkjs_core::task::spawn("lane", async move {
                let mut count = 0;
                while start.elapsed() < ROUND {
                    call(side.clone(), first + lane + count * lanes).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.push(task.await.expect("joins").expect("lives"));
    }
    let (seconds, used) = (start.elapsed().as_secs_f64(), ticks() - before);
    let count: u64 = counts.iter().sum();
    println!(
        "{name} c={lanes}: {:.0}/s, {:.1} us CPU each",
        count as f64 / seconds,
        used as f64 * 10_000.0 / count as f64
    );
    first + (counts.into_iter().max().unwrap_or_default() + 1) * lanes
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let url = std::env::var("BKJS_TEST_POSTGRES_URL").expect("BKJS_TEST_POSTGRES_URL is set");
    let driver = {
        let mut options = PostgresOptions::url(&url)?;
        options.limits.max = CONNECTIONS;
        PostgresDriver::new(&options)?
    };
    let table = Table::new("pg_bench")
        .column(Column::text("id").primary())
        .column(Column::text("name"))
        .column(Column::int("num"))
        .column(Column::now("mtime"));
    let table = Arc::new(table);
    driver.drop_table(table.clone()).await?;
    driver.create(vec![table.clone()]).await?;
    let begun = Instant::now();
    let rows = driver.batch((0..ROWS).map(|n| add(table.clone(), n)).collect()).await;
    rows.into_iter().collect::<Result<Vec<_>>>()?;
    println!("batch of {ROWS} inserts: {:.0}/s", ROWS as f64 / begun.elapsed().as_secs_f64());

    let options: PgConnectOptions = url.parse().expect("a url");
    let options = options.disable_statement_logging();
    let deadpool =
        managed::Pool::builder(Connector(options.clone())).max_size(CONNECTIONS).build().expect("builds");
    let sqlx = |test| {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS as u32).test_before_acquire(test);
        Side::Sqlx(pool.connect_lazy_with(options.clone()))
    };
    let sides = [
        ("driver               ", Side::Driver(Arc::new(driver), table.clone())),
        ("sqlx in deadpool     ", Side::Deadpool(deadpool)),
        ("sqlx pool            ", sqlx(true)),
        ("sqlx pool, no testing", sqlx(false)),
    ];
    let mut next = ROWS;
    for lanes in [1, 32] {
        for _ in 0..3 {
            for (name, side) in &sides {
                round(&format!("get    {name}"), side, lanes, 0, get).await;
            }
            for (name, side) in &sides {
                next = round(&format!("insert {name}"), side, lanes, next, insert).await;
            }
        }
    }
    if let Side::Driver(driver, table) = &sides[0].1 {
        driver.drop_table(table.clone()).await?;
    }
    Ok(())
}
