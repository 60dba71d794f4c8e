//! The order of rows and the columns of them that callers ask for.

use super::Context;
use crate::db::Sort;
use crate::schema::{Column, ColumnType};
use crate::value::Name;
use crate::{Error, ErrorKind, Result};

/// The order that the options ask for, made total by the key columns.
///
/// # Errors
/// `Invalid` for a column that is unknown or has no order; `Unsupported` when the driver sorts by key only.
pub(in crate::db) fn order(context: &Context<'_>) -> Result<Vec<Sort>> {
    let reverse = context.options.descending;
    let mut order: Vec<Sort> = Vec::with_capacity(context.options.sort.len() + 2);
    for sort in &context.options.sort {
        let column = sortable(context, &sort.column)?;
        if !order.iter().any(|s| s.column == column.name) {
            order.push(Sort { column: column.name.clone(), descending: sort.descending != reverse });
        }
    }
    let by_key = order.is_empty();
    for key in context.plan.table.keys() {
        if !order.iter().any(|s| s.column == key.name) {
            order.push(Sort { column: key.name.clone(), descending: by_key && reverse });
        }
    }
    Ok(order)
}

fn sortable<'a>(context: &Context<'a>, name: &str) -> Result<&'a Column> {
    let table = &context.plan.table;
    let column = table.find(name).filter(|c| !c.hidden);
    let column = column
        .ok_or_else(|| Error::invalid(format!("cannot sort {} by {name:.40}: no such column", table.name)))?;
    let unordered = matches!(
        column.column_type(),
        ColumnType::Json | ColumnType::Object | ColumnType::Array | ColumnType::List | ColumnType::Set
    );
    if unordered {
        return Err(Error::invalid(format!(
            "cannot sort {} by {name}: its values have no order",
            table.name
        )));
    }
    if !context.can.sort && column.primary.is_none() {
        let text = format!("cannot sort {} by {name}: this database sorts by key only", table.name);
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(column)
}

/// The known columns of those the options select; empty is all.
pub(in crate::db) fn selected(context: &Context<'_>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for wanted in &context.options.select {
        match context.plan.table.find(wanted) {
            Some(column) if !column.hidden && !names.contains(&column.name) => {
                names.push(column.name.clone())
            }
            _ => {}
        }
    }
    names
}
