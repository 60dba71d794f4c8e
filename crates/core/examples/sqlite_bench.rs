//! How fast the SQLite driver is here: reads by key out of 100,000 rows, and inserts.
//!
//! `cargo run --release -p bkjs-core --example sqlite_bench`
#![allow(clippy::expect_used, clippy::print_stdout)] // a program for people

use std::sync::Arc;
use std::time::{Duration, Instant};

use bkjs_core::Result;
use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Driver, Get, Verb, Write};
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

const ROWS: u64 = 100_000;
const ROUND: Duration = Duration::from_millis(1500);

#[derive(Clone)]
struct Bench {
    driver: Arc<SqliteDriver>,
    table: Arc<Table>,
}

impl Bench {
    fn add(&self, id: u64) -> Write {
        let id = format!("{:016x}", id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let row = Row::new()
            .with("id", id)
            .with("name", "x".repeat(100))
            .with("num", 7)
            .with("mtime", 1_700_000_000_000_i64);
        let verb = Verb::Add { row, do_nothing: false };
        Write { table: self.table.clone(), verb, returning: Returning::Nothing }
    }

    async fn get(self, n: u64) -> Result<()> {
        let id = format!("{:016x}", (n % ROWS).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let get = Get { table: self.table.clone(), key: vec![id.into()], filter: None, select: Vec::new() };
        let row = self.driver.get(get).await?;
        assert!(row.is_some(), "the row is there");
        Ok(())
    }

    async fn insert(self, n: u64) -> Result<()> {
        self.driver.write(self.add(n)).await.map(drop)
    }
}

/// Processor time of this process so far, in clock ticks of 10 ms.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum()
}

async fn round<F>(name: &str, bench: &Bench, lanes: u64, first: u64, call: fn(Bench, u64) -> F) -> u64
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (start, before) = (Instant::now(), ticks());
    let tasks: Vec<_> = (0..lanes)
        .map(|lane| {
            let bench = bench.clone();
            bkjs_core::task::spawn("lane", async move {
                let mut times = Vec::new();
                let mut n = first + lane;
                while start.elapsed() < ROUND {
                    let begun = Instant::now();
                    call(bench.clone(), n).await.expect("works");
                    times.push(begun.elapsed());
                    n += lanes;
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("joins").expect("lives"));
    }
    let (seconds, used) = (start.elapsed().as_secs_f64(), ticks() - before);
    times.sort_unstable();
    let count = times.len();
    println!(
        "{name} c={lanes}: {:.0}/s, {:.1} us CPU each, p50 {:?}, p99 {:?}, max {:?}",
        count as f64 / seconds,
        used as f64 * 10_000.0 / count as f64,
        times[count / 2],
        times[count * 99 / 100],
        times[count - 1],
    );
    first + (count as u64).max(1) * lanes
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let path = std::env::temp_dir().join(format!("sqlite_bench_{}", std::process::id())).join("bench.db");
    let driver = SqliteDriver::open(&SqliteOptions::file(&path))?;
    let table = Table::new("bench")
        .column(Column::text("id").primary())
        .column(Column::text("name"))
        .column(Column::int("num"))
        .column(Column::now("mtime"));
    let bench = Bench { driver: Arc::new(driver), table: Arc::new(table) };
    bench.driver.create(vec![bench.table.clone()]).await?;
    let begun = Instant::now();
    bench
        .driver
        .batch((0..ROWS).map(|n| bench.add(n)).collect())
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    println!("batch of {ROWS} inserts: {:.0}/s", ROWS as f64 / begun.elapsed().as_secs_f64());
    let mut next = ROWS;
    for _ in 0..2 {
        for lanes in [1, 32] {
            round("get", &bench, lanes, 0, Bench::get).await;
            next = round("insert", &bench, lanes, next, Bench::insert).await;
        }
    }
    bench.driver.close().await;
    if let Some(folder) = path.parent() {
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(())
}
