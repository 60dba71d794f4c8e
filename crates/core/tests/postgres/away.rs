//! Servers that are not there, and calls that take too long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bkjs_core::ErrorKind;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::postgres::{PostgresDriver, PostgresOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::server::{driver, get, put};

fn table() -> Arc<Table> {
    Arc::new(Table::new("away").column(Column::text("id").primary()).column(Column::int("num")))
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_within_the_connect_timeout() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
        listener.local_addr().expect("has an address").port()
    };
    let url = format!("postgres://u:hidden@127.0.0.1:{port}/d?connect_timeout=300");
    let driver = PostgresDriver::new(&PostgresOptions::url(&url).expect("a url")).expect("needs no server");
    let error = get(&driver, &table(), "x").await.expect_err("is not there");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("hidden"));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let port = listener.local_addr().expect("has an address").port();
    let url = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=300");
    let driver = PostgresDriver::new(&PostgresOptions::url(&url).expect("a url")).expect("needs no server");
    assert_eq!(get(&driver, &table(), "x").await.expect_err("silent").kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn connections_that_were_ended_are_replaced_without_a_failed_read() {
    let Some(server) = driver(|limits| limits.max = 4) else { return };
    let table = table();
    server.create(&table).await;
    put(&server.driver, &table, Row::new().with("id", "x")).await.expect("stored");
    for _ in 0..3 {
        let others = driver(|_| ()).expect("there is a server");
        // All but the one that asks; those of other tests are told apart by their search path.
        others
            .raw("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%\"away\"%' AND pid <> pg_backend_pid()")
            .await;
        let row = get(&server.driver, &table, "x").await.expect("reads again");
        assert!(row.is_some());
        others.driver.close().await;
    }
    server.end().await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let Some(server) = driver(|limits| limits.statement_timeout = 100) else { return };
    let slow = server.driver.query("SELECT pg_sleep(20)".into(), Vec::new()).await;
    assert_eq!(slow.expect_err("is ended").kind(), ErrorKind::Timeout);
    assert_eq!(server.raw("SELECT 1 AS n").await[0].int("n"), Some(1));
    server.end().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_no_connection_in_the_middle_of_something() {
    let Some(server) = driver(|limits| limits.max = 1) else { return };
    for n in 0..20 {
        let call = server.driver.query("SELECT pg_sleep(0.05), 7 AS n".into(), Vec::new());
        let _ = tokio::time::timeout(Duration::from_millis(n % 7), call).await;
        assert_eq!(server.raw("SELECT 1 AS n").await[0].int("n"), Some(1));
    }
    server.end().await;
}

#[tokio::test]
async fn who_finds_no_connection_in_time_is_told_so() {
    let Some(server) = driver(|limits| (limits.max, limits.connect_timeout) = (1, 100)) else { return };
    server.raw("SELECT 1").await;
    let begun = Instant::now();
    let slow = server.driver.query("SELECT pg_sleep(2)".into(), Vec::new());
    let late = async {
        tokio::task::yield_now().await;
        server.driver.query("SELECT 1".into(), Vec::new()).await
    };
    let (slow, late) = tokio::join!(slow, late);
    assert!(slow.is_ok(), "after {:?}: {slow:?}", begun.elapsed());
    assert_eq!(late.expect_err("there is none").kind(), ErrorKind::OverCapacity);
    server.end().await;
}
