//! Pools without transactions, and writes that fail half way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bkjs_accounts::{Accounts, By};
use bkjs_api::{AccountEvent, ApiOptions, Options};
use bkjs_core::db::Query;
use bkjs_core::db::driver::{
    Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Verb, Write,
};
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::schema::Table;
use bkjs_core::value::{Name, Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use tempfile::TempDir;

use crate::bench::setup;

/// SQLite without transactions, whose writes into `bk_account` fail on demand.
struct Faulty {
    inner: SqliteDriver,
    capabilities: Capabilities,
    fails: AtomicBool,
}

impl Driver for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        self.inner.get(get)
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.inner.list(table, keys, select)
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.inner.select(select)
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        self.inner.count(table, query)
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        let changes = matches!(write.verb, Verb::Add { .. } | Verb::Update { .. } | Verb::Del { .. });
        if changes && &*write.table.name == "bk_account" && self.fails.load(Ordering::SeqCst) {
            return Box::pin(async { Err(Error::new(ErrorKind::Unavailable, "the disk is gone")) });
        }
        self.inner.write(write)
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        self.inner.batch(writes)
    }

    fn transact(&self, _: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(async { Err(Error::internal("asked for a transaction in spite of the capabilities")) })
    }

    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.inner.query(text, values)
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.inner.plan(tables)
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.inner.create(tables)
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        self.inner.indexes(table)
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        self.inner.drop_table(table)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

struct Bench {
    accounts: Accounts,
    driver: Arc<Faulty>,
    told: Arc<Mutex<Vec<AccountEvent>>>,
    _home: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let inner = SqliteDriver::open(&SqliteOptions::file(home.path().join("db"))).expect("a database");
        let capabilities = Capabilities { transactions: false, ..*inner.capabilities() };
        let driver = Arc::new(Faulty { inner, capabilities, fails: AtomicBool::new(false) });
        let mut setup = setup();
        let told = Arc::new(Mutex::new(Vec::new()));
        let note = told.clone();
        setup.account_hook(move |_, event, _| {
            note.lock().expect("no panic").push(event);
            Box::pin(async { Ok(()) })
        });
        let db = setup.db_builder().pool("faulty", driver.clone()).build().expect("builds");
        db.create_tables().await.expect("tables");
        let service = setup.build(db, ApiOptions::default()).expect("builds");
        Self { accounts: Accounts::of(service.api()), driver, told, _home: home }
    }

    fn fail(&self, fails: bool) {
        self.driver.fails.store(fails, Ordering::SeqCst);
    }

    async fn add(&self, login: &str) -> Result<Row> {
        let input = Row::new().with("login", login).with("secret", "s").with("name", login);
        self.accounts.add(input, By::Owner).await
    }
}

#[tokio::test]
async fn without_transactions_accounts_are_added_changed_and_removed() {
    let bench = Bench::start().await;
    let accounts = &bench.accounts;
    let row = bench.add("ann").await.unwrap();
    assert_eq!(bench.add("ann").await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let changed =
        accounts.update(&row, Row::new().with("name", "Ann").with("city", "Rome"), By::Owner).await.unwrap();
    assert_eq!((changed.text("name"), changed.text("city")), ("Ann", "Rome"));
    assert_eq!(accounts.by_login("ann").await.unwrap().expect("ann").text("name"), "Ann");
    accounts.del(&row).await.unwrap();
    assert!(accounts.by_login("ann").await.unwrap().is_none());
    let events = [AccountEvent::Added, AccountEvent::Updated, AccountEvent::Deleted];
    assert_eq!(*bench.told.lock().expect("no panic"), events);
}

#[tokio::test]
async fn a_registration_whose_profile_fails_is_taken_back_untold() {
    let bench = Bench::start().await;
    bench.fail(true);
    assert_eq!(bench.add("ann").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(bench.accounts.by_login("ann").await.unwrap().is_none());
    assert!(bench.told.lock().expect("no panic").is_empty());
    bench.fail(false);
    bench.add("ann").await.unwrap();
}

#[tokio::test]
async fn a_registration_whose_profile_breaks_a_rule_leaves_nothing() {
    let bench = Bench::start().await;
    let input = Row::new().with("login", "ann").with("secret", "s").with("name", "x".repeat(200));
    assert_eq!(bench.accounts.add(input, By::Owner).await.unwrap_err().status(), 400);
    assert!(bench.accounts.by_login("ann").await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_that_fails_changes_neither_record() {
    let bench = Bench::start().await;
    let row = bench.add("ann").await.unwrap();
    bench.fail(true);
    assert!(bench.accounts.update(&row, Row::new().with("name", "Ann"), By::Owner).await.is_err());
    assert_eq!(bench.accounts.by_login("ann").await.unwrap().expect("ann").text("name"), "ann");
}

#[tokio::test]
async fn a_removal_that_fails_half_way_leaves_no_way_in_and_can_be_completed() {
    let bench = Bench::start().await;
    let accounts = &bench.accounts;
    let row = bench.add("ann").await.unwrap();
    bench.fail(true);
    assert!(accounts.del(&row).await.is_err());
    assert!(accounts.by_login("ann").await.unwrap().is_none(), "no way in");
    bench.fail(false);
    let left = accounts.half_removed(row.text("id")).await.unwrap().expect("the profile");
    accounts.del(&left).await.unwrap();
    assert!(accounts.half_removed(row.text("id")).await.unwrap().is_none());
    let events = [AccountEvent::Added, AccountEvent::Deleted, AccountEvent::Deleted];
    assert_eq!(*bench.told.lock().expect("no panic"), events);
}

#[tokio::test]
async fn an_old_hold_on_an_account_does_not_touch_the_one_that_has_its_login_now() {
    let bench = Bench::start().await;
    let accounts = &bench.accounts;
    let old = bench.add("ann").await.unwrap();
    accounts.del(&old).await.unwrap();
    let new = bench.add("ann").await.unwrap();
    let change = || Row::new().with("name", "Old").with("secret", "taken");
    assert_eq!(accounts.update(&old, change(), By::Owner).await.unwrap_err().status(), 404);
    assert_eq!(accounts.put_secret(&old, change()).await.unwrap_err().status(), 404);
    accounts.del(&old).await.unwrap();
    let now = accounts.by_login("ann").await.unwrap().expect("ann");
    assert_eq!((now.text("id"), now.text("name"), now.text("secret")), (new.text("id"), "ann", "s"));
    let profile = accounts.list(vec![old.text("id").into()], Options::new()).await.unwrap();
    assert!(profile.is_empty());
}
