//! What the DynamoDB driver does about a service that is not there, goes away or does not answer.

#![cfg(feature = "dynamodb")]
#![allow(clippy::expect_used)] // a test that cannot listen cannot go on

use std::sync::Arc;

use bkjs_core::ErrorKind;
use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Driver as _, Get, Verb, Write};
use bkjs_core::db::drivers::dynamodb::{DynamoDbDriver, DynamoDbOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use tokio::net::{TcpListener, TcpSocket};

fn table() -> Arc<Table> {
    Arc::new(Table::new("things").column(Column::text("id").primary()).column(Column::counter("n")))
}

fn get() -> Get {
    Get { table: table(), key: vec!["a".into()], filter: None, select: Vec::new() }
}

fn add() -> Write {
    let verb = Verb::Add { row: Row::new().with("id", "a"), do_nothing: false };
    Write { table: table(), verb, returning: Returning::Nothing }
}

async fn service() -> (TcpListener, DynamoDbDriver) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, driver(port, 2000))
}

fn driver(port: u16, statement_timeout: u64) -> DynamoDbDriver {
    let options = DynamoDbOptions { statement_timeout, ..DynamoDbOptions::default() };
    DynamoDbDriver::new(options.at(&format!("http://127.0.0.1:{port}")).expect("fits"))
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    // The port stays taken, so that nobody else answers there, and refuses as long as nobody listens.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let driver = driver(taken.local_addr().expect("an address").port(), 30_000);
    assert_eq!(driver.get(get()).await.expect_err("fails").kind(), ErrorKind::Unavailable);
    let error = driver.write(add()).await.expect_err("fails");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.log_text().contains("may have been carried out"), "{error:?}");
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_is_not_sent_again_and_says_so() {
    let (listener, driver) = service().await;
    let accept = async {
        let (connection, _) = listener.accept().await.expect("a connection");
        connection.readable().await.expect("a request");
        drop(connection);
        listener.accept().await.map(drop)
    };
    let error = tokio::select! {
        done = driver.write(add()) => done.expect_err("fails"),
        _ = accept => panic!("the write was sent twice"),
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.log_text().contains("may have been carried out"), "{error:?}");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_given_up() {
    let (listener, driver) = service().await;
    let error = driver.write(add()).await.expect_err("fails");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.log_text().contains("may have been carried out"), "{error:?}");
    drop(listener);
}
