//! Writes at the same time.

use std::sync::Arc;

use bkjs_core::db::driver::{Change, Driver, Verb};
use bkjs_core::db::{Op, Returning};
use bkjs_core::schema::{Column, Table};
use bkjs_core::task::spawn;
use bkjs_core::value::Row;

use crate::server::{driver, get, put, write};

fn table() -> Arc<Table> {
    Arc::new(Table::new("w").column(Column::text("id").primary()).column(Column::int("num")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_upserts_at_once_each_sees_the_row_of_another_or_none() {
    let Some(server) = driver(|_| ()) else { return };
    let table = table();
    server.create(&table).await;
    for round in 0..5 {
        let id = format!("r{round}");
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let (driver, table, id) = (server.driver.clone(), table.clone(), id.clone());
                spawn("upsert", async move {
                    let verb =
                        Verb::Put { row: Row::new().with("id", id).with("num", n), defaults: Row::new() };
                    driver.write(write(&table, verb, Returning::Old)).await
                })
            })
            .collect();
        let mut seen = Vec::new();
        for task in tasks {
            let done = task.await.expect("joins").expect("lives").expect("writes");
            assert_eq!(done.count, 1);
            seen.push(done.row.and_then(|row| row.int("num")));
        }
        let last = get(&server.driver, &table, &id).await.expect("reads").and_then(|row| row.int("num"));
        // Each value was replaced once, but the last one, which stayed; and one found nothing.
        seen.push(last);
        seen.sort_unstable();
        let expected: Vec<_> = std::iter::once(None).chain((0..8).map(Some)).collect();
        assert_eq!(seen, expected);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_wait_for_each_other_are_all_applied() {
    let Some(server) = driver(|_| ()) else { return };
    let table = table();
    server.create(&table).await;
    for id in ["a", "b"] {
        put(&server.driver, &table, Row::new().with("id", id).with("num", 0)).await.expect("stored");
    }
    let incr = |id: &str| {
        let changes = vec![Change { column: "num".into(), op: Op::Incr, value: 1.into() }];
        let verb = Verb::Update { key: vec![id.into()], changes, condition: None, insert: None };
        write(&table, verb, Returning::Nothing)
    };
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let ids = if n % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
            let (driver, writes) = (server.driver.clone(), ids.map(incr).to_vec());
            spawn("transact", async move { driver.transact(writes).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("joins").expect("lives").expect("applied");
    }
    for id in ["a", "b"] {
        let row = get(&server.driver, &table, id).await.expect("reads").expect("is there");
        assert_eq!(row.int("num"), Some(40));
    }
    server.end().await;
}
