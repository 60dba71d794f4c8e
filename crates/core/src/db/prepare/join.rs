//! Columns whose text is built from other columns.

use crate::Result;
use crate::schema::Column;
use crate::value::Value;

/// The text of a joined column from the converted values of its parts, which `part` looks up; none when
/// the column is not joined or a part is absent. A null part is an empty text.
pub(super) fn join_text(
    column: &Column,
    part: impl Fn(&str) -> Result<Option<Value>>,
) -> Result<Option<Value>> {
    let Some(rule) = &column.join else { return Ok(None) };
    let mut text = String::new();
    for (at, name) in rule.columns.iter().enumerate() {
        let Some(value) = part(name)? else { return Ok(None) };
        if at > 0 {
            text.push_str(&rule.separator);
        }
        match value {
            Value::Null => {}
            Value::Text(t) => text.push_str(&t),
            other => text.push_str(other.to_json().to_string().trim_matches('"')),
        }
    }
    Ok(Some(Value::Text(text)))
}
