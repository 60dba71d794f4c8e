//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod account;
mod address;
mod bad;
mod put;

use std::io::Cursor;

use bkjs_api::testing::{Answer, TestServer, book};
use bkjs_api::{ACCOUNT_TABLE, Endpoint, Ids, Reply, Setup};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_icons::IconsModule;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

pub(crate) async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&IconsModule);
    // In short, as the module of accounts answers.
    setup.table(Table::new(ACCOUNT_TABLE).column(Column::text("id").primary().public()));
    setup.endpoint(Endpoint::new("/account/get", account_get));
    let server = TestServer::start(setup, params).await;
    server.people(["ann", "bob", "cal"]).await;
    server
}

async fn account_get(account: bkjs_api::Account, ids: Ids) -> Reply {
    let row = |id: &str| Row::new().with("id", id);
    match ids.0.is_empty() {
        true => Reply::row(ACCOUNT_TABLE, row(account.id())),
        false => Reply::rows(ACCOUNT_TABLE, ids.0.iter().map(|id| row(id)).collect()),
    }
}

/// An image of one colour.
pub(crate) fn image_of(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image: DynamicImage = RgbImage::from_pixel(width, height, Rgb([200, 30, 40])).into();
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("an image");
    bytes.into_inner()
}

/// Format, width and height of an image that came back.
pub(crate) fn size(answer: &Answer) -> (ImageFormat, u32, u32) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let format = image::guess_format(&answer.body).expect("an image");
    let image = image::load_from_memory_with_format(&answer.body, format).expect("an image");
    (format, image.width(), image.height())
}

/// Stores an image of 8 x 6 pixels as one of a login's icons; `query` says which.
pub(crate) async fn put(server: &TestServer, login: &str, query: &str) -> Answer {
    let image = image_of(8, 6, ImageFormat::Png);
    let call = server.post(&format!("/icon/put?{query}")).multipart(&[], &[("icon", &image)]);
    call.sign(login, bkjs_api::testing::SECRET).send().await
}

/// How many images are stored.
pub(crate) fn objects(server: &TestServer) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    count(&server.home.path().join("images"))
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    book::check(&server, include_str!("../../../../docs/icons.md")).await;
}
