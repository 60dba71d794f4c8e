//! Processes that keep rows of one table, a database that can be held up, and what must never be read.

use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::{BoxFuture, join_all, pending, poll_immediate};
use tokio::sync::oneshot;

use super::super::host::{HostRows, name};
use super::super::near::CacheBounds;
use super::super::shared::{Found, Scope, Shared, SharedRows};
use super::super::stamps::Stamps;
use super::*;
use crate::cache::CacheDriver as _;
use crate::cache::drivers::local::LocalDriver;
use crate::schema::Column;
use crate::task;

const LONG: Duration = Duration::from_secs(3600);

/// What processes have in common: a home with its stamps, and where they share rows.
struct Home {
    folder: tempfile::TempDir,
    shared: Arc<LocalDriver>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, shared: Arc::new(LocalDriver::in_memory(1000, 1 << 20)) }
    }

    fn stamps(&self) -> Arc<Stamps> {
        Arc::new(Stamps::open(&self.folder.path().join("stamps")).expect("opens"))
    }

    /// A process that keeps rows for itself.
    fn alone(&self) -> Arc<TableCache> {
        process(self.stamps(), None, LONG)
    }

    /// A process that shares rows.
    fn sharing(&self) -> Arc<TableCache> {
        let stamps = self.stamps();
        let rows = HostRows { cache: self.shared.clone(), stamps: stamps.clone() };
        process(stamps, Some(Arc::new(rows)), LONG)
    }
}

fn process(stamps: Arc<Stamps>, rows: Option<Arc<dyn SharedRows>>, ttl: Duration) -> Arc<TableCache> {
    with_shared(stamps, rows.map(Shared::new), ttl)
}

fn with_shared(stamps: Arc<Stamps>, shared: Option<Shared>, ttl: Duration) -> Arc<TableCache> {
    let table = Arc::new(Table::new("t").column(Column::text("id").primary()).column(Column::int("n")));
    let scope = Scope { table: "t".into(), id: "t 1".into() };
    let marks = TableMarks::new(stamps, shared.map(Arc::new), scope, Some(Vec::new()));
    let near = Arc::new(Near::new(CacheBounds::default()));
    Arc::new(TableCache::new(table, ttl, near, Arc::new(marks)))
}

fn row(n: i64) -> Row {
    Row::new().with("id", "a").with("n", n).with("nothing", Value::Null)
}

/// The value that a read gives when the database would give `stored`; -1 for a record that is absent.
async fn read(process: &Arc<TableCache>, stored: i64) -> i64 {
    reads(process, async move { Ok((stored >= 0).then(|| row(stored))) }).await.expect("reads")
}

async fn reads(
    process: &Arc<TableCache>,
    load: impl Future<Output = Result<Option<Row>>> + Send + 'static,
) -> Result<i64> {
    let found = process.get(&["a".into()], || load).await?;
    assert!(found.iter().all(|found| **found == row(found.int("n").unwrap_or_default())));
    Ok(found.map_or(-1, |row| row.int("n").unwrap_or_default()))
}

/// A database that answers when it is told to.
fn held_up() -> (oneshot::Sender<i64>, impl Future<Output = Result<Option<Row>>> + Send + 'static) {
    let (answer, answered) = oneshot::channel();
    (answer, async { Ok(answered.await.ok().map(row)) })
}

async fn write(process: &Arc<TableCache>) {
    process.marks.write(Some(vec!["a".into()])).done([]).await;
}

/// How many rows are shared.
async fn count(home: &Home) -> u64 {
    home.shared.stats().await.expect("counts").entries.expect("is known")
}

