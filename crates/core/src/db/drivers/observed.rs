//! What is seen of the calls of a driver, whatever the product: the log is told which take long, and calls of a pool
//! are counted and timed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Verb, Write};
use crate::metrics::{self, Counter, Gauge, Histogram};
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// The setting of every pool that says from which duration on a call is told, in milliseconds.
pub(super) const SETTING: &str = "slow";
/// What it is when nothing is said.
pub(super) const DEFAULT: Duration = Duration::from_secs(1);

/// A driver whose slow calls are logged, without values, or whose calls are counted.
pub(in crate::db) struct Observed {
    driver: Arc<dyn Driver>,
    watch: Watch,
}

enum Watch {
    /// From so long on a call is slow.
    Slow(Duration),
    Count(Box<Meters>),
}

/// What is counted of a pool.
struct Meters {
    pool: String,
    time: Histogram,
    in_progress: Gauge,
    failed: Counter,
    /// By operation, of which there are few.
    calls: Mutex<Vec<(&'static str, Counter)>>,
}

impl Meters {
    fn new(pool: &str) -> Self {
        metrics::install();
        metrics::describe_counter!("bkjs_db_calls_total", "Calls of a database, by pool and operation.");
        metrics::describe_counter!(
            "bkjs_db_errors_total",
            "Calls that a database did not carry out for want of it."
        );
        metrics::describe_histogram!("bkjs_db_call_duration_seconds", "How long calls of a database took.");
        metrics::describe_gauge!("bkjs_db_calls_in_progress", "Calls that a database has not answered yet.");
        let pool = pool.to_owned();
        Self {
            time: metrics::histogram!("bkjs_db_call_duration_seconds", "pool" => pool.clone()),
            in_progress: metrics::gauge!("bkjs_db_calls_in_progress", "pool" => pool.clone()),
            failed: metrics::counter!("bkjs_db_errors_total", "pool" => pool.clone()),
            calls: Mutex::default(),
            pool,
        }
    }

    fn count(&self, verb: &'static str, elapsed: Duration, failed: bool) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match calls.iter().find(|(known, _)| *known == verb) {
            Some((_, counter)) => counter.increment(1),
            None => {
                let labels = [("pool", self.pool.clone()), ("operation", verb.to_owned())];
                let counter = metrics::counter!("bkjs_db_calls_total", &labels);
                counter.increment(1);
                calls.push((verb, counter));
            }
        }
        drop(calls);
        self.time.record(elapsed.as_secs_f64());
        if failed {
            self.failed.increment(1);
        }
    }
}

/// A call in progress, also of a caller who goes away.
struct InProgress<'a>(&'a Gauge);

impl<'a> InProgress<'a> {
    fn begin(gauge: &'a Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// What came of a call.
trait Done {
    /// Whether the product failed, and not the request.
    fn has_failed(&self) -> bool;
}

impl<T> Done for Result<T> {
    fn has_failed(&self) -> bool {
        self.as_ref().err().map_or(0, Error::status) >= 500
    }
}

impl<T> Done for Vec<Result<T>> {
    fn has_failed(&self) -> bool {
        self.iter().any(Done::has_failed)
    }
}

impl Observed {
    /// The driver, its slow calls logged; as it is when the limit is zero.
    pub(super) fn wrap(driver: Arc<dyn Driver>, limit: Duration) -> Arc<dyn Driver> {
        if limit.is_zero() { driver } else { Arc::new(Self { driver, watch: Watch::Slow(limit) }) }
    }

    /// The driver of a pool, its calls counted.
    pub(in crate::db) fn count(driver: Arc<dyn Driver>, pool: &str) -> Arc<dyn Driver> {
        Arc::new(Self { driver, watch: Watch::Count(Box::new(Meters::new(pool))) })
    }

    fn watch<'a, T: Done + 'a>(
        &'a self,
        verb: &'static str,
        table: Option<Name>,
        call: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let begun = Instant::now();
            match &self.watch {
                Watch::Count(meters) => {
                    let _in_progress = InProgress::begin(&meters.in_progress);
                    let done = call.await;
                    meters.count(verb, begun.elapsed(), done.has_failed());
                    done
                }
                Watch::Slow(limit) => {
                    let done = call.await;
                    let elapsed = begun.elapsed();
                    if elapsed >= *limit {
                        let (driver, elapsed_ms) = (self.driver.name(), elapsed.as_millis() as u64);
                        let table = table.as_deref().unwrap_or_default();
                        tracing::warn!(driver, verb, table, elapsed_ms, "slow database call");
                    }
                    done
                }
            }
        })
    }
}

