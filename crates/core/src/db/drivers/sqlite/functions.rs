//! Functions and the collation that statements use beside SQLite's own, registered with each connection.
//!
//! They make changes of lists and counters one atomic statement with exactly the framework's meaning,
//! where SQL expressions would round (integer overflow turns into a double) or lose the type of nested
//! elements.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::db::evaluate::compare_decimals;
use crate::db::pattern;
use crate::db::sql::{from_json_text, to_json_text};
use crate::value::Value;

/// `bk_like(pattern, text, ignore case)`.
pub(super) const LIKE: &str = "bk_like";
/// `bk_begins(prefix, text, 1)`, whatever the case of the letters.
pub(super) const BEGINS: &str = "bk_begins";
/// `bk_regexp(pattern, text, ignore case)`.
pub(super) const REGEXP: &str = "bk_regexp";
/// `bk_incr(stored, by, column)`.
pub(super) const INCR: &str = "bk_incr";
/// `bk_list_add(stored, elements, unique)`.
pub(super) const LIST_ADD: &str = "bk_list_add";
/// `bk_list_del(stored, elements)`.
pub(super) const LIST_DEL: &str = "bk_list_del";
/// The collation that compares decimal texts as numbers.
pub(super) const DECIMAL: &str = "bk_decimal";

/// What starts the message of an error that a caller may see; the rest is that message.
pub(super) const CALLER_ERROR: &str = "bkjs: ";

/// Adds all of them to a connection.
///
/// # Errors
/// SQLite's, for lack of memory.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(LIKE, 3, flags, |context| matches(context, pattern::like))?;
    connection.create_scalar_function(REGEXP, 3, flags, |context| matches(context, pattern::regexp))?;
    connection.create_scalar_function(BEGINS, 3, flags, |context| matches(context, pattern::begins))?;
    connection.create_scalar_function(INCR, 3, flags, incr)?;
    connection.create_scalar_function(LIST_ADD, 3, flags, list_add)?;
    connection.create_scalar_function(LIST_DEL, 2, flags, list_del)?;
    connection.create_collation(DECIMAL, compare_decimals)
}

/// An error of a function, with a message for the caller.
#[derive(Debug)]
struct CallerError(String);

impl fmt::Display for CallerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CALLER_ERROR}{}", self.0)
    }
}

impl std::error::Error for CallerError {}

fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(rusqlite::Error::UserFunctionError(Box::new(CallerError(message.into()))))
}

/// Whether a text matches; null for what is no text.
fn matches(context: &Context<'_>, compile: fn(&str, bool) -> crate::Result<Regex>) -> Result<Option<bool>> {
    let ValueRef::Text(text) = context.get_raw(1) else {
        return Ok(None);
    };
    let ignore_case = context.get(2)?;
    // The pattern is bound once for the statement, so SQLite keeps the compiled one for all of its rows.
    let regex: Arc<Regex> = context.get_or_create_aux(0, |pattern| {
        compile(pattern.as_str()?, ignore_case).map_err(|e| {
            Box::<dyn std::error::Error + Send + Sync>::from(CallerError(e.message().to_owned()))
        })
    })?;
    Ok(std::str::from_utf8(text).ok().map(|text| regex.is_match(text)))
}

fn incr(context: &Context<'_>) -> Result<rusqlite::types::Value> {
    use rusqlite::types::Value as Sql;
    let column = || context.get_raw(2).as_str().unwrap_or("number").to_owned();
    let number = |at: usize| match context.get_raw(at) {
        ValueRef::Null => Ok(Sql::Integer(0)),
        ValueRef::Integer(i) => Ok(Sql::Integer(i)),
        ValueRef::Real(r) => Ok(Sql::Real(r)),
        _ => refuse(format!("{} is not a number to add to", column())),
    };
    let sum = match (number(0)?, number(1)?) {
        (Sql::Integer(a), Sql::Integer(b)) => a.checked_add(b).map(Sql::Integer),
        (a, b) => Some(real(&a) + real(&b)).filter(|sum| sum.is_finite()).map(Sql::Real),
    };
    sum.map_or_else(|| refuse(format!("{} is out of range after adding", column())), Ok)
}

fn real(number: &rusqlite::types::Value) -> f64 {
    match number {
        rusqlite::types::Value::Integer(i) => *i as f64,
        rusqlite::types::Value::Real(r) => *r,
        _ => 0.0,
    }
}

fn list_add(context: &Context<'_>) -> Result<String> {
    let mut list = list(context, 0)?.unwrap_or_default();
    let unique = context.get::<bool>(2)?;
    for element in self::list(context, 1)?.unwrap_or_default() {
        if !(unique && list.contains(&element)) {
            list.push(element);
        }
    }
    if unique {
        list.sort_by(compare_elements);
    }
    Ok(to_json_text(&Value::List(list)))
}

fn list_del(context: &Context<'_>) -> Result<Option<String>> {
    let Some(mut list) = list(context, 0)? else {
        return Ok(None);
    };
    let gone = self::list(context, 1)?.unwrap_or_default();
    list.retain(|element| !gone.contains(element));
    Ok(Some(to_json_text(&Value::List(list))))
}

/// An argument as a list; none for null.
fn list(context: &Context<'_>, at: usize) -> Result<Option<Vec<Value>>> {
    let text = match context.get_raw(at) {
        ValueRef::Null => return Ok(None),
        ValueRef::Text(text) => text,
        _ => return refuse("the stored value is not a list"),
    };
    match from_json_text(text) {
        Ok(Value::List(list)) => Ok(Some(list)),
        _ => refuse("the stored value is not a list"),
    }
}

/// The order of the elements of a set: integers by value, texts by bytes.
fn compare_elements(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (a, b) => a.kind().cmp(b.kind()),
    }
}
