//! Calls of the database can be awaited by tasks that move between threads, as handlers of requests are.

use std::ops::ControlFlow;
use std::sync::Arc;

use bkjs_core::db::{Action, Db, Operation, Options, Query};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::{Row, Value};

fn assert_send<T: Send>(future: T) -> T {
    future
}

fn db() -> bkjs_core::Result<Db> {
    let mut schema = SchemaBuilder::new();
    schema.add(Table::new("t").column(Column::text("id").primary()).column(Column::int("n")));
    Db::builder(Arc::new(schema.build())).build()
}

#[tokio::test]
async fn every_call_is_send_and_the_pool_none_answers_all() {
    let (db, o) = (db().expect("builds"), Options::new());
    let row = || Row::new().with("id", "a").with("n", 1);
    assert_eq!(assert_send(db.get::<Row>("t", "a", &o)).await.expect("answers"), None);
    assert_eq!(
        assert_send(db.get_cached::<serde_json::Value>("t", &row(), &o)).await.expect("answers"),
        None
    );
    assert!(assert_send(db.list::<Row, _>("t", ["a", "b"], &o)).await.expect("answers").is_empty());
    assert!(assert_send(db.select::<Row>("t", Query::new(), &o)).await.expect("answers").rows.is_empty());
    assert_eq!(assert_send(db.add("t", row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.put("t", &row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.update("t", row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.incr("t", row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.replace("t", row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.del("t", "a", &o)).await.expect("answers").affected, 0);
    let query = || Query::new().eq("n", 1);
    assert_eq!(assert_send(db.update_all("t", query(), row(), &o)).await.expect("answers").affected, 0);
    assert_eq!(assert_send(db.del_all("t", query(), &o)).await.expect("answers").affected, 0);
    let operations = || vec![Operation::new(Action::Put, "t", row())];
    assert_eq!(assert_send(db.batch(operations(), &o)).await.expect("answers").len(), 1);
    assert_eq!(assert_send(db.transact(operations(), &o)).await.expect("answers").len(), 1);
    assert!(assert_send(db.query("select 1", vec![Value::Null], &o)).await.expect("answers").is_empty());
    assert!(assert_send(db.plan_tables()).await.expect("answers").is_empty());
    assert!(assert_send(db.create_tables()).await.expect("answers").is_empty());
    assert_send(db.drop_table("t", &o)).await.expect("answers");
}

#[tokio::test]
async fn a_scan_by_batches_moves_to_another_task() {
    let db = db().expect("builds");
    let scan = bkjs_core::task::spawn("scan", async move {
        let mut batches = db.batches::<Row>("t", Query::new(), &Options::new())?;
        while let Some(rows) = batches.next().await? {
            for row in &rows {
                db.del("t", row, &Options::new()).await?;
            }
        }
        Ok::<_, bkjs_core::Error>(batches.delivered())
    });
    assert_eq!(scan.await.expect("joins").expect("no panic").expect("answers"), 0);
}

#[tokio::test]
async fn a_scan_with_a_callback_lends_what_the_callback_captured() {
    let mut seen = 0;
    let count = async |rows: Vec<Row>| {
        seen += rows.len();
        Ok(ControlFlow::Continue(()))
    };
    let db = db().expect("builds");
    assert_eq!(db.scan("t", Query::new(), &Options::new(), count).await.expect("answers"), 0);
    assert_eq!(seen, 0);
}
