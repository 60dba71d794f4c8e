//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod grid;
mod pages;
mod place;
mod scan;
mod search;

use bkjs_api::testing::{TestServer, book};
use bkjs_api::{ACCOUNT_TABLE, Options, Setup};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_locations::LocationsModule;

/// A setup with the table of profiles as the module of accounts declares it, in short.
pub(crate) fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.table(
        Table::new(ACCOUNT_TABLE)
            .column(Column::text("id").primary().public())
            .column(Column::text("name").public())
            .column(Column::text("email"))
            .column(Column::real("latitude").range(-90.0, 90.0))
            .column(Column::real("longitude").range(-180.0, 180.0))
            .column(Column::text("geohash"))
            .column(Column::text("location"))
            .column(Column::time("ltime")),
    );
    setup.module(&LocationsModule);
    setup
}

pub(crate) async fn start(params: &[&str]) -> TestServer {
    TestServer::start(setup(), params).await
}

/// Makes logins with profiles, and gives their ids.
pub(crate) async fn people<const N: usize>(server: &TestServer, logins: [&str; N]) -> [String; N] {
    let ids = server.people(logins).await;
    for (id, login) in ids.iter().zip(logins) {
        let email = format!("{login}@example.com");
        let profile = Row::new().with("id", id.as_str()).with("name", login).with("email", email);
        server.api.db().put(ACCOUNT_TABLE, profile, &Options::new()).await.expect("a profile");
    }
    ids
}

/// Stores where a login is.
pub(crate) async fn put(server: &TestServer, login: &str, latitude: f64, longitude: f64) {
    let uri = format!("/location/put?latitude={latitude}&longitude={longitude}");
    server.ask(login, &uri).await.done();
}

/// The names that a search finds, in order.
pub(crate) async fn found(server: &TestServer, login: &str, query: &str) -> Vec<String> {
    let page = server.ask(login, &format!("/location/get?{query}")).await.done();
    let rows = page["data"].as_array().expect("a list");
    rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal"]).await;
    book::check(&server, include_str!("../../../../docs/locations.md")).await;
}
