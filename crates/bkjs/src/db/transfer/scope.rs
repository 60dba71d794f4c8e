//! Which tables, pools and records are meant.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bkjs_core::db::Db;
use bkjs_core::schema::Table;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

use super::BATCH;
use crate::db::Args;

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

/// Where the lines of a table are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard output or input.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Place {
    /// What `-path` says for one table of `several` or not: `-`, a file, or a folder with a file `TABLE.json`. Without
    /// it, that file in the current folder.
    ///
    /// # Errors
    /// `Invalid` when several tables would have one place.
    pub(super) fn of(args: &Args, table: &Table, several: bool) -> Result<Self> {
        let name = format!("{}.json", table.name);
        match args.text("path") {
            Some("-") if several => Err(Error::invalid("-path - is for one table")),
            Some("-") => Ok(Self::Standard),
            Some(path) if path.ends_with('/') || Path::new(path).is_dir() => {
                Ok(Self::File(Path::new(path).join(name)))
            }
            Some(path) if several => Err(Error::invalid(format!(
                "several tables need a folder: {path:.200} is none, end it with a /"
            ))),
            Some(path) => Ok(Self::File(path.into())),
            None => Ok(Self::File(name.into())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
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

/// The condition of `-filter`, as JSON; empty when it is not given.
///
/// # Errors
/// `Invalid` when it is no JSON object.
pub(super) fn filter(args: &Args) -> Result<Row> {
    let Some(text) = args.text("filter") else { return Ok(Row::new()) };
    let json = serde_json::from_str(text).map_err(|e| {
        Error::invalid(format!("-filter must be a JSON object, as in {{\"num_$gt\": 5}}: {e}"))
    })?;
    match Value::from_json(json)? {
        Value::Map(row) => Ok(row),
        other => Err(Error::invalid(format!("-filter must be a JSON object, not {}", other.kind()))),
    }
}

/// The records of a batch, as `-batch` says.
///
/// # Errors
/// `Invalid` when it is no number.
pub(super) fn batch(args: &Args) -> Result<usize> {
    let batch = args.number("batch", 1)?.unwrap_or(BATCH).min(10_000);
    Ok(usize::try_from(batch).unwrap_or(1))
}

/// How many records may fail before a run stops, as `-max-errors` and `-continue` say.
///
/// # Errors
/// `Invalid` for what is no number.
pub(super) fn max_errors(args: &Args) -> Result<u64> {
    let most = args.number("max-errors", 0)?;
    Ok(if args.flag("continue")? { u64::MAX } else { most.unwrap_or(0) })
}
