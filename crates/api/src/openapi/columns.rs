//! Columns of tables as JSON Schemas: as parameters, and in replies.

use bkjs_core::schema::{Column, ColumnType, Generate, Schema};
use serde_json::{Map, Value as Json, json};

use crate::reply::Class;

/// Columns as parameters, in order: what a caller may write, or may ask with.
pub(super) fn taken<'a>(
    columns: impl Iterator<Item = &'a Column>,
    conditions: bool,
) -> impl Iterator<Item = (String, Json)> {
    let made = |column: &Column| matches!(column.generate, Some(Generate::Now | Generate::Epoch));
    let wanted = move |column: &&Column| {
        Class::of(column) != Class::Secure && !column.hidden && (conditions || !made(column))
    };
    columns.filter(wanted).map(move |column| {
        let schema = if conditions { condition(column) } else { written(column) };
        (column.name.to_string(), schema)
    })
}

/// A column that is written.
fn written(column: &Column) -> Json {
    let mut schema = kind(column);
    if let Some(max) = column.max.filter(|_| !column.truncate) {
        let bound = match column.column_type() {
            ColumnType::List | ColumnType::Set | ColumnType::Array => "maxItems",
            _ => "maxLength",
        };
        schema[bound] = max.into();
    }
    if let Some((least, greatest)) = column.range {
        schema["minimum"] = number(least);
        schema["maximum"] = number(greatest);
    }
    if !column.values.is_empty() {
        schema["enum"] = column.values.iter().map(bkjs_core::value::Value::to_json).collect();
    }
    let mut says = Vec::new();
    match column.column_type() {
        ColumnType::Time => {
            schema["type"] = json!(["integer", "string"]);
            says.push("Milliseconds since 1970, or ISO 8601.");
        }
        ColumnType::Email => schema["format"] = "email".into(),
        ColumnType::Phone => says.push("3 to 15 digits; punctuation is left out."),
        ColumnType::Ttl => says.push("Seconds since 1970."),
        _ => {}
    }
    if column.date {
        says.push("A date.");
    }
    if column.admin == Some(true) {
        says.push("Taken from administrators only.");
    }
    if !says.is_empty() {
        schema["description"] = says.join(" ").into();
    }
    schema
}

/// A column that is asked for.
fn condition(column: &Column) -> Json {
    let mut schema = kind(column);
    schema["description"] = match Class::of(column) {
        Class::Private if column.findable => {
            "A condition: of others one whole value, or with begins_with three characters or more."
        }
        Class::Private => "A condition: of others one whole value.",
        Class::Admin => "A condition: of others by administrators only.",
        _ => "A condition.",
    }
    .into();
    schema
}

/// The object that records of these tables are in a reply: the first table that knows a column decides, and what one
/// calls secure does not leave, unless it is revealed.
pub(super) fn given(
    schema: &Schema,
    tables: &[String],
    revealed: &[&str],
    unveiled: bool,
) -> Map<String, Json> {
    let tables: Vec<_> = tables.iter().filter_map(|name| schema.find(name)).collect();
    let mut properties = Map::new();
    for column in tables.iter().flat_map(|table| table.columns()) {
        let classes = tables.iter().filter_map(|table| table.find(&column.name)).map(Class::of);
        let secure = classes.into_iter().any(|class| class == Class::Secure);
        if (secure && !revealed.contains(&&*column.name)) || properties.contains_key(&*column.name) {
            continue;
        }
        let mut shown = kind(column);
        // What a record does not have may be shown as null.
        if let Some(Json::String(kind)) = shown.get("type").cloned() {
            shown["type"] = json!([kind, "null"]);
        }
        shown["x-seen-by"] = match Class::of(column) {
            Class::Public | Class::Secure => "everybody",
            Class::Private if unveiled => "owner, administrators",
            Class::Admin => "owner, administrators",
            Class::Private => "owner",
        }
        .into();
        properties.insert(column.name.to_string(), shown);
    }
    properties
}

/// The type alone, as values are in replies.
fn kind(column: &Column) -> Json {
    let of_texts = || json!({"type": "array", "items": {"type": "string"}});
    match column.column_type() {
        ColumnType::Int | ColumnType::Counter | ColumnType::Time | ColumnType::Ttl => {
            json!({"type": "integer", "format": "int64"})
        }
        ColumnType::Real => json!({"type": "number", "format": "double"}),
        ColumnType::Bool => json!({"type": "boolean"}),
        ColumnType::Json => json!({}),
        ColumnType::Object => json!({"type": "object"}),
        ColumnType::Array => json!({"type": "array"}),
        ColumnType::Set if column.of_int => json!({"type": "array", "items": {"type": "integer"}}),
        ColumnType::List | ColumnType::Set => of_texts(),
        ColumnType::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        _ => json!({"type": "string"}),
    }
}

/// A bound without a fraction that says nothing.
fn number(bound: f64) -> Json {
    if bound.fract() == 0.0 && bound.abs() < 1e15 { json!(bound as i64) } else { json!(bound) }
}
