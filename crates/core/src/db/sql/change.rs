use super::{ListChange, Sql};
use crate::db::Op;
use crate::db::driver::Change;
use crate::schema::{Column, ColumnType, Table};
use crate::{Error, Result};

/// Appends the assignments of an update, without `SET`. Every expression sees the values before the
/// update, so the statement is atomic by itself.
///
/// # Errors
/// `Invalid` for an unknown column or a change that does not fit the type of its column.
pub(crate) fn write_changes<'a>(sql: &mut Sql<'a>, table: &Table, changes: &'a [Change]) -> Result<()> {
    sql.join(changes, ", ", |sql, change| {
        let Some(column) = table.find(&change.column) else {
            return Err(Error::invalid(format!("no column {:.60} in table {}", change.column, table.name)));
        };
        sql.name(&column.name).push(" = ");
        write_change(sql, column, change)
    })
}

fn write_change<'a>(sql: &mut Sql<'a>, column: &Column, change: &'a Change) -> Result<()> {
    let dialect = sql.dialect();
    let kind = column.column_type();
    let is_list = matches!(kind, ColumnType::List | ColumnType::Set | ColumnType::Array | ColumnType::Json);
    match change.op {
        Op::Set => {
            sql.bind(&change.value, kind);
        }
        Op::Unset => {
            sql.push("NULL");
        }
        Op::NotExists => {
            sql.push("COALESCE(").column(&column.name).push(", ").bind(&change.value, kind).push(")");
        }
        Op::Incr if is_number(kind) => dialect.incr(sql, column, &change.value),
        Op::Add if is_number(kind) => dialect.incr(sql, column, &change.value),
        Op::Add | Op::Append if is_list => dialect.change_list(sql, column, ListChange::Add, &change.value),
        Op::Del if is_list => dialect.change_list(sql, column, ListChange::Del, &change.value),
        Op::Append if is_text(kind) => dialect.concat(sql, column, &change.value, false),
        Op::Prepend if is_text(kind) => dialect.concat(sql, column, &change.value, true),
        op => {
            let name = &column.name;
            return Err(Error::invalid(format!("{name} is {kind:?}, the change {op:?} does not fit it")));
        }
    }
    Ok(())
}

fn is_number(kind: ColumnType) -> bool {
    use ColumnType::{Counter, Int, Real, Time, Ttl};
    matches!(kind, Int | Counter | Real | Time | Ttl)
}

fn is_text(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text | ColumnType::Email | ColumnType::Phone)
}
