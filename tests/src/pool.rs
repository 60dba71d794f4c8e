//! The database that the programs under test use.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::process::Command;

/// The variable that says on which product the tests run: the name of the pool, a space, and its URL, in which
/// `{room}` stands for a name of the test's own. Without a URL the database is a file in the test's home.
const VARIABLE: &str = "BKJS_TEST_POOL";

/// The pool that all programs on one home use; none is what the programs use by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    name: String,
    url: String,
}

impl Pool {
    /// The pool of a new home.
    pub(crate) fn of_home() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let wanted = env::var(VARIABLE).ok()?;
        let (name, url) = wanted.split_once(' ').unwrap_or((&wanted, ""));
        let room = format!("home_{}_{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self { name: name.to_owned(), url: url.replace("{room}", &room) })
    }

    /// Tells a program of it, as `-db-pool` would. Tables are made by themselves in a new embedded database only.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("BKJS_DB_POOL", &self.name).env("BKJS_DB_CREATE_TABLES", "true");
        if !self.url.is_empty() {
            command.env(format!("BKJS_DB_{}_POOL", self.name.to_uppercase()), &self.url);
        }
    }
}