/// The puts in the background have happened.
async fn settle(home: &Home) {
    while count(home).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_row_is_read_once_and_a_write_of_any_process_makes_all_read_again() {
    let home = Home::new();
    let all = [home.alone(), home.alone(), home.alone()];
    for writer in &all {
        for process in &all {
            assert_eq!(read(process, 1).await, 1);
            assert_eq!(read(process, 99).await, 1);
        }
        write(writer).await;
        for process in &all {
            assert_eq!(read(process, 2).await, 2);
        }
        writer.marks.write_any().done([]).await;
    }
    let stats = all[0].stats();
    assert_eq!((stats.near_hits, stats.misses, stats.invalidations), (3, 6, 2));
}

#[tokio::test]
async fn that_there_is_no_record_is_kept_until_it_is_added() {
    let home = Home::new();
    for [reader, writer] in [[home.alone(), home.alone()], [home.sharing(), home.sharing()]] {
        assert_eq!(read(&reader, -1).await, -1);
        assert_eq!(read(&reader, 99).await, -1);
        write(&writer).await;
        assert_eq!(read(&reader, 1).await, 1);
        write(&writer).await;
    }
}

#[tokio::test]
async fn what_was_read_before_a_write_is_given_to_nobody_after_it() {
    let home = Home::new();
    for [reader, writer] in [[home.alone(), home.alone()], [home.sharing(), home.sharing()]] {
        let (answer, load) = held_up();
        let mut early = Box::pin(reads(&reader, load));
        assert!(poll_immediate(&mut early).await.is_none());
        write(&writer).await;
        // Comes while the old read is still under way, and must not wait for that.
        assert_eq!(read(&reader, 2).await, 2);
        answer.send(1).expect("is waited for");
        assert_eq!(early.await.expect("reads"), 1);
        assert_eq!(read(&reader, 2).await, 2);
        assert_eq!(read(&writer, 2).await, 2);
        write(&writer).await;
    }
}

#[tokio::test]
async fn a_write_that_is_dropped_or_fails_counts_as_one_that_happened() {
    let home = Home::new();
    for [reader, writer] in [[home.alone(), home.alone()], [home.sharing(), home.sharing()]] {
        let writing = writer.marks.write(Some(vec!["a".into()]));
        // Read and kept while the write is under way.
        assert_eq!(read(&reader, 1).await, 1);
        drop(writing);
        assert_eq!(read(&reader, 2).await, 2);
        write(&writer).await;
    }
}

#[tokio::test]
async fn a_write_that_happens_after_its_caller_was_told_nothing_is_seen_too() {
    let home = Home::new();
    for [reader, writer] in [[home.alone(), home.alone()], [home.sharing(), home.sharing()]] {
        for error in [None, Some(Error::new(crate::ErrorKind::Timeout, "no answer"))] {
            let writing = writer.marks.write(Some(vec!["a".into()]));
            match &error {
                None => drop(writing),
                Some(_) => writing.done(error.as_ref()).await,
            }
            // The database comes to it later.
            assert_eq!(read(&reader, 1).await, 1);
            while read(&reader, 2).await == 1 {
                tokio::task::yield_now().await;
            }
            write(&writer).await;
        }
    }
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_writes_leaves_no_row_from_before() {
    let home = Home::new();
    let [reader, writer] = [home.alone(), home.alone()];
    assert_eq!(read(&reader, 1).await, 1);
    std::mem::forget(writer.marks.write(Some(vec!["a".into()])));
    assert_eq!(read(&reader, 2).await, 2);
}

#[tokio::test]
async fn a_write_of_many_keys_makes_each_read_again() {
    let home = Home::new();
    let [reader, writer] = [home.alone(), home.alone()];
    for count in [2, 1000] {
        assert_eq!(read(&reader, 1).await, 1);
        let keys = (1..count).map(|n| n.to_string()).chain(["a".to_owned()]).collect();
        writer.marks.write(Some(keys)).done([]).await;
        assert_eq!(read(&reader, 2).await, 2);
        write(&writer).await;
    }
}

#[tokio::test]
async fn a_stampede_asks_the_database_once_and_those_who_leave_stop_nobody() {
    let home = Home::new();
    let process = home.sharing();
    let (answer, load) = held_up();
    let (mut load, key) = (Some(load), [Value::from("a")]);
    let mut readers: Vec<_> = (0..100)
        .map(|_| {
            let load = load.take();
            Box::pin(process.get(&key, move || async {
                match load {
                    Some(load) => load.await,
                    None => panic!("the database was asked again"),
                }
            }))
        })
        .collect();
    for reader in &mut readers {
        assert!(poll_immediate(reader).await.is_none());
    }
    drop(readers.drain(..50));
    answer.send(1).expect("is waited for");
    for found in join_all(readers).await {
        assert_eq!(found.expect("reads").as_deref(), Some(&row(1)));
    }
    let stats = process.stats();
    assert_eq!((stats.misses, stats.joined), (1, 50));
}

#[tokio::test]
async fn an_error_of_the_database_is_everybodys_and_is_not_kept() {
    let home = Home::new();
    let process = home.sharing();
    let refused = || async {
        tokio::task::yield_now().await;
        Err(Error::invalid("on purpose"))
    };
    let all = join_all((0..3).map(|_| reads(&process, refused()))).await;
    assert!(all.into_iter().all(|read| read.is_err_and(|e| e.message() == "on purpose")));
    assert_eq!(read(&process, 1).await, 1);
}

#[tokio::test]
async fn rows_are_found_by_processes_that_never_read_them() {
    let home = Home::new();
    let [a, b] = [home.sharing(), home.sharing()];
    assert_eq!(read(&a, 1).await, 1);
    settle(&home).await;
    assert_eq!(read(&b, 99).await, 1);
    assert_eq!(read(&b, 99).await, 1);
    let stats = b.stats();
    assert_eq!((stats.near_hits, stats.shared_hits, stats.misses), (1, 1, 0));
}

#[tokio::test]
async fn a_row_put_late_is_not_shared() {
    let home = Home::new();
    let stamps = home.stamps();
    let rows = HostRows { cache: home.shared.clone(), stamps: stamps.clone() };
    let scope = Scope { table: "t".into(), id: "t 1".into() };
    let lease = rows.get(&scope, "a").await.expect("looks").lease;
    write(&home.alone()).await;
    rows.put(&scope, "a", lease, vec![1], LONG).await.expect("puts");
    assert_eq!(count(&home).await, 0);
    // Also when the write comes between the look at the stamp and the message.
    let lease = rows.get(&scope, "a").await.expect("looks").lease;
    rows.put(&scope, "a", lease, vec![1], LONG).await.expect("puts");
    assert_eq!(rows.get(&scope, "a").await.expect("looks").bytes, Some(vec![1]));
    rows.forget(&scope, Some(&["a".into()])).await.expect("forgets");
    assert_eq!(rows.get(&scope, "a").await.expect("looks").bytes, None);
}

#[tokio::test]
async fn what_is_shared_is_good_for_what_is_left_of_its_time_and_only_if_it_is_a_row() {
    let home = Home::new();
    let process = home.sharing();
    let stamp = home.stamps().read(process.marks.place("a")).expect("a stamp").to_bytes();
    let damaged = [&pack(Some(&row(1)), LONG).expect("packs")[..12], b"??"].concat();
    for bytes in [pack(Some(&row(1)), Duration::ZERO).expect("packs"), damaged, vec![1, 2, 3], vec![]] {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let item = (name(&process.marks.scope, "a"), [&stamp[..], &bytes].concat());
        home.shared.put(vec![item], Some(LONG)).await.expect("puts");
        assert_eq!(process.unpack(&bytes), None);
    }
    assert_eq!(read(&process, 2).await, 2);
    let (_, left) = process.unpack(&pack(None, Duration::from_secs(10)).expect("packs")).expect("is good");
    assert!(left <= Duration::from_secs(10));
}

/// Rows shared with other machines, as a product far away would: it fails or hangs when told to.
#[derive(Debug, Default)]
struct Remote {
    rows: Mutex<Option<(u64, Vec<u8>)>>,
    version: AtomicI64,
    fails: AtomicBool,
    hangs: AtomicBool,
    calls: AtomicU32,
}

impl Remote {
    fn call<'a, T: Send + 'a>(
        &'a self,
        act: impl FnOnce(&mut Option<(u64, Vec<u8>)>) -> T,
    ) -> BoxFuture<'a, Result<T>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(ready(Err(Error::new(crate::ErrorKind::Unavailable, "far away"))));
        }
        Box::pin(ready(Ok(act(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner)))))
    }

    fn lease(&self) -> Lease {
        Lease(self.version.load(Ordering::SeqCst) as u64)
    }
}

