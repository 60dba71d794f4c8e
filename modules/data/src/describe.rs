//! What tables consist of.

use std::sync::Arc;

use axum::extract::{Path, State};
use bkjs_api::{Api, Reply, Result};
use bkjs_core::Error;
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};

/// The columns of all tables.
pub(crate) async fn all_columns(State(api): State<Api>) -> Reply {
    let tables = api.schema().tables().iter();
    let described: Row = tables.map(|table| (table.name.clone(), Value::Map(columns_of(table)))).collect();
    Reply::value(Value::Map(described))
}

/// The columns of a table.
pub(crate) async fn columns(State(api): State<Api>, Path(name): Path<String>) -> Result {
    Ok(Reply::value(Value::Map(columns_of(table(&api, &name)?))))
}

/// The columns of the primary key of a table, in order.
pub(crate) async fn keys(State(api): State<Api>, Path(name): Path<String>) -> Result {
    let keys = table(&api, &name)?.keys().map(|column| Value::from(&*column.name));
    Ok(Reply::value(keys.collect::<Vec<_>>()))
}

/// A table by its name.
pub(crate) fn table<'a>(api: &'a Api, name: &str) -> bkjs_core::Result<&'a Arc<Table>> {
    let found = api.schema().find(name);
    found.ok_or_else(|| Error::not_found(format!("no table {name:.64}")))
}

fn columns_of(table: &Table) -> Row {
    table.columns().iter().map(|column| (column.name.clone(), Value::Map(describe(column)))).collect()
}

/// A column as the configuration of tables would write it: its type and the attributes that it has.
fn describe(column: &Column) -> Row {
    let mut row = Row::new().with("type", format!("{:?}", column.column_type()).to_lowercase());
    if let Some(part) = column.primary {
        row.set("primary", i64::from(part) + 1);
    }
    let marks = [
        ("pub", column.public == Some(true)),
        ("secure", column.secure == Some(true)),
        ("admin", column.admin == Some(true)),
        ("index", !column.indexes.is_empty()),
        ("unique", column.indexes.iter().any(|index| index.unique)),
        ("readonly", column.read_only),
        ("hidden", column.hidden),
        ("notempty", column.not_empty),
        ("autoincr", column.autoincr),
    ];
    for (name, _) in marks.into_iter().filter(|(_, has)| *has) {
        row.set(name, true);
    }
    if let Some(max) = column.max {
        row.set("max", i64::try_from(max).unwrap_or(i64::MAX));
    }
    row
}