/// The table of writes that are about one.
fn only_table(writes: &[Write]) -> Option<Name> {
    let first = writes.first()?;
    writes.iter().all(|w| w.table.name == first.table.name).then(|| first.table.name.clone())
}

fn verb_of(write: &Write) -> &'static str {
    match write.verb {
        Verb::Add { .. } => "add",
        Verb::Put { .. } => "put",
        Verb::Update { .. } => "update",
        Verb::Del { .. } => "del",
        Verb::UpdateAll { .. } => "update_all",
        Verb::DelAll { .. } => "del_all",
    }
}

impl Driver for Observed {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    fn is_embedded(&self) -> bool {
        self.driver.is_embedded()
    }

    fn capabilities(&self) -> &Capabilities {
        self.driver.capabilities()
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        let table = get.table.name.clone();
        self.watch("get", Some(table), self.driver.get(get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        let name = table.name.clone();
        self.watch("list", Some(name), self.driver.list(table, keys, select))
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        let table = select.table.name.clone();
        self.watch("select", Some(table), self.driver.select(select))
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        let name = table.name.clone();
        self.watch("count", Some(name), self.driver.count(table, query))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        let (verb, table) = (verb_of(&write), write.table.name.clone());
        self.watch(verb, Some(table), self.driver.write(write))
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        let table = only_table(&writes);
        self.watch("batch", table, self.driver.batch(writes))
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        let table = only_table(&writes);
        self.watch("transact", table, self.driver.transact(writes))
    }

    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.watch("query", None, self.driver.query(text, values))
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.driver.plan(tables)
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.driver.create(tables)
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        self.driver.indexes(table)
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        self.driver.drop_table(table)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.driver.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::drivers::none::NoneDriver;
    use crate::schema::Column;

    fn logged(limit: Duration) -> String {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = text.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || Sink(sink.clone())).finish();
        let driver = Observed::wrap(Arc::new(NoneDriver::new()), limit);
        let table = Arc::new(Table::new("t").column(Column::text("id").primary()));
        let get = Get { table, key: vec!["secret".into()], filter: None, select: Vec::new() };
        tracing::subscriber::with_default(subscriber, || {
            let call = driver.get(get);
            tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("builds")
                .block_on(call)
                .expect("reads");
        });
        let text = text.lock().expect("not poisoned").clone();
        String::from_utf8(text).expect("text")
    }

    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_call_is_told_without_its_values() {
        let text = logged(Duration::from_nanos(1));
        assert!(text.contains(r#"driver="none" verb="get" table="t""#), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn a_fast_call_is_not_told() {
        assert_eq!(logged(Duration::from_secs(3600)), "");
        assert_eq!(logged(Duration::ZERO), "");
    }

    #[tokio::test]
    async fn calls_of_a_pool_are_counted() {
        let driver = Observed::count(Arc::new(NoneDriver::new()), "counted");
        let table = Arc::new(Table::new("t").column(Column::text("id").primary()));
        for _ in 0..3 {
            let get = Get { table: table.clone(), key: vec!["a".into()], filter: None, select: Vec::new() };
            driver.get(get).await.expect("reads");
        }
        let report = metrics::report("test", 0);
        assert_eq!(report.count("bkjs_db_calls_total", "pool", "counted"), 3);
        assert_eq!(report.distribution("bkjs_db_call_duration_seconds").count, 3);
        assert!((report.gauge("bkjs_db_calls_in_progress")).abs() < f64::EPSILON);
    }
}
