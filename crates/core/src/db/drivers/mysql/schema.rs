//! Tables from their descriptions: creation, additions, and lines that say what was done.
//!
//! `not_null` is checked by the facade and not declared, because a column can be added to rows that have
//! no value for it, and a merge may leave it out.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::mysql::MySqlRow;

use super::connection::MySession;
use super::convert::{Form, form};
use super::dialect::MySql;
use crate::db::drivers::pooled::{Answer, Session as _};
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;
use crate::{Error, ErrorKind, Result};

/// The longest name, in characters.
const MAX_NAME: usize = 64;
/// The most bytes that the columns of an index have together.
const MAX_INDEX: usize = 3072;
/// The bytes of a letter, as the server counts them.
const LETTER: usize = 4;
/// The most letters of a long text that an index looks at.
const PREFIX: usize = 191;
/// The letters of a decimal: its digits, zeros in front, sign and point.
const DECIMAL: usize = 400;
/// Seconds to wait for another creator.
const WAIT: u32 = 600;

/// Creates what is missing of these tables, one creator at a time; a line for each thing done, or found
/// different and left as it is.
///
/// # Errors
/// `Invalid` for a name that is too long, `AlreadyExists` when records stand in the way of a unique index;
/// what was done before stays.
pub(super) async fn create(session: &mut MySession, tables: &[Arc<Table>]) -> Result<Vec<String>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    // Should this be dropped half-way, the connection is closed, and with it the lock is gone.
    session.line_mut().health.in_transaction = true;
    let mut lines = Vec::new();
    let done = create_all(session, tables, &mut lines).await;
    let unlocked = session.command("DO RELEASE_LOCK('bkjs_create')").await;
    session.line_mut().health.in_transaction = unlocked.is_err();
    done.and(unlocked).map(|_| lines)
}

async fn create_all(session: &mut MySession, tables: &[Arc<Table>], lines: &mut Vec<String>) -> Result<()> {
    lock(session).await?;
    if let Some(database) = session.database().map(str::to_owned) {
        let mut sql = statement(session);
        sql.push("SELECT 1 FROM information_schema.schemata WHERE schema_name = ");
        sql.bind_owned(database.as_str(), ColumnType::Text);
        // Looking first: not every login may create.
        if session.run(&sql).await?.rows.is_empty() {
            let mut sql = statement(session);
            sql.push("CREATE DATABASE IF NOT EXISTS ").name(&database).push(" CHARACTER SET utf8mb4");
            session.run(&sql).await?;
            lines.push(format!("database {database} created"));
        }
    }
    for table in tables {
        create_table(session, table, lines).await?;
    }
    Ok(())
}

/// Waits, in pieces that are shorter than a statement may take.
async fn lock(session: &mut MySession) -> Result<()> {
    for _ in 0..WAIT {
        let mut sql = statement(session);
        sql.push("SELECT GET_LOCK('bkjs_create', 1)");
        let Answer { rows, .. } = session.run(&sql).await?;
        if rows
            .first()
            .is_some_and(|row| MySession::value_at(row, 0, ColumnType::Int).is_ok_and(|got| got == 1.into()))
        {
            return Ok(());
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "another process creates tables, please try again later"))
}

async fn create_table(session: &mut MySession, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_columns(session, &table.name).await?;
    if known.is_empty() {
        session.run(&create_statement(session.flavour(), table)).await?;
        lines.push(format!("table {} created", table.name));
    } else {
        add_columns(session, table, &known, lines).await?;
    }
    create_indexes(session, table, lines).await
}

fn statement<'a>(session: &MySession) -> Sql<'a> {
    Sql::new(session.flavour())
}

fn create_statement(dialect: &'static MySql, table: &Table) -> Sql<'static> {
    let mut sql = Sql::new(dialect);
    sql.push("CREATE TABLE ").name(&table.name).push(" (");
    for (at, column) in table.columns().iter().filter(|c| !c.hidden).enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        write_column(&mut sql, dialect, table, column);
        if column.primary.is_some() {
            sql.push(" NOT NULL");
        }
    }
    let keys: Vec<&Column> = table.keys().collect();
    if !keys.is_empty() {
        sql.push(", PRIMARY KEY (");
        write_columns(&mut sql, &keys);
        sql.push(")");
    }
    sql.push(") ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE ")
        .push(dialect.collation);
    sql
}