impl SharedRows for Remote {
    fn get<'a>(&'a self, _: &'a Scope, _: &'a str) -> BoxFuture<'a, Result<Found>> {
        let lease = self.lease();
        self.call(move |row| {
            let bytes =
                row.as_ref().filter(|(version, _)| *version == lease.0).map(|(_, bytes)| bytes.clone());
            Found { bytes, lease }
        })
    }

    fn put<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a str,
        lease: Lease,
        bytes: Vec<u8>,
        _: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        self.call(move |row| *row = Some((lease.0, bytes)))
    }

    fn forget<'a>(&'a self, _: &'a Scope, _: Option<&'a [String]>) -> BoxFuture<'a, Result<()>> {
        self.call(|_| {
            self.version.fetch_add(1, Ordering::SeqCst);
        })
    }
}

fn far(remote: &Arc<Remote>) -> Arc<TableCache> {
    process(Arc::new(Stamps::in_memory()), Some(remote.clone()), LONG)
}

#[tokio::test]
async fn rows_shared_elsewhere_are_forgotten_before_a_write_is_over() {
    let remote = Arc::new(Remote::default());
    let [writer, other] = [far(&remote), far(&remote)];
    assert_eq!(read(&writer, 1).await, 1);
    while remote.rows.lock().expect("not poisoned").is_none() {
        tokio::task::yield_now().await;
    }
    let writing = writer.marks.write(Some(vec!["a".into()]));
    // The first look of a process whose home has seen no write.
    assert_eq!(read(&far(&remote), 99).await, 1);
    writing.done([]).await;
    assert_eq!(read(&other, 2).await, 2);
    assert_eq!(read(&writer, 2).await, 2);
}

