//! Kept rows of a database that several hosts share: each with a home of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use bkjs_core::cache::{Cache, CacheDriver};
use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Db, Options, Query};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::Row;
use serde_json::Map;

use super::{Bench, Caches};
use crate::check::{Checked, at_once, equal, holds_that, until};
use crate::trial::trials;

trials![Caches:
    a_write_on_one_host_is_seen_by_a_cached_read_on_another_at_once,
    a_row_that_one_host_has_read_is_found_by_another,
    all_of_a_table_is_read_again_after_a_write_to_any_of_it,
    what_is_selected_by_a_named_key_is_seen_on_another_host,
    no_read_is_older_than_an_answered_write_on_another_host,
    a_row_outlives_no_stamp_that_is_lost,
];

const HOUR: Duration = Duration::from_secs(3600);

/// A host that keeps rows of `t` in the cache of the room. The database is a file that all hosts reach.
async fn host(bench: &Bench) -> Checked<Db> {
    let cache: Arc<dyn CacheDriver> = bench.open()?.driver().clone();
    let mut schema = SchemaBuilder::new();
    schema.add(
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::text("mail"))
            .column(Column::int("n")),
    );
    let file: PathBuf = bench.room().folder().join("rows.db");
    let location = Location { url: "", default_file: &file, options: Map::new() };
    let db = Db::builder(Arc::new(schema.build()))
        .pool("sqlite", drivers::open("sqlite", location)?)
        .cache(["t"], HOUR)
        .cache_key("t", "mail", ["mail"])
        .share_everywhere(["t"], &cache)
        .build()?;
    db.create_tables().await?;
    Ok(db)
}

fn row(n: i64) -> Row {
    Row::new().with("id", "a").with("mail", "m").with("n", n)
}

async fn read(db: &Db, id: &str) -> Checked<Option<i64>> {
    Ok(db.get::<Row>("t", id, &Options::new()).await?.map(|row| row.int("n").unwrap_or(-1)))
}

/// Hits in the cache, and reads of the database.
fn counts(db: &Db) -> (u64, u64) {
    db.cache_stats("t").map_or((0, 0), |stats| (stats.shared_hits, stats.misses))
}

/// Reads until it is the cache that answers.
async fn kept(db: &Db) -> Checked {
    let (before, _) = counts(db);
    until("the row is kept", async || {
        read(db, "a").await?;
        Ok(counts(db).0 > before)
    })
    .await
}

async fn a_write_on_one_host_is_seen_by_a_cached_read_on_another_at_once(bench: Bench) -> Checked {
    let usual = Options::new();
    let hosts = [host(&bench).await?, host(&bench).await?];
    equal(read(&hosts[1], "a").await?, None)?;
    hosts[0].add("t", row(0), &usual).await?;
    for n in 1..20 {
        let (writer, reader) = (&hosts[n as usize % 2], &hosts[1 - n as usize % 2]);
        kept(reader).await?;
        match n % 4 {
            0 => drop(writer.put("t", row(n), &usual).await?),
            1 => drop(writer.update("t", Row::new().with("id", "a").with("n", n), &usual).await?),
            2 => {
                writer.del("t", "a", &usual).await?;
                equal(read(reader, "a").await?, None)?;
                writer.add("t", row(n), &usual).await?;
            }
            _ => drop(
                writer.update_all("t", Query::new().eq("id", "a"), Row::new().with("n", n), &usual).await?,
            ),
        }
        equal((read(reader, "a").await?, read(writer, "a").await?), (Some(n), Some(n)))?;
    }
    Ok(())
}

async fn a_row_that_one_host_has_read_is_found_by_another(bench: Bench) -> Checked {
    let hosts = [host(&bench).await?, host(&bench).await?];
    hosts[0].add("t", row(1), &Options::new()).await?;
    kept(&hosts[0]).await?;
    equal(read(&hosts[1], "a").await?, Some(1))?;
    equal(counts(&hosts[1]), (1, 0))?;
    // That there is no such row is kept as well.
    equal(read(&hosts[0], "no").await?, None)?;
    until("it is kept that there is none", async || {
        let before = counts(&hosts[1]).0;
        equal(read(&hosts[1], "no").await?, None)?;
        Ok(counts(&hosts[1]).0 > before)
    })
    .await
}

async fn all_of_a_table_is_read_again_after_a_write_to_any_of_it(bench: Bench) -> Checked {
    let hosts = [host(&bench).await?, host(&bench).await?];
    hosts[0].add("t", row(1), &Options::new()).await?;
    kept(&hosts[1]).await?;
    let all = Options { whole_table: true, ..Options::new() };
    hosts[0].del_all("t", Query::new(), &all).await?;
    equal(read(&hosts[1], "a").await?, None)
}

async fn what_is_selected_by_a_named_key_is_seen_on_another_host(bench: Bench) -> Checked {
    let hosts = [host(&bench).await?, host(&bench).await?];
    let usual = Options::new();
    let find = async |db: &Db| -> Checked<usize> {
        Ok(db.select::<Row>("t", Row::new().with("mail", "m"), &Options::new()).await?.rows.len())
    };
    equal(find(&hosts[1]).await?, 0)?;
    hosts[0].add("t", row(1), &usual).await?;
    equal(find(&hosts[1]).await?, 1)?;
    hosts[1].add("t", row(1).with("id", "b"), &usual).await?;
    equal(find(&hosts[0]).await?, 2)?;
    hosts[0].update("t", Row::new().with("id", "b").with("mail", "x"), &usual).await?;
    equal(find(&hosts[1]).await?, 1)
}

async fn no_read_is_older_than_an_answered_write_on_another_host(bench: Bench) -> Checked {
    let hosts = [host(&bench).await?, host(&bench).await?];
    hosts[0].add("t", row(0), &Options::new()).await?;
    let (answered, over) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let outcomes = at_once(5, |task| {
        let (db, answered, over) = (hosts[task as usize % 2].clone(), answered.clone(), over.clone());
        async move {
            if task == 0 {
                for n in 1..=200 {
                    db.update("t", Row::new().with("id", "a").with("n", n), &Options::new()).await?;
                    answered.store(n, Ordering::SeqCst);
                }
                over.store(true, Ordering::SeqCst);
                return Ok(0);
            }
            let mut reads = 0;
            while !over.load(Ordering::SeqCst) {
                let least = answered.load(Ordering::SeqCst);
                let found = read(&db, "a").await?;
                holds_that(found >= Some(least), || format!("{least} was answered, {found:?} was read"))?;
                reads += 1;
                // What is near is read without waiting for anything.
                tokio::task::yield_now().await;
            }
            Checked::Ok(reads)
        }
    })
    .await?;
    for reads in outcomes {
        reads?;
    }
    // Not while every read met a new write, perhaps; now the cache answers.
    kept(&hosts[1]).await
}

/// As when the cache had no room for it: a row must not be good again with another stamp.
async fn a_row_outlives_no_stamp_that_is_lost(bench: Bench) -> Checked {
    let db = host(&bench).await?;
    db.add("t", row(1), &Options::new()).await?;
    kept(&db).await?;
    let cache: Cache = bench.open()?;
    if cache.capabilities().keys {
        let stamps = cache.driver().keys("stamp:", 100).await?;
        holds_that(stamps.len() >= 2, || format!("{stamps:?}"))?;
        for stamp in stamps {
            cache.driver().del(&[stamp]).await?;
            let (hits, misses) = counts(&db);
            equal(read(&db, "a").await?, Some(1))?;
            equal(counts(&db), (hits, misses + 1))?;
            kept(&db).await?;
        }
    }
    Ok(())
}
