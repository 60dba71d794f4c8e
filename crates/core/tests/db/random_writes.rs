//! Random writes: the store holds what a map in memory holds after the same writes, and so does a process that keeps
//! rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bkjs_core::db::{Action, Db, DbBuilder, Operation, Options, Outcome, Query, Stamps};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};
use bkjs_core::{ErrorKind, Result};
use proptest::prelude::*;

use crate::backend::Bench;
use crate::check::*;
use crate::random::run;
use crate::trial::trials;

trials! {
    writes_one_by_one_leave_what_they_say,
    batches_leave_what_their_writes_say,
    transactions_leave_what_their_writes_say_or_nothing if transactions,
}

const MODEL: &str = "model";
const LONG: Duration = Duration::from_secs(3_600);

fn table() -> Table {
    Table::new(MODEL)
        .column(Column::text("id").primary())
        .column(Column::counter("n"))
        .column(Column::text("t").index())
        .column(Column::text("d").value("dflt"))
}

/// How writes reach the store.
#[derive(Clone, Copy)]
enum Way {
    OneByOne,
    Batch,
    Transaction,
}

async fn writes_one_by_one_leave_what_they_say(bench: Bench) -> Checked {
    try_writes(&bench, Way::OneByOne).await
}

async fn batches_leave_what_their_writes_say(bench: Bench) -> Checked {
    try_writes(&bench, Way::Batch).await
}

async fn transactions_leave_what_their_writes_say_or_nothing(bench: Bench) -> Checked {
    try_writes(&bench, Way::Transaction).await
}

async fn try_writes(bench: &Bench, way: Way) -> Checked {
    let stamps = Arc::new(Stamps::open(&bench.places().first.folder().join("stamps"))?);
    let keeping = |builder: DbBuilder| builder.stamps(stamps.clone()).cache([MODEL], LONG);
    let db = bench.open_with([table()], keeping).await?;
    let keeper = bench.open_with([table()], keeping).await?;
    let groups = prop::collection::vec(prop::collection::vec(operation(), 1..6), 1..6);
    run(60, groups, async |groups| {
        let whole = Options { whole_table: true, ..Options::new() };
        db.del_all(MODEL, Query::new(), &whole).await?;
        let mut model = Model::default();
        for operations in groups {
            model = step(&db, model, way, operations).await?;
            reads_through_the_cache(&keeper, &model).await?;
        }
        Ok(())
    })
}

/// What another process keeps is what the model holds.
async fn reads_through_the_cache(keeper: &Db, model: &Model) -> Checked {
    for id in ["a", "b", "A"] {
        let row: Option<Row> = keeper.get_cached(MODEL, id, &USUAL).await?;
        match model.0.get(id) {
            Some(expected) => has(row.as_ref(), expected)?,
            None => equal(row, None)?,
        }
    }
    Ok(())
}

/// Applies a group of writes to the store and to the model, and compares results and contents.
async fn step(db: &Db, before: Model, way: Way, operations: Vec<Operation>) -> Checked<Model> {
    let mut model = before.clone();
    let expected: Vec<Told> = operations.iter().map(|o| model.apply(o)).collect();
    let shown = format!("{operations:?}");
    let got: Vec<Told> = match way {
        Way::OneByOne => {
            let mut got = Vec::new();
            for operation in operations {
                got.push(one(db, operation).await);
            }
            got
        }
        Way::Batch => db.batch(operations, &USUAL).await?.into_iter().map(told).collect(),
        Way::Transaction => {
            // An update or a conditional delete that meets nothing fails a transaction.
            let unmet = |(operation, told): (&Operation, &Told)| match told {
                Ok(0) if operation.action == Action::Update || operation.options.condition.is_some() => {
                    Some(ErrorKind::ConditionFailed)
                }
                Ok(_) => None,
                Err(kind) => Some(*kind),
            };
            let failure = operations.iter().zip(&expected).find_map(unmet);
            match (db.transact(operations, &USUAL).await, failure) {
                (Err(error), Some(kind)) if error.kind() == kind => {
                    model = before;
                    expected.clone()
                }
                (Ok(written), None) => written.into_iter().map(|w| Ok(w.affected)).collect(),
                (got, failure) => {
                    return Err(Problem::new(format!("got {got:?}, expected {failure:?}, for {shown}")));
                }
            }
        }
    };
    holds_that(got == expected, || format!("got {got:?}, expected {expected:?}, for {shown}"))?;
    let rows = db.select::<Row>(MODEL, Query::new(), &USUAL).await?.rows;
    let stored: BTreeMap<String, Row> = rows.into_iter().map(|r| (r.text("id").to_owned(), r)).collect();
    let same = stored.len() == model.0.len()
        && model.0.iter().all(|(id, row)| stored.get(id).is_some_and(|got| has(Some(got), row).is_ok()));
    holds_that(same, || format!("holds {stored:?}, expected {:?}, after {shown}", model.0))?;
    Ok(model)
}

