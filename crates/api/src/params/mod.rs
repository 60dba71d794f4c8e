//! Parameters: query, form, JSON and multipart bodies as one map of typed values.
//!
//! | where | kept as |
//! |---|---|
//! | query of the address | text; a name given again makes a list |
//! | urlencoded body | the same, in place of the query |
//! | JSON body | values with their types, in place of the query; a name given again: the last counts |
//! | JSON body that is no object | refused, except on paths that [`Setup::documents`](crate::Setup::documents) names |
//! | multipart body | text beside the query, and files |
//!
//! A handler takes [`Params<T>`](crate::extract::Params) for a type of its own,
//! [`RequestParams::record`] for what goes to a table, or [`RequestParams::text`] for one value.

mod controls;
mod identifier;
mod json;
mod multipart;
mod typed;
mod urlencoded;

pub use controls::{Controls, DEFAULT_COUNT, MAX_COUNT};
pub use identifier::check_identifier;
pub(crate) use json::parse_json_aside;
pub use multipart::Upload;
pub(crate) use multipart::parse_multipart;
pub use typed::from_row;
pub(crate) use urlencoded::{parse_urlencoded, raw_value};

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use bytes::Bytes;

/// The most parameters of a request.
pub const MAX_PARAMS: usize = 1000;
/// The most elements of a parameter that is a list.
pub const MAX_LIST: usize = 1000;
/// The longest name of a parameter, in bytes.
pub const MAX_NAME: usize = 256;

/// Refuses a name that no column or option can have.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.len() > MAX_NAME {
        return Err(Error::invalid(format!("parameter name is too long, {} > {MAX_NAME} bytes", name.len())));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("parameter name holds a control character"));
    }
    Ok(())
}

/// The parameters of a request, wherever they came from.
#[derive(Clone, Debug, Default)]
pub struct RequestParams {
    /// Names and values.
    pub row: Row,
    /// Files of a multipart body.
    pub files: Vec<Upload>,
    /// A JSON body that is not an object.
    pub document: Option<Value>,
    /// The body as it came.
    pub body: Bytes,
}

impl RequestParams {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.row.get(name)
    }

    /// The text of a parameter; empty when it is absent or no text.
    pub fn text(&self, name: &str) -> &str {
        self.row.text(name)
    }

    /// The text of a parameter that must be there.
    ///
    /// # Errors
    /// `Invalid` when it is absent, empty, or given more than once.
    pub fn required(&self, name: &str) -> Result<&str> {
        match self.row.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => Ok(text),
            Some(Value::List(_)) => Err(Error::invalid(format!("{name} must be given once"))),
            Some(v) if !v.is_empty() => Err(Error::invalid(format!("{name} must be text"))),
            _ => Err(Error::invalid(format!("{name} is required"))),
        }
    }

    /// The elements of a parameter: a list, or text split at commas and bars; empty pieces are dropped.
    /// Empty when the parameter is absent, null or empty text, and only then: a caller who names something
    /// must not be taken for one who names nothing.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter, for what is neither text nor integer nor a list of those, for a list without
    /// elements, and for one of more than [`MAX_LIST`].
    pub fn list(&self, name: &str) -> Result<Vec<String>> {
        let value = match self.row.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Text(text)) if text.is_empty() => return Ok(Vec::new()),
            Some(value) => value,
        };
        let mut all = Vec::new();
        for element in elements(value) {
            match element {
                Value::Text(text) => all.extend(pieces(text).map(str::to_owned)),
                Value::Int(number) => all.push(number.to_string()),
                _ => return Err(Error::invalid(format!("{name} must be a text or a list of texts"))),
            }
        }
        if all.is_empty() {
            return Err(Error::invalid(format!("{name} is a list without elements")));
        }
        if all.len() > MAX_LIST {
            return Err(Error::invalid(format!("{name} has too many values, at most {MAX_LIST}")));
        }
        Ok(all)
    }

    /// Whether a parameter says yes; `0`, `false`, `no`, `off`, `n`, `f`, `nil` and nothing say no. When it is
    /// given again the last one counts.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter, when it is neither true nor false, nor a text or integer.
    pub fn flag(&self, name: &str) -> Result<bool> {
        self.row.get(name).map_or(Ok(false), |value| truth(name, value))
    }

    /// The parameters as a record for a table: without controls, whose names start with `_`, and without
    /// names that carry an operator, as `id_$set`: a handler that sets or removes a column by its name
    /// must not meet it again under another.
    pub fn record(&self) -> Row {
        let mut row = self.conditions();
        row.retain(|name, _| !name.contains("_$"));
        row
    }

    /// The parameters as conditions on a table: without controls; names may carry an operator, as `age_$gt`.
    pub fn conditions(&self) -> Row {
        let mut row = self.row.clone();
        row.retain(|name, _| !name.starts_with('_'));
        row
    }
}

/// The elements of a list; another value is the only one.
fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(list) | Value::Set(list) => list,
        other => std::slice::from_ref(other),
    }
}

/// What stands between commas and bars, without blanks around it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '|']).map(str::trim).filter(|piece| !piece.is_empty())
}

/// The last element counts when a parameter is given again.
fn last(value: &Value) -> &Value {
    value.as_list().and_then(<[Value]>::last).unwrap_or(value)
}

/// Whether a value says yes; none when it is of a kind that says neither.
fn truthy(value: &Value) -> Option<bool> {
    const NO: [&str; 8] = ["", "0", "false", "no", "off", "n", "f", "nil"];
    match value {
        Value::Null => Some(false),
        Value::Bool(b) => Some(*b),
        Value::Int(i) => Some(*i != 0),
        Value::Text(text) => Some(!NO.iter().any(|no| text.eq_ignore_ascii_case(no))),
        _ => None,
    }
}

/// Whether a parameter says yes.
fn truth(name: &str, value: &Value) -> Result<bool> {
    truthy(last(value)).ok_or_else(|| Error::invalid(format!("{name} must be true or false")))
}

/// Adds a value; a name that is there already makes a list.
pub(crate) fn add_value(row: &mut Row, name: &str, value: Value) -> Result<()> {
    if let Some(known) = row.get_mut(name) {
        match known {
            Value::List(list) if list.len() >= MAX_PARAMS => {
                return Err(Error::invalid(format!("{name} is given too often, at most {MAX_PARAMS} times")));
            }
            Value::List(list) => list.push(value),
            single => {
                let first = std::mem::take(single);
                *single = Value::List(vec![first, value]);
            }
        }
        return Ok(());
    }
    if row.len() >= MAX_PARAMS {
        return Err(Error::invalid(format!("too many parameters, at most {MAX_PARAMS}")));
    }
    row.push(name.into(), value);
    Ok(())
}
