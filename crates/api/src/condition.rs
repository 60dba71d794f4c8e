//! Conditions that a caller asks with: the parameters that are columns, if the caller may know them.

use bkjs_core::db::{Condition, IntoQuery, Op, Options, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};

use crate::context::Context;
use crate::reply::{ColumnRules, Question};
use crate::state::Api;

impl Api {
    /// The condition that the parameters of a request make on a table, in which `options.ops` applies.
    ///
    /// Parameters that are no columns of the table and empty ones take no part. A text is split at commas and
    /// bars where the operator wants a list.
    ///
    /// Answers tell something of every column that is asked for. A column that the caller sees in no record of
    /// others may therefore be compared with one whole value only, which the caller has to know, outside of
    /// groups; not by order, pattern or list, which would halve what is left at each request; and nothing is
    /// sorted by it. Where a column is [`findable`](bkjs_core::schema::Column::findable), `begins_with` and three
    /// or more characters may stand in place of the value. Administrators ask freely, and nobody for what is secure.
    ///
    /// # Errors
    /// `NotFound` for an unknown table, `Forbidden` for a column that may not be asked for so, `Invalid` for a
    /// condition that makes no sense.
    pub fn query(&self, table: &str, context: &Context, options: &Options) -> Result<Query> {
        let rules =
            self.column_rules(table).ok_or_else(|| Error::not_found(format!("no table {table:.64}")))?;
        let asking = Asking { api: self, table, rules, admin: context.is_admin(), own: false, options };
        for sort in &options.sort {
            asking.permit_sort(&sort.column)?;
        }
        let query = asking.row(context.params.conditions(), 0)?.into_query()?;
        asking.permit(&query, 0)?;
        Ok(query)
    }

    /// As [`query`](Self::query), among the records whose `id` is this one only: the caller's own, in which every
    /// column that is not secure may be asked for in any way. An `id` among the parameters is left out.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn own_query(&self, table: &str, id: &str, context: &Context, options: &Options) -> Result<Query> {
        let rules =
            self.column_rules(table).ok_or_else(|| Error::not_found(format!("no table {table:.64}")))?;
        let asking = Asking { api: self, table, rules, admin: context.is_admin(), own: true, options };
        for sort in &options.sort {
            asking.permit_sort(&sort.column)?;
        }
        let mut asked = context.params.conditions();
        asked.retain(|name, _| name.split_once("_$").map_or(name, |(column, _)| column) != "id");
        let query = asking.row(asked, 0)?.into_query()?;
        asking.permit(&query, 0)?;
        // With its operator, so that none of the caller's reaches it; apart from what may be joined by or.
        Ok(if options.any { Query::new().or(query) } else { query }.op("id", Op::Eq, id))
    }
}

/// The deepest nesting of groups.
const MAX_DEPTH: usize = 8;

/// The fewest characters of a beginning that a column may be found by.
const MIN_BEGINNING: usize = 3;

struct Asking<'a> {
    api: &'a Api,
    table: &'a str,
    rules: &'a ColumnRules,
    admin: bool,
    /// The records are the caller's.
    own: bool,
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

    /// Refuses conditions by which the caller would find out what is not shown. It looks at the query that
    /// the database gets, whichever way its operators were named.
    fn permit(&self, query: &Query, depth: usize) -> Result<()> {
        query.conditions.iter().try_for_each(|condition| self.permit_condition(condition, depth))?;
        query.groups.iter().try_for_each(|group| self.permit(&group.query, depth + 1))
    }

    fn permit_condition(&self, condition: &Condition, depth: usize) -> Result<()> {
        let column = &*condition.column;
        self.refuse_computed(column)?;
        let op = condition.op.or_else(|| self.option_op(column)).unwrap_or(Op::Eq);
        let question = self.question(column);
        let whole = op == Op::Eq && !matches!(condition.value, Value::List(_) | Value::Set(_));
        let beginning = || {
            let text = condition.value.as_str().unwrap_or_default();
            op == Op::BeginsWith && text.trim().chars().count() >= MIN_BEGINNING
        };
        match question {
            Question::Any => Ok(()),
            Question::None => Err(forbidden(column, "may not be asked for")),
            _ if depth == 0 && whole => Ok(()),
            Question::Beginning if depth == 0 && beginning() => Ok(()),
            Question::Beginning => Err(forbidden(
                column,
                "is private: ask for one whole value, or with begins_with for three characters or more",
            )),
            Question::Value => Err(forbidden(column, "is private: ask for one whole value")),
        }
    }

    fn question(&self, column: &str) -> Question {
        if self.own { self.rules.own_question(column) } else { self.rules.question(column, self.admin) }
    }

    fn permit_sort(&self, column: &str) -> Result<()> {
        self.refuse_computed(column)?;
        match self.question(column) {
            Question::Any => Ok(()),
            Question::None => Err(forbidden(column, "may not be asked for")),
            Question::Beginning | Question::Value => {
                Err(forbidden(column, "is private: records of others are not sorted by it"))
            }
        }
    }

    /// Refuses a column that no record has stored.
    fn refuse_computed(&self, column: &str) -> Result<()> {
        let declared = self.api.schema().find(self.table).and_then(|table| table.find(column));
        match declared.is_some_and(|column| column.hidden) {
            true => Err(Error::invalid(format!(
                "{column:.64} is not stored: records are not found or sorted by it"
            ))),
            false => Ok(()),
        }
    }

    fn option_op(&self, column: &str) -> Option<Op> {
        self.options.ops.iter().find(|(name, _)| **name == *column).map(|(_, op)| *op)
    }

    fn wants_list(&self, name: &str, column: &str) -> bool {
        let op = match name.split_once("_$") {
            Some((_, op)) => Op::parse(op).ok(),
            None => self.option_op(column),
        };
        matches!(op, Some(Op::In | Op::NotIn | Op::Between | Op::NotBetween | Op::AllIn | Op::NotAllIn))
    }
}

fn forbidden(column: &str, why: &str) -> Error {
    Error::new(ErrorKind::Forbidden, format!("{column:.64} {why}"))
}

fn split(text: &str) -> Value {
    Value::List(text.split([',', '|']).map(str::trim).filter(|p| !p.is_empty()).map(Into::into).collect())
}
