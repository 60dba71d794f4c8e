//! What reaches a driver: requests in normal form, and nothing that it cannot do.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use bkjs_core::db::driver::{
    Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Verb, Write,
};
use bkjs_core::db::drivers::none::NoneDriver;
use bkjs_core::db::{Action, Db, Op, Operation, Options, Query};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::{Name, Row, Value};
use bkjs_core::{ErrorKind, Result};

/// Notes every request and answers that there is nothing; it can do none of what a driver may lack.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

const POOR: Capabilities = Capabilities {
    transactions: true,
    transaction_limit: 2,
    regexp: false,
    case_insensitive: false,
    nested_paths: false,
    custom_columns: false,
    sort: false,
    unique: false,
    raw_query: false,
    ttl: false,
    nul_in_text: true,
};

impl Recorder {
    fn note(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note_write(&self, write: &Write) {
        let shows = |q: &Option<Query>| q.as_ref().map_or(String::new(), |q| format!(" if {}", show(q)));
        self.note(match &write.verb {
            Verb::Add { .. } => "add".into(),
            Verb::Put { .. } => "put".into(),
            Verb::Update { condition, insert, .. } => {
                format!("update{}{}", shows(condition), if insert.is_some() { " or insert" } else { "" })
            }
            Verb::Del { condition, .. } => format!("del{}", shows(condition)),
            Verb::UpdateAll { query, .. } => format!("update all {}", show(query)),
            Verb::DelAll { query } => format!("del all {}", show(query)),
        });
    }
}

/// A condition without its values, of which some are the time.
fn show(query: &Query) -> String {
    let conditions = query.conditions.iter().map(|c| format!("{} {:?}", c.column, c.op.unwrap_or(Op::None)));
    let groups = query.groups.iter().map(|g| format!("{:?}({})", g.kind, show(&g.query)));
    conditions.chain(groups).collect::<Vec<_>>().join(", ")
}

impl Driver for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn capabilities(&self) -> &Capabilities {
        &POOR
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        let filter = get.filter.as_ref().map_or(String::new(), |q| format!(" if {}", show(q)));
        self.note(format!("get{filter}"));
        Box::pin(ready(Ok(None)))
    }

    fn list(
        &self,
        _: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.note(format!("list {} {select:?}", keys.len()));
        Box::pin(ready(Ok(Vec::new())))
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        let sort: Vec<_> = select.sort.iter().map(|s| &*s.column).collect();
        self.note(format!("select {} by {sort:?} count {}", show(&select.query), select.count));
        Box::pin(ready(Ok(Vec::new())))
    }

    fn count(&self, _: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        self.note(format!("count {}", show(&query)));
        Box::pin(ready(Ok(0)))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        self.note_write(&write);
        Box::pin(ready(Ok(Affected::default())))
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        self.note("batch".into());
        writes.iter().for_each(|w| self.note_write(w));
        NoneDriver.batch(writes)
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        self.note("transact".into());
        writes.iter().for_each(|w| self.note_write(w));
        Box::pin(ready(Ok(vec![Affected::default(); writes.len()])))
    }

    fn query(&self, text: String, _: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.note(text);
        Box::pin(ready(Ok(Vec::new())))
    }