fn write_column(sql: &mut Sql<'_>, dialect: &'static MySql, table: &Table, column: &Column) {
    sql.name(&column.name).push(" ").push(&storage(table, column));
    if matches!(form(column.column_type()), Form::Text | Form::Elements | Form::Json) {
        sql.push(" CHARACTER SET utf8mb4 COLLATE ").push(dialect.collation);
    }
}

/// The type that stores a column, as the server spells it. What is compared as a whole by an index has a length.
fn storage(table: &Table, column: &Column) -> String {
    let kind = column.column_type();
    let bytes = whole_length(table, column);
    match (form(kind), bytes) {
        (Form::Integer, _) => "bigint(20)".into(),
        (Form::Real, _) => "double".into(),
        (Form::Bool, _) => "tinyint(1)".into(),
        (Form::Bytes, Some(bytes)) => format!("varbinary({bytes})"),
        (Form::Bytes, None) => "longblob".into(),
        (Form::Text, _) if kind == ColumnType::Decimal => {
            format!("varchar({})", bytes.map_or(DECIMAL, |bytes| DECIMAL.min(bytes / LETTER)))
        }
        (_, Some(bytes)) => format!("varchar({})", bytes / LETTER),
        (_, None) => "longtext".into(),
    }
}

/// The bytes that a column of any length may have in the indexes that need the whole of it; none when there
/// are no such.
fn whole_length(table: &Table, column: &Column) -> Option<usize> {
    let keys: Vec<&Column> = table.keys().collect();
    let share = |columns: &[&Column]| {
        let (long, fixed): (Vec<&Column>, Vec<&Column>) =
            columns.iter().partition(|c| is_long(c.column_type()));
        (MAX_INDEX.saturating_sub(fixed.len() * 9)) / long.len().max(1)
    };
    let of_key = column.primary.is_some().then(|| share(&keys));
    let unique =
        indexes_of(table).into_iter().filter(|plan| plan.unique && plan.columns.contains(&column.name));
    let of_unique = unique.map(|plan| {
        let columns: Vec<&Column> = plan.columns.iter().filter_map(|name| table.find(name)).collect();
        share(&columns)
    });
    of_key.into_iter().chain(of_unique).min()
}

fn is_long(kind: ColumnType) -> bool {
    !matches!(form(kind), Form::Integer | Form::Real | Form::Bool)
}

async fn add_columns(
    session: &mut MySession,
    table: &Table,
    known: &HashMap<String, Stored>,
    lines: &mut Vec<String>,
) -> Result<()> {
    for column in table.columns().iter().filter(|c| !c.hidden) {
        let wanted = storage(table, column);
        match known.get(&*column.name) {
            None if column.primary.is_some() => lines.push(format!(
                "table {} has no key column {}: the key of a table cannot be changed, left as it is",
                table.name, column.name
            )),
            None => {
                let mut sql = statement(session);
                sql.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
                write_column(&mut sql, session.flavour(), table, column);
                session.run(&sql).await?;
                lines.push(format!("table {} column {} added", table.name, column.name));
            }
            Some(stored) => {
                // A column that has become unique has got a length.
                if stored.storage.starts_with("long") && wanted.starts_with("var") && !stored.is_key {
                    let mut sql = statement(session);
                    sql.push("ALTER TABLE ").name(&table.name).push(" MODIFY COLUMN ");
                    write_column(&mut sql, session.flavour(), table, column);
                    session.run(&sql).await?;
                    lines.push(format!("table {} column {} made {wanted}", table.name, column.name));
                } else if !is_alike(&stored.storage, &wanted) {
                    lines.push(format!(
                        "table {} column {} is {} in the database and {wanted} in its description: left as it is",
                        table.name, column.name, stored.storage
                    ));
                }
                if stored.is_key != column.primary.is_some() {
                    lines.push(format!(
                        "table {} column {} {} part of the key in the database: left as it is",
                        table.name,
                        column.name,
                        if stored.is_key { "is" } else { "is not" }
                    ));
                }
            }
        }
    }
    Ok(())
}

async fn create_indexes(session: &mut MySession, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_indexes(session, &table.name).await?;
    for plan in indexes_of(table) {
        let kind = if plan.unique { "unique index" } else { "index" };
        let name = index_name(&plan.name);
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, unique)) if *unique == plan.unique => {}
            Some(_) => lines.push(format!(
                "table {} index {name} is not a {kind} in the database: left as it is, drop it to have it made anew",
                table.name
            )),
            None => {
                session.run(&index_statement(session.flavour(), table, &plan)).await.map_err(|e| match e.kind() {
                    ErrorKind::AlreadyExists => not_unique(&name).source(e),
                    _ => e,
                })?;
                lines.push(format!("table {} {kind} {name} created", table.name));
            }
        }
    }
    Ok(())
}

