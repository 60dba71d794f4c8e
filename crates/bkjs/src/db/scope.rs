//! Which tables and pools are meant.

use std::sync::Arc;

use bkjs_core::db::Db;
use bkjs_core::schema::Table;
use bkjs_core::{Error, Result};

use super::Args;

/// The tables that the words, or `-tables`, name; all when none is named, without those of `-skip`.
///
/// # Errors
/// `NotFound` for a name that no table has; `Invalid` when none is left.
pub(super) fn tables(db: &Db, args: &Args) -> Result<Vec<Arc<Table>>> {
    let find = |name: &str| {
        let known = || db.tables().iter().map(|table| &*table.name).collect::<Vec<_>>().join(", ");
        let table = db.schema().find(name).cloned();
        table.ok_or_else(|| Error::not_found(format!("no table {name:.40}, there are: {}", known())))
    };
    let named = args.words().iter().map(String::as_str).chain(args.list("tables"));
    let mut tables: Vec<Arc<Table>> = Vec::new();
    for table in named.map(find).collect::<Result<Vec<_>>>()? {
        if !tables.iter().any(|known| known.name == table.name) {
            tables.push(table);
        }
    }
    if !is_named(args) {
        tables = db.tables().to_vec();
    }
    let skip = args.list("skip").into_iter().map(find).collect::<Result<Vec<_>>>()?;
    tables.retain(|table| !skip.iter().any(|skipped| skipped.name == table.name));
    if tables.is_empty() { Err(Error::invalid("no table is left")) } else { Ok(tables) }
}

/// Whether tables are named, and not all of them meant.
pub(super) fn is_named(args: &Args) -> bool {
    !args.words().is_empty() || !args.list("tables").is_empty()
}

/// The pool that an option names; none when it is not given.
///
/// # Errors
/// `NotFound` when there is no such pool: records must not go to the default one instead.
pub(super) fn pool(db: &Db, args: &Args, option: &str) -> Result<Option<String>> {
    match args.text(option) {
        Some(name) if !db.has_pool(name) => {
            Err(Error::not_found(format!("no pool {name:.40}: set db-{name:.40}-pool to its URL")))
        }
        name => Ok(name.map(str::to_owned)),
    }
}
