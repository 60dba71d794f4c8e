use super::{Sql, write_after, write_order, write_query};
use crate::Result;
use crate::db::Query;
use crate::db::driver::Select;
use crate::db::layout::expiry_of;
use crate::schema::{Column, ColumnType, Table};

/// Appends the names of columns.
pub(crate) fn write_columns(sql: &mut Sql<'_>, columns: &[&Column]) {
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            sql.push(", ");
        }
        sql.name(&column.name);
    }
}

/// Appends ` AND` and the condition that a record has not expired, when its table has a time for that.
pub(crate) fn write_live(sql: &mut Sql<'_>, table: &Table, now: i64) {
    if let Some(column) = expiry_of(table) {
        sql.push(" AND (").name(&column.name).push(" IS NULL OR ").name(&column.name).push(" > ");
        sql.bind_owned(now, ColumnType::Ttl).push(")");
    }
}

/// Appends ` WHERE` with a condition on records that have not expired.
///
/// # Errors
/// As [`write_query`].
pub(crate) fn write_where<'a>(sql: &mut Sql<'a>, table: &'a Table, query: &'a Query, now: i64) -> Result<()> {
    sql.push(" WHERE ");
    write_query(sql, table, query)?;
    write_live(sql, table, now);
    Ok(())
}

/// Appends the statement for one page. `columns` are those of [`selected`].
///
/// # Errors
/// `Invalid` for a condition, order or start that does not fit the table.
pub(crate) fn write_select<'a>(
    sql: &mut Sql<'a>,
    select: &'a Select,
    columns: &[&Column],
    now: i64,
) -> Result<()> {
    let table = &*select.table;
    sql.push("SELECT ");
    write_columns(sql, columns);
    sql.push(" FROM ");
    match select.unique.as_deref().and_then(|name| table.find(name)) {
        None => {
            sql.name(&table.name);
            write_where(sql, table, &select.query, now)?;
        }
        // The first row in order for each value; the start of the page counts only after that.
        Some(unique) => {
            sql.push("(SELECT *, row_number() OVER (PARTITION BY ");
            sql.dialect().comparable(sql, unique);
            if !select.sort.is_empty() {
                sql.push(" ORDER BY ");
                write_order(sql, table, &select.sort)?;
            }
            sql.push(") AS bk_place FROM ").name(&table.name);
            write_where(sql, table, &select.query, now)?;
            sql.push(") AS bk_rows WHERE bk_place = 1");
        }
    }
    if let Some(after) = &select.after {
        sql.push(" AND ");
        write_after(sql, table, &select.sort, after)?;
    }
    if !select.sort.is_empty() {
        sql.push(" ORDER BY ");
        write_order(sql, table, &select.sort)?;
    }
    sql.push(" LIMIT ").bind_owned(int(select.count as u64), ColumnType::Int);
    if select.skip > 0 {
        sql.push(" OFFSET ").bind_owned(int(select.skip), ColumnType::Int);
    }
    Ok(())
}

/// Appends the statement that counts the records of a condition.
///
/// # Errors
/// As [`write_query`].
pub(crate) fn write_count<'a>(sql: &mut Sql<'a>, table: &'a Table, query: &'a Query, now: i64) -> Result<()> {
    sql.push("SELECT count(*) FROM ").name(&table.name);
    write_where(sql, table, query, now)
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
