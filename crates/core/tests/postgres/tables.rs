//! Tables that others made, and changes of tables that are in use.

use std::sync::Arc;

use bkjs_core::db::driver::Driver;
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};

use crate::server::{driver, get, put};

#[tokio::test]
async fn types_that_others_chose_are_read_as_what_they_are() {
    let Some(server) = driver(|_| ()) else { return };
    let rows = server
        .raw(
            "SELECT 1::int2 AS a, 2::int4 AS b, 3::numeric AS c, 1.50::numeric AS d, 'x'::varchar AS e, \
              '2024-01-02T03:04:05.678Z'::timestamptz AS f, '1969-12-31'::date AS g, sum(n) AS h, NULL AS i, \
              '{\"b\": 1, \"a\": [true]}'::jsonb AS j, 0.5::float4 AS k FROM (VALUES (1::int8), (2)) AS v(n)",
        )
        .await;
    let expected = Row::new()
        .with("a", 1)
        .with("b", 2)
        .with("c", 3)
        .with("d", "1.5")
        .with("e", "x")
        .with("f", 1_704_164_645_678_i64)
        .with("g", -86_400_000)
        .with("h", 3)
        .with("i", Value::Null)
        .with("j", Row::new().with("a", vec![Value::Bool(true)]).with("b", 1))
        .with("k", 0.5);
    assert_eq!(rows, [expected]);
    server.end().await;
}

#[tokio::test]
async fn another_type_in_the_database_is_reported_and_left() {
    let Some(server) = driver(|_| ()) else { return };
    let first = Arc::new(Table::new("t").column(Column::text("id").primary()).column(Column::int("num")));
    assert_eq!(server.create(&first).await, ["table t created"]);
    let second = Arc::new(
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::text("num"))
            .column(Column::real("more").index()),
    );
    assert_eq!(
        server.create(&second).await,
        [
            "table t column num is bigint in the database and text in its description: left as it is",
            "table t column more added",
            "table t index t_more_index created",
        ]
    );
    assert_eq!(server.driver.indexes(second).await.expect("listed"), ["t_more_index"]);
    server.end().await;
}

#[tokio::test]
async fn statements_survive_that_their_table_is_made_anew() {
    let Some(server) = driver(|_| ()) else { return };
    let table = Arc::new(Table::new("t").column(Column::text("id").primary()).column(Column::int("num")));
    for _ in 0..3 {
        server.create(&table).await;
        put(&server.driver, &table, Row::new().with("id", "x").with("num", 1)).await.expect("stored");
        assert_eq!(
            get(&server.driver, &table, "x").await.expect("read").map(|r| r.int("num")),
            Some(Some(1))
        );
        server.driver.drop_table(table.clone()).await.expect("dropped");
        server.raw("CREATE TABLE t (id varchar PRIMARY KEY, num integer)").await;
        put(&server.driver, &table, Row::new().with("id", "x").with("num", 2)).await.expect("stored");
        assert_eq!(
            get(&server.driver, &table, "x").await.expect("read").map(|r| r.int("num")),
            Some(Some(2))
        );
        server.driver.drop_table(table.clone()).await.expect("dropped");
    }
    server.end().await;
}

#[tokio::test]
async fn statements_that_would_change_the_connection_are_refused() {
    let Some(server) = driver(|_| ()) else { return };
    for text in [
        "BEGIN",
        "set statement_timeout = 0",
        "/* x */ COPY t TO '/tmp/x'",
        "select 1; select 2",
        "",
        "nonsense",
    ] {
        let error = server.driver.query(text.into(), Vec::new()).await.expect_err(text);
        assert_eq!(error.status(), 400, "{text}: {error:?}");
    }
    server.end().await;
}