#[tokio::test]
async fn rows_shared_elsewhere_are_forgotten_after_a_write_that_was_dropped() {
    let remote = Arc::new(Remote::default());
    let writer = far(&remote);
    assert_eq!(read(&writer, 1).await, 1);
    drop(writer.marks.write(Some(vec!["a".into()])));
    while remote.version.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&far(&remote), 2).await, 2);
}

#[tokio::test]
async fn a_shared_cache_that_fails_or_hangs_fails_no_read_and_no_write() {
    for hangs in [false, true] {
        let remote = Arc::new(Remote::default());
        let with_rest = |rest| {
            let shared = Shared::with_limits(remote.clone(), Duration::from_millis(10), rest);
            with_shared(Arc::new(Stamps::in_memory()), Some(shared), LONG)
        };
        let (patient, restless) = (with_rest(LONG), with_rest(Duration::ZERO));
        if hangs { &remote.hangs } else { &remote.fails }.store(true, Ordering::SeqCst);
        for (process, asked) in [(patient, 1), (restless, 3)] {
            let before = remote.calls.load(Ordering::SeqCst);
            for n in 0..3 {
                assert_eq!(read(&process, n).await, n);
                process.marks.renew_for_test();
            }
            assert_eq!(remote.calls.load(Ordering::SeqCst), before + asked);
            // A write tells it though it rests: it may be this process only that does not reach it.
            write(&process).await;
            assert_eq!(remote.calls.load(Ordering::SeqCst), before + asked + 1);
            assert_eq!(process.stats().shared_failures, u64::from(asked) + 1);
        }
    }
}

#[tokio::test]
async fn other_hosts_are_told_of_a_write_as_soon_as_the_cache_is_back() {
    let remote = Arc::new(Remote::default());
    let host = || with_shared(Arc::new(Stamps::in_memory()), Some(Shared::far(remote.clone())), LONG);
    let [writer, other] = [host(), host()];
    assert_eq!(read(&writer, 1).await, 1);
    while remote.rows.lock().expect("not poisoned").is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&other, 99).await, 1);
    remote.fails.store(true, Ordering::SeqCst);
    write(&writer).await;
    // What it has not told, the writer does not believe itself.
    remote.fails.store(false, Ordering::SeqCst);
    assert_eq!(read(&writer, 2).await, 2);
    for _ in 0..1000 {
        if read(&other, 2).await == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the other host is not told");
}

#[tokio::test]
async fn rows_of_very_many_bytes_are_kept_by_each_process_only() {
    let remote = Arc::new(Remote::default());
    let process = far(&remote);
    let large = Row::new().with("id", "a").with("t", "x".repeat(SHAREABLE));
    let load = large.clone();
    let found = process.get(&["a".into()], || async { Ok(Some(load)) }).await.expect("reads");
    assert_eq!(found.as_deref(), Some(&large));
    assert_eq!(
        process.get(&["a".into()], || async { Ok(None) }).await.expect("reads").as_deref(),
        Some(&large)
    );
    assert_eq!(remote.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_stamps_every_read_asks_the_database() {
    let home = Home::new();
    let process = home.alone();
    assert_eq!(read(&process, 1).await, 1);
    std::fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(home.folder.path().join("stamps"))
        .expect("cuts");
    assert_eq!(read(&process, 2).await, 2);
    assert_eq!(read(&process, 3).await, 3);
    assert_eq!(process.stats().bypassed, 2);
}

/// Whatever happens in whatever order: a read gives at least what the last answered write before it has stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_gives_what_is_older_than_an_answered_write() {
    let home = Arc::new(Home::new());
    let (stored, answered) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let tasks = (0..6).map(|n| {
        let (home, stored, answered) = (home.clone(), stored.clone(), answered.clone());
        let process = if n % 2 == 0 { home.sharing() } else { home.alone() };
        task::spawn("race", async move {
            for turn in 0..400 {
                if turn % 8 == n {
                    let writing = process.marks.write(Some(vec!["a".into()]));
                    tokio::task::yield_now().await;
                    let value = stored.fetch_add(1, Ordering::SeqCst) + 1;
                    tokio::task::yield_now().await;
                    writing.done([]).await;
                    answered.fetch_max(value, Ordering::SeqCst);
                } else {
                    let least = answered.load(Ordering::SeqCst);
                    let stored = stored.clone();
                    let load = async move {
                        tokio::task::yield_now().await;
                        let value = stored.load(Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Ok(Some(row(value)))
                    };
                    let got = reads(&process, load).await.expect("reads");
                    assert!(got >= least, "read {got} after {least} was answered");
                }
            }
        })
    });
    for ended in join_all(tasks).await {
        assert!(ended.expect("joins").is_some(), "a task saw what it must not");
    }
}
