//! The pages of the book about database drivers say what the drivers take.

#![allow(clippy::expect_used)] // a page that cannot be read is a failure

use std::fs;
use std::path::Path;

use bkjs_core::config::{CommandLine, Registry, Unknown};
use bkjs_core::db::DbParams;
use bkjs_core::db::drivers::{self, Location, Product, products};
use bkjs_core::{Error, ErrorKind};
use serde_json::{Map, Value as Json, json};

fn page(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&file).expect("there is a page")
}

fn page_of(product: &Product) -> String {
    page(&format!("databases/{}.md", product.name))
}

/// Opens a pool in a folder of its own. A server is not connected to.
fn open(product: &Product, url: &str, options: Map<String, Json>) -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location { url, default_file: &folder.path().join("t.db"), options };
    // Pools of servers are made within a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let driver = drivers::open(product.name, location)?;
        driver.close().await;
        Ok(())
    })
}

/// What stands in the columns of "Settings": names, and as many defaults or none.
fn settings(page: &str) -> Vec<(String, Option<String>)> {
    let table = page.split("\n## Settings\n").nth(1).unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut settings = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let list = |cell: Option<&str>| -> Vec<String> {
            cell.unwrap_or_default().split(", ").map(|one| one.trim_matches('`').to_owned()).collect()
        };
        let (names, defaults) = (list(cells.next()), list(cells.next()));
        let default = |at: usize| defaults.get(at).filter(|_| defaults.len() == names.len()).cloned();
        settings.extend(names.iter().enumerate().map(|(at, name)| (name.clone(), default(at))));
    }
    settings
}

#[test]
fn every_setting_on_a_page_is_taken_by_its_driver() {
    for product in products().iter().filter(|product| product.name != "none") {
        let settings = settings(&page_of(product));
        assert!(settings.len() > 5, "{}: {settings:?}", product.name);
        for (name, default) in &settings {
            if let Some(number) = default.as_ref().and_then(|default| default.parse::<u64>().ok()) {
                let done = open(product, "", Map::from_iter([(name.clone(), json!(number))]));
                assert!(done.is_ok(), "{} {name}={number}: {done:?}", product.name);
            }
            let done = open(product, "", Map::from_iter([(name.clone(), Json::Null)]));
            let text = done.err().map(|error| error.message().to_owned()).unwrap_or_default();
            assert!(!text.contains("unknown field"), "{} {name}: {text}", product.name);
        }
    }
}

#[test]
fn every_setting_of_a_driver_is_on_its_page() {
    for product in products().iter().filter(|product| product.name != "none") {
        let page = page_of(product);
        let unknown = Map::from_iter([("no_such_setting".to_owned(), json!(1))]);
        let error = open(product, "", unknown).expect_err("is refused");
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        // Where the settings lie in two structs the error does not list them.
        let known = error.message().split_once("expected one of ").map_or("", |(_, known)| known);
        for name in known.split(", ").filter(|name| !name.is_empty()) {
            let dashed = name.replace('_', "-");
            assert!(
                page.contains(name) || page.contains(dashed.trim_matches('`')),
                "{}: {name}",
                product.name
            );
        }
    }
}

/// The lines of configuration on a page, without the leading dash of parameters.
fn lines(page: &str) -> Vec<&str> {
    page.split("```").skip(1).step_by(2).flat_map(str::lines).filter(|line| line.starts_with("db-")).collect()
}

#[test]
fn every_line_of_configuration_on_a_page_is_accepted() {
    let mut registry = Registry::new();
    registry.register::<DbParams>().expect("registers");
    let mut pages: Vec<String> = products().iter().map(page_of).collect();
    pages.push(page("databases.md"));
    for page in &pages {
        let words: Vec<String> = lines(page).iter().map(|line| format!("-{line}")).collect();
        assert!(!words.is_empty(), "{page:.40}");
        CommandLine::parse(&words, &registry, Unknown::Refuse).check().expect("is accepted");
    }
}

#[test]
fn every_pool_that_a_page_configures_can_be_opened() {
    for product in products() {
        let page = page_of(product);
        let start = format!("db-{}-pool", product.name);
        let (mut url, mut options) = ("", Map::new());
        for rest in lines(&page).iter().filter_map(|line| line.strip_prefix(&start)) {
            let (name, value) = rest.split_once('=').expect("has a value");
            let number = || value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number));
            match name.strip_prefix("-options-").or_else(|| name.strip_prefix('-')) {
                None => url = value,
                Some(name) => drop(options.insert(name.replace('-', "_"), number())),
            }
        }
        // That path is not for tests.
        let url = if url.contains(":///") { "" } else { url };
        let done = open(product, url, options);
        assert!(done.is_ok(), "{} {url}: {done:?}", product.name);
    }
}