/// The records affected, or the kind of the error.
type Told = Result<u64, ErrorKind>;

fn told(result: Result<Outcome>) -> Told {
    match result {
        Ok(Outcome::Written(written)) => Ok(written.affected),
        Ok(Outcome::Row(_)) => Ok(0),
        Err(error) => Err(error.kind()),
    }
}

async fn one(db: &Db, operation: Operation) -> Told {
    let Operation { action, record, options, .. } = operation;
    let result = match action {
        Action::Add => db.add(MODEL, record, &options).await,
        Action::Put => db.put(MODEL, record, &options).await,
        Action::Update => db.update(MODEL, record, &options).await,
        Action::Incr => db.incr(MODEL, record, &options).await,
        Action::Del | Action::Get => db.del(MODEL, record, &options).await,
    };
    told(result.map(Outcome::Written))
}

/// What the store should hold, by id.
#[derive(Clone, Default)]
struct Model(BTreeMap<String, Row>);

impl Model {
    fn apply(&mut self, operation: &Operation) -> Told {
        let Operation { action, record, options, .. } = operation;
        let id = record.text("id").to_owned();
        let wanted = options.condition.as_ref().map(|query| query.conditions[0].value.clone());
        let holds = |row: &Row| wanted.as_ref().is_none_or(|n| row.get("n") == Some(n));
        let fresh = || row! { n: 0, t: NULL, d: "dflt" };
        let known = self.0.get(&id);
        let next = match (action, known) {
            (Action::Add, Some(_)) if options.do_nothing => return Ok(0),
            (Action::Add, Some(_)) => return Err(ErrorKind::AlreadyExists),
            (Action::Add | Action::Put, None) => set(fresh(), record),
            (Action::Put, Some(row)) => set(row.clone(), record),
            (Action::Update, Some(row)) if holds(row) => set(row.clone(), record),
            (Action::Update, None) if options.upsert => set(fresh(), record),
            (Action::Incr, known) => {
                let row = known.cloned().unwrap_or_else(fresh);
                let by = record.int("n").unwrap_or(0);
                let Some(sum) = row.int("n").unwrap_or(0).checked_add(by) else {
                    return Err(ErrorKind::Invalid);
                };
                set(row, &record.clone().with("n", sum))
            }
            (Action::Del, Some(row)) if holds(row) => {
                self.0.remove(&id);
                return Ok(1);
            }
            _ => return Ok(0),
        };
        self.0.insert(id, next);
        Ok(1)
    }
}

/// The row with the columns of the record in place.
fn set(row: Row, record: &Row) -> Row {
    record.iter().fold(row, |row, (name, value)| row.with(name.clone(), value.clone()))
}

fn operation() -> impl Strategy<Value = Operation> {
    let id = prop::sample::select(vec!["a", "b", "A"]);
    let n =
        prop_oneof![6 => (-1..3_i64).prop_map(Value::Int), 1 => Just(Value::Int(i64::MAX)), 1 => Just(NULL)];
    let text = prop::option::of(prop::sample::select(vec!["", "x", "'"])).prop_map(Value::from);
    let actions = vec![Action::Add, Action::Put, Action::Update, Action::Incr, Action::Del];
    let columns = (prop::option::of(n), text.clone(), prop::option::of(text));
    let settings = (any::<bool>(), prop::option::weighted(0.3, -1..3_i64));
    (prop::sample::select(actions), id, columns, settings).prop_map(
        |(action, id, (n, t, d), (flag, only_if))| {
            let mut operation = Operation::new(action, MODEL, row! { id: id });
            let conditional = matches!(action, Action::Del) || (action == Action::Update && !flag);
            operation.options.condition = only_if.filter(|_| conditional).map(|n| Query::new().eq("n", n));
            operation.options.do_nothing = flag && action == Action::Add;
            operation.options.upsert = flag && action == Action::Update;
            if action == Action::Del {
                return operation;
            }
            let record = &mut operation.record;
            record.set("t", t);
            if let Some(d) = d {
                record.set("d", d);
            }
            match n {
                Some(n) if action == Action::Incr => record.set("n", if n.is_null() { 1.into() } else { n }),
                None if action == Action::Incr => record.set("n", 1),
                Some(n) => record.set("n", n),
                None => None,
            };
            operation
        },
    )
}
