//! Tells the log which calls of a driver take long, whatever the product.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Result;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Verb, Write};
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// The setting of every pool that says from which duration on a call is told, in milliseconds.
pub(super) const SETTING: &str = "slow";
/// What it is when nothing is said.
pub(super) const DEFAULT: Duration = Duration::from_secs(1);

/// A driver whose slow calls are logged, without values.
pub(super) struct Observed {
    driver: Arc<dyn Driver>,
    limit: Duration,
}

impl Observed {
    /// The driver, watched; as it is when the limit is zero.
    pub(super) fn wrap(driver: Arc<dyn Driver>, limit: Duration) -> Arc<dyn Driver> {
        if limit.is_zero() { driver } else { Arc::new(Self { driver, limit }) }
    }

    fn watch<'a, T: 'a>(
        &'a self,
        verb: &'static str,
        table: Option<Name>,
        call: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let begun = Instant::now();
            let done = call.await;
            let elapsed = begun.elapsed();
            if elapsed >= self.limit {
                let (driver, elapsed_ms) = (self.driver.name(), elapsed.as_millis() as u64);
                let table = table.as_deref().unwrap_or_default();
                tracing::warn!(driver, verb, table, elapsed_ms, "slow database call");
            }
            done
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
    use std::sync::Mutex;

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
}
