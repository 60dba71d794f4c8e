//! Conditions that a caller asks with: the parameters that are columns, if the caller may know them.

use bkjs_core::db::{IntoQuery, Op, Options, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};

use crate::context::Context;
use crate::reply::ColumnRules;
use crate::state::Api;

impl Api {
    /// The condition that the parameters of a request make on a table, in which `options.ops` applies.
    ///
    /// Parameters that are no columns of the table and empty ones take no part. A text is split at commas and
    /// bars where the operator wants a list. A column that the caller may not see cannot be asked for or sorted
    /// by either: answers would tell its value.
    ///
    /// # Errors
    /// `NotFound` for an unknown table, `Forbidden` for a column that may not be asked for, `Invalid` for a
    /// condition that makes no sense.
    pub fn query(&self, table: &str, context: &Context, options: &Options) -> Result<Query> {
        let rules =
            self.column_rules(table).ok_or_else(|| Error::not_found(format!("no table {table:.64}")))?;
        let asking = Asking { api: self, table, rules, admin: context.is_admin(), options };
        for sort in &options.sort {
            asking.check(&sort.column)?;
        }
        asking.row(context.params.conditions(), 0)?.into_query()
    }
}

/// The deepest nesting of groups.
const MAX_DEPTH: usize = 8;

struct Asking<'a> {
    api: &'a Api,
    table: &'a str,
    rules: &'a ColumnRules,
    admin: bool,
    options: &'a Options,
}

impl Asking<'_> {
    fn row(&self, row: Row, depth: usize) -> Result<Row> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid(format!(
                "conditions are nested too deep, at most {MAX_DEPTH} levels"
            )));
        }
        let mut asked = Row::with_capacity(row.len());
        for (name, value) in row {
            if name.starts_with('$') {
                let Value::Map(group) = value else {
                    return Err(Error::invalid(format!("{name:.16} must be a map of conditions")));
                };
                asked.push(name, Value::Map(self.row(group, depth + 1)?));
                continue;
            }
            let column = name.split_once("_$").map_or(&*name, |(column, _)| column);
            if value.is_empty() || !self.knows(column) {
                continue;
            }
            self.check(column)?;
            let value = match value {
                Value::Text(text) if self.wants_list(&name, column) => split(&text),
                value => value,
            };
            asked.push(name, value);
        }
        Ok(asked)
    }

    fn knows(&self, column: &str) -> bool {
        self.api.schema().find(self.table).is_some_and(|t| t.find(column).is_some())
    }

    fn check(&self, column: &str) -> Result<()> {
        if self.rules.may_ask(column, self.admin) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, format!("{column:.64} may not be asked for")))
    }

    fn wants_list(&self, name: &str, column: &str) -> bool {
        let op = match name.split_once("_$") {
            Some((_, op)) => Op::parse(op).ok(),
            None => self.options.ops.iter().find(|(n, _)| **n == *column).map(|(_, op)| *op),
        };
        matches!(op, Some(Op::In | Op::NotIn | Op::Between | Op::NotBetween | Op::AllIn | Op::NotAllIn))
    }
}

fn split(text: &str) -> Value {
    Value::List(text.split([',', '|']).map(str::trim).filter(|p| !p.is_empty()).map(Into::into).collect())
}
