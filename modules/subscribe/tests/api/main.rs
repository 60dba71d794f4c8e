//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod ends;
mod list;
mod socket;
mod stream;

use std::time::Duration;

use bkjs_api::testing::{Answer, SECRET, TestServer, book};
use bkjs_api::{ApiOptions, ServeOptions, Setup};
use bkjs_core::task;
use bkjs_core::value::Row;
use bkjs_subscribe::{SubscribeModule, Subscriptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Longer than anything here may take on a slow machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// Longer than any test lasts.
pub(crate) const NEVER: &str = "3600000";

pub(crate) async fn start(params: &[&str]) -> TestServer {
    start_with(params, ApiOptions::default()).await
}

pub(crate) async fn start_with(params: &[&str], options: ApiOptions) -> TestServer {
    // A drain that is cut off ends later than any test waits.
    let serving = ServeOptions { drain: LIMIT * 10, ..ServeOptions::default() };
    serve(params, options, serving).await
}

pub(crate) async fn serve(params: &[&str], options: ApiOptions, serving: ServeOptions) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&SubscribeModule);
    let server = TestServer::start_with(setup, params, options, serving).await;
    server.people(["ann", "bob"]).await;
    server
}

/// Waits until so many requests of a login wait for events.
pub(crate) async fn until_waiting(server: &TestServer, login: &str, count: usize) {
    let subscriptions = server.api.shared::<Subscriptions>().expect("the module has shared it");
    let id = TestServer::id_of(login);
    let reached = async {
        while subscriptions.of(&id) != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, reached).await.expect("as many as expected wait");
}

/// Sends a request that waits, and returns when it does.
pub(crate) async fn wait(server: &TestServer, login: &str, query: &str) -> JoinHandle<Option<Answer>> {
    let subscriptions = server.api.shared::<Subscriptions>().expect("the module has shared it");
    let before = subscriptions.of(&TestServer::id_of(login));
    let call = server.get(&format!("/account/subscribe{query}")).sign(login, SECRET);
    let waiting = task::spawn("waiting request", call.send());
    until_waiting(server, login, before + 1).await;
    waiting
}

/// The answer to a request that has waited.
pub(crate) async fn answer(waiting: JoinHandle<Option<Answer>>) -> Answer {
    let answer = tokio::time::timeout(LIMIT, waiting).await.expect("an answer in time");
    answer.expect("a request that ends").expect("a request without a panic")
}

/// Tells an account something.
pub(crate) async fn tell(server: &TestServer, login: &str, path: &str, kind: &str) {
    server.api.tell_account(&TestServer::id_of(login), path, Row::new().with("type", kind)).await;
}

/// A connection on which a request was sent.
pub(crate) struct Open {
    stream: TcpStream,
    got: String,
}

impl Open {
    pub(crate) async fn send(server: &TestServer, login: &str, query: &str, accept: &str) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        let mut open = Self { stream, got: String::new() };
        open.ask(server, login, query, accept).await;
        open
    }

    /// Sends another request.
    pub(crate) async fn again(&mut self, server: &TestServer, login: &str, query: &str) {
        self.ask(server, login, query, "application/json").await;
    }

    async fn ask(&mut self, server: &TestServer, login: &str, query: &str, accept: &str) {
        let uri = format!("/account/subscribe{query}");
        let signature = server.get(&uri).sign(login, SECRET).signature().expect("a signature");
        let request = format!(
            "GET {uri} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nbk-signature: {signature}\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await.expect("a connection that takes bytes");
    }

    /// Reads the reply to its end, however long it is.
    pub(crate) async fn until_end(mut self) {
        let (mut buffer, mut tail) = (vec![0; 64 << 10], Vec::new());
        while !tail.ends_with(b"\r\n0\r\n\r\n") {
            let read = tokio::time::timeout(LIMIT, self.stream.read(&mut buffer)).await;
            let read = read.expect("more, or the end").expect("a connection that gives bytes");
            assert!(read > 0, "the reply was cut");
            tail.extend_from_slice(&buffer[..read]);
            tail.drain(..tail.len().saturating_sub(16));
        }
    }

    /// Reads on until this text has come, or the connection is closed; all that has come.
    pub(crate) async fn until(&mut self, text: &str) -> &str {
        let mut buffer = [0; 4096];
        while !self.got.contains(text) {
            let read = tokio::time::timeout(LIMIT, self.stream.read(&mut buffer)).await;
            let Ok(read) = read else { panic!("no {text:?} in {}", self.got) };
            let read = read.expect("a connection that gives bytes");
            assert!(read > 0, "the end before {text:?} in {}", self.got);
            self.got.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        &self.got
    }
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&["-api-subscribe-timeout", "1000"]).await;
    book::check(&server, include_str!("../../../../docs/subscribe.md")).await;
}
