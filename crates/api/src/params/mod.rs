//! Parameters: query, form, JSON and multipart bodies as one map of typed values.
//!
//! | where | kept as |
//! |---|---|
//! | query of the address | text; a name given again makes a list |
//! | urlencoded body | the same, in place of the query |
//! | JSON body | values with their types, in place of the query; a name given again: the last counts |
//! | multipart body | text beside the query, and files |
//!
//! A handler takes [`Params<T>`](crate::extract::Params) for a type of its own,
//! [`RequestParams::record`] for what goes to a table, or [`RequestParams::text`] for one value.

mod controls;
mod json;
mod multipart;
mod typed;
mod urlencoded;

pub use controls::{Controls, DEFAULT_COUNT, MAX_COUNT};
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
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.row.get(name) {
            Some(value) => split(value).map(str::to_owned).collect(),
            None => Vec::new(),
        }
    }

    /// Whether a parameter says yes; `0`, `false`, `no`, `off`, `n`, `f`, `nil` and nothing say no.
    pub fn flag(&self, name: &str) -> bool {
        self.row.get(name).is_some_and(truthy)
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

/// The texts within a value: elements of a list, pieces between commas and bars.
pub(crate) fn split(value: &Value) -> impl Iterator<Item = &str> {
    let elements = match value {
        Value::List(list) | Value::Set(list) => list.as_slice(),
        other => std::slice::from_ref(other),
    };
    elements
        .iter()
        .filter_map(Value::as_str)
        .flat_map(|text| text.split([',', '|']))
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
}

/// Whether a value says yes.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(b) => *b,
        Value::Int(i) => *i != 0,
        Value::Text(text) => !matches!(
            text.to_ascii_lowercase().as_str(),
            "" | "0" | "false" | "no" | "off" | "n" | "f" | "nil"
        ),
        _ => false,
    }
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
