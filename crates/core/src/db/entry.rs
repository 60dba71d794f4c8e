use std::sync::Arc;

use super::Options;
use super::builder::{RowFate, RowHook};
use super::cache::{TableCache, TableMarks};
use super::driver::Driver;
use super::prepare::Plan;
use crate::Result;
use crate::value::{Name, Row};

/// What the facade knows of one table, made once.
pub(super) struct Entry {
    /// The table and what is derived from its columns.
    pub(super) plan: Plan,
    /// The name of the pool that holds its records.
    pub(super) pool: String,
    /// Where its records are.
    pub(super) driver: Arc<dyn Driver>,
    /// Hooks on records to be written.
    pub(super) pre: Vec<RowHook>,
    /// Hooks on rows to be returned.
    pub(super) post: Vec<RowHook>,
    /// Its kept rows.
    pub(super) cache: Option<Arc<TableCache>>,
    /// How those who keep rows of it are told of writes; none when nobody does.
    pub(super) marks: Option<Arc<TableMarks>>,
}

impl Entry {
    /// Runs the hooks on a record to be written; false when it is not to be written.
    pub(super) fn before_write(&self, row: &mut Row, options: &Options) -> Result<bool> {
        run(&self.pre, row, options)
    }

    /// Makes a stored row what the caller gets: defaults in place of null, then the hooks; none when a hook
    /// drops it. `select` are the columns read, empty for all.
    pub(super) fn returned(&self, mut row: Row, select: &[Name], options: &Options) -> Result<Option<Row>> {
        let defaults = if options.as_stored { &[] } else { self.plan.read_defaults.as_slice() };
        for (name, default) in defaults {
            if (select.is_empty() || select.contains(name)) && row.get(name).is_none_or(|v| v.is_null()) {
                row.set(name.clone(), default.clone());
            }
        }
        Ok(run(&self.post, &mut row, options)?.then_some(row))
    }
}

fn run(hooks: &[RowHook], row: &mut Row, options: &Options) -> Result<bool> {
    if !options.no_process_rows && !options.as_stored {
        for hook in hooks {
            if hook(row, options)? == RowFate::Drop {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
