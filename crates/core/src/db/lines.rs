//! Records as lines of JSON, to export and import them.
//!
//! A line is one object with the columns of one record. The types of the columns say what its values mean,
//! so that any value comes back as it was: bytes are base64, sets are arrays, decimals are texts, times are numbers.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Db;
use super::entry::Entry;
use super::json::{from_json_input, to_json_text};
use super::prepare::exact_value;
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// The line of a record, without its end. A column with null is in it, one that the record lacks is not.
///
/// ```
/// use bkjs_core::db::line_of;
/// use bkjs_core::value::{Row, Value};
/// let row = Row::new().with("id", "a\n1").with("raw", Value::Bytes(vec![1, 2]));
/// assert_eq!(line_of(row), r#"{"id":"a\n1","raw":"AQI="}"#);
/// ```
pub fn line_of(record: Row) -> String {
    to_json_text(&Value::Map(record))
}

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The place within the line, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Reads the lines of the records of one table.
pub struct LineReader {
    entry: Arc<Entry>,
    /// Names of columns within lines, and the columns that they stand for.
    renamed: Vec<(Name, Name)>,
}

impl Db {
    /// What reads lines of records of a table. Names of `renamed` stand for other columns, old to new.
    ///
    /// # Errors
    /// `NotFound` for a table that is not declared.
    pub fn line_reader(&self, table: &str, renamed: Vec<(Name, Name)>) -> Result<LineReader> {
        Ok(LineReader { entry: self.entry(table)?.clone(), renamed })
    }
}

impl LineReader {
    /// The record that [`line_of`] has made a line of, for [`as_stored`](super::Options::as_stored).
    ///
    /// # Errors
    /// For what is no JSON object, has a name twice or one that is no column, or a value of another type.
    pub fn stored(&self, line: &str) -> Result<Row, BadLine> {
        let plan = &self.entry.plan;
        self.read(line, |name, value| match (plan.table.find(name), plan.custom_column(name)) {
            (Some(column), _) if !column.hidden => exact_value(column, value),
            (None, Some(column)) => exact_value(&column, value),
            _ => Err(Error::invalid(format!("table {} has no column {name:.40}", plan.table.name))),
        })
    }

    /// The record of a line as an application would write it, its values as they come.
    ///
    /// # Errors
    /// For what is no JSON object or has a name twice.
    pub fn any(&self, line: &str) -> Result<Row, BadLine> {
        self.read(line, |_, value| Ok(value))
    }

    fn read(&self, line: &str, typed: impl Fn(&str, Value) -> Result<Value>) -> Result<Row, BadLine> {
        let at = |byte: usize, reason: String| BadLine { column: character(line, byte), reason };
        // What serde says ends with its own count of lines and columns.
        let reason = |error: &serde_json::Error| {
            let text = error.to_string();
            text.split(" at line ").next().unwrap_or_default().to_owned()
        };
        let fields: Fields<'_> =
            serde_json::from_str(line).map_err(|e| at(e.column().saturating_sub(1), reason(&e)))?;
        let mut row = Row::with_capacity(fields.0.len());
        for (name, raw) in fields.0 {
            let start = raw.get().as_ptr() as usize - line.as_ptr() as usize;
            let name =
                self.renamed.iter().find(|(old, _)| **old == *name).map_or(name, |(_, new)| new.to_string());
            let value = from_json_input(raw.get()).map_err(|e| {
                at(start + e.column().saturating_sub(1), format!("{name:.40}: {}", reason(&e)))
            })?;
            let value = typed(&name, value).map_err(|e| at(start, e.message().to_owned()))?;
            if row.contains(&name) {
                return Err(at(start, format!("{name:.40} is there twice")));
            }
            row.push(name.into(), value);
        }
        Ok(row)
    }
}

/// The number of the character at a byte, from 1.
fn character(line: &str, byte: usize) -> usize {
    line.char_indices().take_while(|(start, _)| *start < byte).count() + 1
}

/// The names of an object and the texts of their values, in order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the columns of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, SchemaBuilder, Table};

    fn reader() -> LineReader {
        let mut schema = SchemaBuilder::new();
        schema.add(
            Table::new("t")
                .column(Column::text("id").primary())
                .column(Column::int("n"))
                .column(Column::bytes("raw"))
                .column(Column::json("json"))
                .column(Column::text("gone")),
        );
        let db = Db::builder(Arc::new(schema.build())).build().expect("builds");
        db.line_reader("t", vec![("old".into(), "n".into())]).expect("is there")
    }

    fn bad(line: &str) -> (usize, String) {
        let BadLine { column, reason } = reader().stored(line).expect_err(line);
        (column, reason)
    }

    #[test]
    fn a_line_comes_back_as_the_record_it_was() {
        let json = Row::new().with("b", vec![Value::Real(0.1), Value::Null]).with("a", Row::new());
        let record = Row::new()
            .with("id", "é\n\"\0")
            .with("n", i64::MIN)
            .with("raw", Value::Bytes(vec![0, 255]))
            .with("json", json)
            .with("gone", Value::Null);
        assert_eq!(reader().stored(&line_of(record.clone())), Ok(record));
        assert_eq!(reader().stored(r#"{"id":"a"}"#), Ok(Row::new().with("id", "a")));
    }

    #[test]
    fn a_renamed_column_is_read_as_the_new_one() {
        assert_eq!(reader().stored(r#"{"id":"a","old":3}"#), Ok(Row::new().with("id", "a").with("n", 3)));
        assert_eq!(bad(r#"{"n":3,"old":3}"#), (14, "n is there twice".into()));
    }

    #[test]
    fn the_place_of_a_mistake_is_told_in_characters() {
        assert_eq!(bad(r#"{"id":"é","n":"x"}"#), (15, "n must be an integer of at most 64 bits".into()));
        assert_eq!(bad(r#"{"id":"a","x":1}"#), (15, "table t has no column x".into()));
        assert_eq!(bad(r#"{"json":[1,9223372036854775808]}"#).0, 30);
        assert_eq!(bad(r#"{"n":9223372036854775808}"#).1, "n: number 9223372036854775808 is out of range");
        for (line, column) in
            [(r#"{"id":"a""#, 9), (r#"{"id" "a"}"#, 7), ("[]", 1), ("x", 1), (r#"{"id":"a"} x"#, 12)]
        {
            assert_eq!(bad(line).0, column, "{line}: {}", bad(line).1);
        }
    }
}
