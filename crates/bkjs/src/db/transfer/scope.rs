//! Which records are meant, and where they are.

use std::fmt;
use std::path::{Path, PathBuf};

use bkjs_core::schema::Table;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

use super::BATCH;
use crate::db::Args;
pub(super) use crate::db::scope::{is_named, pool, tables};

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
