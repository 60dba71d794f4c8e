//! Records to be stored as new, or into the record with their key.

use super::given::Given;
use super::join::join_text;
use super::key::{incomplete, no_key};
use super::validate::{Failures, check};
use super::{Context, Purpose, generate, typed};
use crate::Result;
use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};

/// A record ready to be stored.
pub(in crate::db) struct Stored {
    /// The columns given and those that every write sets.
    pub(in crate::db) row: Row,
    /// Columns for a new record only: defaults and values made once. Empty for an add, whose row has all.
    pub(in crate::db) defaults: Row,
}

impl Stored {
    /// The whole new record.
    pub(in crate::db) fn into_new(self) -> Row {
        let mut row = self.row;
        for (name, value) in self.defaults {
            row.push(name, value);
        }
        row
    }

    /// The values of the key columns.
    pub(in crate::db) fn key(&self, context: &Context<'_>) -> Vec<Value> {
        let keys = context.plan.table.keys();
        keys.map(|column| self.row.get(&column.name).cloned().unwrap_or_default()).collect()
    }
}

/// Makes the record that `given` describes: generated values, defaults and joined columns in place.
///
/// # Errors
/// `KeyIncomplete` when a part of the key is missing, `ValidationFailed` with every rule that is broken.
pub(in crate::db) fn stored(context: &Context<'_>, given: &[Given<'_>], purpose: Purpose) -> Result<Stored> {
    let table = &context.plan.table;
    let mut made =
        Maker { context, given, purpose, row: Row::with_capacity(table.columns().len()), once: Row::new() };
    for column in table.columns() {
        made.column(column)?;
    }
    for extra in given.iter().filter(|g| table.find(&g.column.name).is_none()) {
        if let (true, Some(value)) = (context.writable(&extra.column, purpose), extra.initial()) {
            made.row.push(extra.column.name.clone(), value);
        }
    }
    for column in table.columns().iter().filter(|c| c.join.is_some()) {
        made.join(column)?;
    }
    made.finish()
}

struct Maker<'a> {
    context: &'a Context<'a>,
    given: &'a [Given<'a>],
    purpose: Purpose,
    row: Row,
    /// For a new record only; an add has everything in `row`.
    once: Row,
}

impl Maker<'_> {
    fn given(&self, name: &str) -> Option<Value> {
        self.given.iter().find(|g| &*g.column.name == name).and_then(Given::initial)
    }

    fn column(&mut self, column: &Column) -> Result<()> {
        if column.hidden || self.context.skips(column) {
            return Ok(());
        }
        let given = self
            .given(&column.name)
            .filter(|v| self.context.writable(column, self.purpose) && !(column.skip_empty && v.is_empty()));
        let rule = column.generate.as_ref();
        match (rule, given) {
            (Some(rule), given) if generate::is_time(rule) && column.primary.is_none() => {
                if column.read_only {
                    let value = given.filter(|v| !v.is_null());
                    self.put_once(column, value.unwrap_or_else(|| generate::make(rule)));
                } else {
                    self.row.push(column.name.clone(), generate::make(rule));
                }
            }
            (Some(rule), Some(value)) if generate::accepts(rule, &value) => {
                self.row.push(column.name.clone(), value);
            }
            (Some(rule), Some(_)) => self.row.push(column.name.clone(), generate::make(rule)),
            (Some(rule), None) if column.primary.is_some() => {
                self.row.push(column.name.clone(), generate::make(rule));
            }
            (Some(rule), None) => self.put_once(column, generate::make(rule)),
            (None, Some(value)) => self.row.push(column.name.clone(), value),
            (None, None) => self.default(column)?,
        }
        Ok(())
    }

    fn default(&mut self, column: &Column) -> Result<()> {
        let value = match &column.default.on_insert {
            Some(value) => typed(column, value.clone())?,
            None if column.column_type() == ColumnType::Counter => Value::Int(0),
            None => return Ok(()),
        };
        if column.primary.is_some() {
            self.row.push(column.name.clone(), value);
        } else {
            self.put_once(column, value);
        }
        Ok(())
    }

    fn put_once(&mut self, column: &Column, value: Value) {
        let into = if self.purpose == Purpose::Put { &mut self.once } else { &mut self.row };
        into.push(column.name.clone(), value);
    }

    /// Builds a joined column; it is for a new record only when one of its parts is.
    fn join(&mut self, column: &Column) -> Result<()> {
        if column.hidden || self.context.skips(column) {
            return Ok(());
        }
        // A hidden part is not stored, yet its value is part of the text.
        let part = |name: &str| {
            let value = self.row.get(name).or_else(|| self.once.get(name)).cloned();
            Ok(value.or_else(|| self.given(name)))
        };
        let Some(value) = join_text(column, part)? else { return Ok(()) };
        let value = self.context.stored_value(column, value)?;
        let parts = column.join.iter().flat_map(|j| &j.columns);
        let only_new = parts.into_iter().any(|p| self.once.contains(p));
        if only_new && column.primary.is_none() && !self.row.contains(&column.name) {
            self.once.set(column.name.clone(), value);
        } else {
            self.once.remove(&column.name);
            self.row.set(column.name.clone(), value);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Stored> {
        let table = &self.context.plan.table;
        if table.keys().len() == 0 {
            return Err(no_key(self.context));
        }
        for key in table.keys() {
            if !self.row.has(&key.name) && !matches!(self.row.get(&key.name), Some(Value::Bool(_))) {
                return Err(incomplete(self.context, key));
            }
        }
        let mut failures = Failures::default();
        for column in table.columns().iter().filter(|c| !c.hidden && !self.context.skips(c)) {
            let value = match self.row.get_mut(&column.name) {
                None => self.once.get_mut(&column.name),
                found => found,
            };
            match &value {
                Some(v) if column.not_empty && v.is_empty() => failures.push(column, "must not be empty"),
                None if column.not_empty => failures.push(column, "must not be empty"),
                Some(v) if column.not_null && v.is_null() => failures.push(column, "must not be null"),
                None if column.not_null => failures.push(column, "must not be null"),
                _ => {}
            }
            if let Some(value) = value {
                check(column, value, &mut failures);
            }
        }
        failures.into_result()?;
        Ok(Stored { row: self.row, defaults: self.once })
    }
}
