use super::Sql;
use crate::db::Sort;
use crate::schema::{Column, Table};
use crate::value::Value;
use crate::{Error, Result};

/// Appends the columns of an order, without `ORDER BY`. Null is the least value.
///
/// # Errors
/// `Invalid` for an unknown column.
pub(crate) fn write_order(sql: &mut Sql<'_>, table: &Table, sort: &[Sort]) -> Result<()> {
    sql.join(sort, ", ", |sql, one| {
        let column = find(table, one)?;
        sql.dialect().order(sql, column, one.descending, nullable(column));
        Ok(())
    })
}

/// Appends the condition of the rows that follow, in the order `sort`, the row with the values `after`.
///
/// The directions may differ, so it is not one comparison of row values but
/// `a > ? OR (a = ? AND (b < ? OR ...))`, with a bound on the first column in front where that lets the
/// product start in the middle of an index.
///
/// # Errors
/// `Invalid` when there is not one value for each column.
pub(crate) fn write_after<'a>(
    sql: &mut Sql<'a>,
    table: &Table,
    sort: &'a [Sort],
    after: &'a [Value],
) -> Result<()> {
    if sort.len() != after.len() || sort.is_empty() {
        return Err(Error::invalid("the paging token does not fit the order"));
    }
    let first = find(table, &sort[0])?;
    let bounded = !(after[0].is_null() || sort[0].descending && nullable(first));
    if bounded {
        sql.dialect().comparable(sql, first);
        sql.push(if sort[0].descending { " <= " } else { " >= " });
        sql.bind_compared(&after[0], first.column_type()).push(" AND ");
    }
    write_following(sql, table, sort, after)
}

fn write_following<'a>(sql: &mut Sql<'a>, table: &Table, sort: &'a [Sort], after: &'a [Value]) -> Result<()> {
    let (Some((one, sort)), Some((value, after))) = (sort.split_first(), after.split_first()) else {
        sql.push("FALSE");
        return Ok(());
    };
    let column = find(table, one)?;
    sql.push("(");
    write_beyond(sql, column, one.descending, value);
    if !sort.is_empty() {
        sql.push(" OR (");
        sql.dialect().comparable(sql, column);
        if value.is_null() {
            sql.push(" IS NULL");
        } else {
            sql.push(" = ").bind_compared(value, column.column_type());
        }
        sql.push(" AND ");
        write_following(sql, table, sort, after)?;
        sql.push(")");
    }
    sql.push(")");
    Ok(())
}

/// The values of one column that come strictly later.
fn write_beyond<'a>(sql: &mut Sql<'a>, column: &Column, descending: bool, value: &'a Value) {
    let dialect = sql.dialect();
    if value.is_null() {
        if descending {
            sql.push("FALSE");
        } else {
            dialect.comparable(sql, column);
            sql.push(" IS NOT NULL");
        }
        return;
    }
    dialect.comparable(sql, column);
    sql.push(if descending { " < " } else { " > " }).bind_compared(value, column.column_type());
    if descending && nullable(column) {
        sql.push(" OR ");
        dialect.comparable(sql, column);
        sql.push(" IS NULL");
    }
}

fn nullable(column: &Column) -> bool {
    column.primary.is_none()
}

fn find<'t>(table: &'t Table, sort: &Sort) -> Result<&'t Column> {
    table.find(&sort.column).ok_or_else(|| {
        Error::invalid(format!("no column {:.60} in table {} to sort by", sort.column, table.name))
    })
}