/// Whether a column that is stored as one type serves as the other: of texts the length does not matter, and newer
/// servers do not say the width of numbers.
fn is_alike(stored: &str, wanted: &str) -> bool {
    let class = |kind: &str| {
        let kind = kind.split('(').next().unwrap_or_default();
        match kind {
            "varchar" | "longtext" | "mediumtext" | "text" | "char" | "json" => "text".to_owned(),
            "varbinary" | "longblob" | "mediumblob" | "blob" | "binary" => "bytes".to_owned(),
            kind => kind.to_owned(),
        }
    };
    class(stored) == class(wanted)
}

fn index_statement(dialect: &'static MySql, table: &Table, plan: &IndexPlan) -> Sql<'static> {
    let mut sql = Sql::new(dialect);
    sql.push(if plan.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&index_name(&plan.name)).push(" ON ").name(&table.name).push(" (");
    let columns: Vec<&Column> = plan.columns.iter().filter_map(|name| table.find(name)).collect();
    let long = columns.iter().filter(|c| is_long(c.column_type())).count();
    for (at, column) in columns.into_iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).name(&column.name);
        if !plan.unique && is_long(column.column_type()) {
            let most = PREFIX.min((MAX_INDEX - 9 * 16) / LETTER / long.max(1));
            let whole = whole_length(table, column).map_or(most, |bytes| bytes / LETTER);
            sql.push(&format!("({})", most.min(whole)));
        }
    }
    sql.push(")");
    sql
}

/// A name that the server allows: what is too long ends in a hash of the whole.
fn index_name(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let hash = Sha256::digest(name.as_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let start: String = name.chars().take(MAX_NAME - 9).collect();
    format!("{start}_{hash}")
}

fn check_names(table: &Table) -> Result<()> {
    let names = std::iter::once(&table.name).chain(table.columns().iter().map(|c| &c.name));
    for name in names {
        if name.chars().count() > MAX_NAME {
            return Err(Error::invalid(format!(
                "table {:.60}: the name {name:.60} is longer than the {MAX_NAME} characters that mysql allows",
                table.name
            )));
        }
    }
    Ok(())
}

/// The names of the indexes that were made on a table, sorted.
///
/// # Errors
/// Those of the statement.
pub(super) async fn index_names(session: &mut MySession, table: &Table) -> Result<Vec<String>> {
    Ok(stored_indexes(session, &table.name).await?.into_iter().map(|(name, _)| name).collect())
}

struct Stored {
    storage: String,
    is_key: bool,
}

async fn stored_columns(session: &mut MySession, table: &str) -> Result<HashMap<String, Stored>> {
    let mut sql = statement(session);
    sql.push(
        "SELECT column_name, column_type, column_key FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = ",
    );
    sql.bind_owned(table, ColumnType::Text);
    let Answer { rows, .. } = session.run(&sql).await?;
    rows.iter()
        .map(|row| {
            let stored = Stored { storage: text(row, 1)?, is_key: text(row, 2)? == "PRI" };
            Ok((text(row, 0)?, stored))
        })
        .collect()
}

async fn stored_indexes(session: &mut MySession, table: &str) -> Result<Vec<(String, bool)>> {
    let mut sql = statement(session);
    sql.push(
        "SELECT DISTINCT index_name, non_unique = 0 FROM information_schema.statistics \
         WHERE index_name <> 'PRIMARY' AND table_schema = DATABASE() AND table_name = ",
    );
    sql.bind_owned(table, ColumnType::Text).push(" ORDER BY 1");
    let Answer { rows, .. } = session.run(&sql).await?;
    rows.iter()
        .map(|row| Ok((text(row, 0)?, MySession::value_at(row, 1, ColumnType::Bool)? == Value::Bool(true))))
        .collect()
}

fn text(row: &MySqlRow, at: usize) -> Result<String> {
    Ok(MySession::value_at(row, at, ColumnType::Text)?.as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_of_an_index_stays_its_own() {
        let long = format!("{}_index", "é".repeat(60));
        let other = format!("{}_other", "é".repeat(60));
        assert!(index_name(&long).chars().count() <= MAX_NAME);
        assert_ne!(index_name(&long), index_name(&other));
        assert_eq!(index_name("t_a_index"), "t_a_index");
    }
}
