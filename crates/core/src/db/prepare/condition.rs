//! One comparison of a caller: which operators a column takes, and with what.

use super::fold::Part;
use super::types::{elements, typed};
use super::{Context, convert};
use crate::db::pattern;
use crate::db::{Condition, Op};
use crate::schema::{Column, ColumnType};
use crate::value::{Name, Value};
use crate::{Error, ErrorKind, Result};

/// Checks a comparison; none when it takes no part.
pub(super) fn condition(context: &Context<'_>, given: Condition) -> Result<Option<Part>> {
    let Condition { column: name, op, value } = given;
    let option = || context.option_op(&name).filter(|op| op.is_condition());
    let op = op.or_else(option).unwrap_or(Op::Eq);
    if !op.is_condition() {
        return Err(Error::invalid(format!("{name:.40}: an operator that changes a column is no condition")));
    }
    if op == Op::None {
        return Ok(None);
    }
    let part = match context.column(&name)? {
        Some(column) if column.hidden => return Err(unknown(context, &name)),
        Some(column) => {
            Comparison { context, column: &column, name: column.name.clone() }.check(op, value)?
        }
        None => nested(context, name, op, value)?,
    };
    Ok(Some(part))
}

fn unknown(context: &Context<'_>, name: &str) -> Error {
    Error::invalid(format!("table {} has no column {name:.40}", context.plan.table.name))
}

/// A comparison within an object, as in `address.city`.
fn nested(context: &Context<'_>, path: Name, op: Op, value: Value) -> Result<Part> {
    let (base, rest) = path.split_once('.').ok_or_else(|| unknown(context, &path))?;
    let column = context.plan.table.find(base).ok_or_else(|| unknown(context, &path))?;
    let step =
        |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !matches!(column.column_type(), ColumnType::Object | ColumnType::Json)
        || column.hidden
        || !rest.split('.').all(step)
    {
        return Err(unknown(context, &path));
    }
    if !context.can.nested_paths {
        return Err(unsupported(&path, "this database compares whole columns only"));
    }
    let scalar = !matches!(value, Value::List(_) | Value::Set(_) | Value::Map(_) | Value::Bytes(_));
    match op {
        Op::Null | Op::NotNull => Ok(part(path, op, Value::Null)),
        Op::Eq if value.is_null() => Ok(part(path, Op::Null, Value::Null)),
        Op::Eq | Op::Ne | Op::Gt | Op::Ge | Op::Lt | Op::Le if scalar && !value.is_null() => {
            Ok(part(path, op, value))
        }
        _ => {
            Err(Error::invalid(format!("{path:.40}: a path is compared with one value by order or equality")))
        }
    }
}

fn part(column: Name, op: Op, value: Value) -> Part {
    Part::Condition(Condition { column, op: Some(op), value })
}

fn unsupported(name: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{name:.40}: {reason}"))
}

struct Comparison<'a> {
    context: &'a Context<'a>,
    column: &'a Column,
    name: Name,
}