    fn plan(&self, _: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn create(&self, _: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn indexes(&self, _: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        self.note(format!("drop {}", table.name));
        Box::pin(ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

fn open() -> Result<(Db, Arc<Recorder>)> {
    let mut schema = SchemaBuilder::new();
    schema.add(Table::new("plain").column(Column::text("id").primary()).column(Column::int("n")));
    schema.add(
        Table::new("ends")
            .column(Column::text("id").primary())
            .column(Column::ttl("until"))
            .column(Column::text("must").not_empty())
            .column(Column::counter("n"))
            .column(Column::object("obj"))
            .custom("x[0-9]+", Column::counter("x")),
    );
    let recorder = Arc::new(Recorder::default());
    let db = Db::builder(Arc::new(schema.build())).pool("recorder", recorder.clone()).build()?;
    Ok((db, recorder))
}

fn row(id: &str) -> Row {
    Row::new().with("id", id).with("n", 1)
}

const LIVE: &str = "Or(until Null, until Gt)";

#[tokio::test]
async fn a_plain_get_has_no_condition() {
    let (db, seen) = open().expect("opens");
    let o = Options::new();
    db.get::<Row>("plain", "a", &o).await.expect("answers");
    db.get::<Row>("PLAIN", &row("a"), &o).await.expect("answers");
    assert_eq!(seen.take(), ["get", "get if n Eq"]);
}

#[tokio::test]
async fn records_that_expire_are_asked_for_alive_and_renewed() {
    let (db, seen) = open().expect("opens");
    let (o, must) = (Options::new(), || row("a").with("must", "x"));
    db.get::<Row>("ends", "a", &o).await.expect("answers");
    db.select::<Row>("ends", Query::new(), &o).await.expect("answers");
    db.list::<Row, _>("ends", ["a,b,", "a"], &o.clone().select(["n"])).await.expect("answers");
    assert_eq!(
        seen.take(),
        [
            format!("get if {LIVE}"),
            format!("select {LIVE} by [\"id\"] count 51"),
            "list 2 [\"n\", \"id\", \"until\"]".into(),
        ]
    );
    db.add("ends", must(), &o).await.expect("answers");
    db.update("ends", must(), &o).await.expect("answers");
    db.incr("ends", must(), &o).await.expect("answers");
    db.del("ends", "a", &o).await.expect("answers");
    assert_eq!(
        seen.take(),
        [
            "del if until Le".into(),
            "add".into(),
            format!("update if {LIVE}"),
            "del if until Le".into(),
            "update or insert".into(),
            format!("del if {LIVE}"),
        ]
    );
}

#[tokio::test]
async fn what_can_match_nothing_does_not_reach_the_driver() {
    let (db, seen) = open().expect("opens");
    let (o, never) = (Options::new(), || Query::new().op("n", Op::In, Value::List(vec![])));
    assert!(db.select::<Row>("plain", never(), &o).await.expect("answers").rows.is_empty());
    assert_eq!(db.del_all("plain", never(), &o).await.expect("answers").affected, 0);
    assert!(seen.take().is_empty());
    // An upsert must still be able to create the record.
    db.update("plain", row("a"), &Options { upsert: true, ..o.only_if(never()) }).await.expect("answers");
    assert_eq!(seen.take(), ["update if id Null or insert"]);
}

#[tokio::test]
async fn what_the_driver_cannot_do_is_refused_before_it_is_asked() {
    let (db, seen) = open().expect("opens");
    let o = Options::new();
    let queries = [
        Query::new().op("must", Op::Regexp, "a"),
        Query::new().op("must", Op::ILike, "a"),
        Query::new().eq("obj.a", 1),
    ];
    for query in queries {
        let error = db.select::<Row>("ends", query, &o).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let sorted = db.select::<Row>("plain", Query::new(), &Options::new().sort("n")).await;
    let custom = db.incr("ends", row("a").with("x1", 1), &o).await;
    let many = db.transact(vec![Operation::new(Action::Del, "plain", row("a")); 3], &o).await;
    let raw = db.query("anything", vec![], &o).await;
    let errors = [sorted.err(), custom.err(), many.err(), raw.err()];
    assert!(
        errors.iter().all(|e| e.as_ref().map(|e| e.kind()) == Some(ErrorKind::Unsupported)),
        "{errors:?}"
    );
    assert!(seen.take().is_empty());
}

#[tokio::test]
async fn a_whole_table_is_written_only_on_purpose() {
    let (db, seen) = open().expect("opens");
    let all = Query::new().op("n", Op::NotIn, Value::List(vec![]));
    for query in [Query::new(), all] {
        let error = db.del_all("plain", query, &Options::new()).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    let whole = Options { whole_table: true, ..Options::new() };
    db.del_all("plain", Query::new(), &whole).await.expect("answers");
    assert_eq!(seen.take(), ["del all "]);
}

#[tokio::test]
async fn a_record_that_cannot_be_created_may_still_be_changed() {
    let (db, seen) = open().expect("opens");
    // The recorder says that no record was there, so why none was created is the answer.
    let error = db.incr("ends", row("a"), &Options::new()).await.expect_err("nothing was there");
    assert_eq!((error.kind(), error.message()), (ErrorKind::ValidationFailed, "must must not be empty"));
    assert_eq!(seen.take(), ["del if until Le", "update"]);
}

#[tokio::test]
async fn a_batch_is_handed_over_in_runs_of_writes() {
    let (db, seen) = open().expect("opens");
    let op = |action| Operation::new(action, "plain", Row::new().with("id", "a"));
    let unknown = Operation::new(Action::Put, "unknown", row("a"));
    let all = vec![op(Action::Put), unknown, op(Action::Incr), op(Action::Get), op(Action::Del)];
    let outcomes = db.batch(all, &Options::new()).await.expect("answers");
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true, true]);
    assert_eq!(seen.take(), ["batch", "put", "update or insert", "get", "batch", "del"]);
}
