//! The database of a test server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bkjs_core::Result;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::{self, Location};

/// The variable that says on which product the tests run: the name of the pool, a space, and its URL, in which
/// `{room}` stands for a name of the test's own. Without a URL the database is a file in the test's home.
const VARIABLE: &str = "BKJS_TEST_POOL";

/// Opens the pool that `BKJS_TEST_POOL` asks for, else a new SQLite database in `home`; gives its name too.
///
/// # Errors
/// Those of [`drivers::open`].
pub(super) fn open(home: &Path) -> Result<(String, Arc<dyn Driver>)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| "sqlite".to_owned());
    let (name, url) = wanted.split_once(' ').unwrap_or((&wanted, ""));
    let room = format!("api_{}_{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let url = url.replace("{room}", &room);
    let location =
        Location { url: &url, default_file: &home.join("test.db"), options: serde_json::Map::new() };
    Ok((name.to_owned(), drivers::open(name, location)?))
}