impl Comparison<'_> {
    fn check(self, op: Op, value: Value) -> Result<Part> {
        match op {
            Op::Null | Op::NotNull => return Ok(part(self.name, op, Value::Null)),
            // A list to be parsed as text is a list of the column, not of alternatives.
            Op::Eq | Op::Ne if value.is_null() => {
                let op = if op == Op::Eq { Op::Null } else { Op::NotNull };
                return Ok(part(self.name, op, Value::Null));
            }
            _ => {}
        }
        match self.column.column_type() {
            ColumnType::List | ColumnType::Set => self.on_list(op, value),
            ColumnType::Json | ColumnType::Object | ColumnType::Array => Err(self.misfit("null or not null")),
            _ => self.on_scalar(op, value),
        }
    }

    fn on_scalar(self, op: Op, value: Value) -> Result<Part> {
        match op {
            Op::Eq | Op::Ne if matches!(value, Value::List(_) | Value::Set(_)) => {
                self.choice(if op == Op::Eq { Op::In } else { Op::NotIn }, value)
            }
            Op::In | Op::NotIn => self.choice(op, value),
            Op::Eq | Op::Ne | Op::Gt | Op::Ge | Op::Lt | Op::Le => match (op, self.scalar(value)?) {
                (Op::Eq, Value::Null) => Ok(part(self.name, Op::Null, Value::Null)),
                (Op::Ne, Value::Null) => Ok(part(self.name, Op::NotNull, Value::Null)),
                (_, Value::Null) => Ok(Part::Never),
                (_, value) => Ok(part(self.name, op, value)),
            },
            Op::Between | Op::NotBetween => self.bounds(op, value),
            Op::AllIn | Op::NotAllIn => Err(self.misfit("an operator of single values")),
            _ => self.on_text(op, value),
        }
    }

    /// A value of the column's type, with the column's letter case and white space.
    fn scalar(&self, value: Value) -> Result<Value> {
        let kind = self.column.column_type();
        // A bad address becomes empty in a record; a condition must not match all the empty ones.
        let address = matches!(kind, ColumnType::Email | ColumnType::Phone);
        let value = match typed(self.column, value.clone())? {
            Value::Text(t) if address && t.is_empty() => value,
            converted => converted,
        };
        Ok(convert::apply_to_condition(self.column, value))
    }

    fn choice(self, op: Op, value: Value) -> Result<Part> {
        let given = match value {
            Value::List(l) | Value::Set(l) => l,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let mut values = Vec::with_capacity(given.len());
        for one in given {
            let one = self.scalar(one)?;
            if !one.is_null() && !values.contains(&one) {
                values.push(one);
            }
        }
        Ok(match (op, values.is_empty()) {
            (Op::In, true) => Part::Never,
            (_, true) => Part::Always,
            _ => part(self.name, op, Value::List(values)),
        })
    }

    fn bounds(self, op: Op, value: Value) -> Result<Part> {
        let given = match value {
            Value::List(l) => l,
            Value::Text(t) => t.split(',').map(|part| Value::from(part.trim())).collect(),
            other => vec![other],
        };
        let bounds: Vec<Value> = given.into_iter().map(|v| self.scalar(v)).collect::<Result<_>>()?;
        if bounds.len() != 2 || bounds.iter().any(Value::is_null) {
            return Err(Error::invalid(format!("{}: between takes two values", self.name)));
        }
        Ok(part(self.name, op, Value::List(bounds)))
    }

    fn on_text(self, op: Op, value: Value) -> Result<Part> {
        if !matches!(self.column.column_type(), ColumnType::Text | ColumnType::Email | ColumnType::Phone) {
            return Err(self.misfit("an operator of numbers or times, it holds no text"));
        }
        if value.is_null() {
            return Ok(Part::Never);
        }
        let regexp = matches!(op, Op::Regexp | Op::NotRegexp | Op::IRegexp | Op::NotIRegexp);
        let ignore_case =
            matches!(op, Op::IBeginsWith | Op::ILike | Op::NotILike | Op::IRegexp | Op::NotIRegexp);
        if regexp && !self.context.can.regexp {
            return Err(unsupported(&self.name, "this database has no regular expressions"));
        }
        if ignore_case && !self.context.can.case_insensitive {
            return Err(unsupported(&self.name, "this database always heeds the case of letters"));
        }
        let text = typed(&Column::text(self.name.clone()), value)?;
        let text = if regexp { text } else { convert::apply_to_condition(self.column, text) };
        let pattern = text.as_str().unwrap_or_default();
        if regexp {
            pattern::regexp(pattern, ignore_case).map_err(|e| self.bad_pattern(&e))?;
        } else if matches!(op, Op::Like | Op::NotLike | Op::ILike | Op::NotILike) {
            pattern::like(pattern, ignore_case).map_err(|e| self.bad_pattern(&e))?;
        }
        Ok(part(self.name, op, text))
    }

    fn on_list(self, op: Op, value: Value) -> Result<Part> {
        if !matches!(op, Op::Contains | Op::NotContains | Op::AllIn | Op::NotAllIn) {
            return Err(self.misfit("contains, not contains, all in, not all in, null or not null"));
        }
        if value.is_null() {
            return Ok(Part::Never);
        }
        let given = elements(value).map_err(|r| Error::invalid(format!("{} {r}", self.name)))?;
        let wanted = match typed(self.column, Value::List(given))? {
            Value::List(l) | Value::Set(l) => l,
            _ => Vec::new(),
        };
        if wanted.is_empty() {
            return match op {
                Op::Contains => Ok(Part::Never),
                Op::NotContains => Ok(Part::Always),
                _ => Err(Error::invalid(format!("{}: give at least one element", self.name))),
            };
        }
        let wanted = wanted.into_iter().map(|v| convert::apply_to_condition(self.column, v)).collect();
        Ok(part(self.name, op, Value::List(wanted)))
    }

    fn misfit(&self, wanted: &str) -> Error {
        Error::invalid(format!("{}: this operator does not fit the column, use {wanted}", self.name))
    }

    fn bad_pattern(&self, error: &Error) -> Error {
        Error::invalid(format!("{}: {}", self.name, error.message()))
    }
}
