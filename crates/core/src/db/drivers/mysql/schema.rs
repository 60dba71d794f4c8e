//! Tables from their descriptions: what differs, and making what is missing.
//!
//! `not_null` is checked by the facade and not declared, because a column can be added to rows that have
//! no value for it, and a merge may leave it out.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::mysql::MySqlRow;

use super::connection::MySession;
use super::convert::{Form, form};
use super::dialect::MySql;
use super::kind;
use crate::db::driver::{Difference, Differs};
use crate::db::drivers::pooled::{Answer, Session as _};
use crate::db::layout::indexes_of;
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::db::upgrade::{DROP_INDEX, Fit, HeldColumn, Rules, Stored, StoredIndex, differences};
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

impl Rules for MySql {
    const INDEX_ADVICE: &'static str = DROP_INDEX;

    fn kind(&self, table: &Table, column: &Column) -> String {
        storage(table, column)
    }

    fn fit(&self, stored: &str, wanted: &str, in_key: bool) -> Fit {
        kind::fit(stored, wanted, in_key)
    }

    fn collation(&self, column: &Column) -> Option<&'static str> {
        has_letters(column).then_some(self.collation)
    }

    /// A name that the server allows: what is too long ends in a hash of the whole.
    fn index_name(&self, name: &str) -> String {
        if name.chars().count() <= MAX_NAME {
            return name.to_owned();
        }
        let hash = Sha256::digest(name.as_bytes());
        let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let start: String = name.chars().take(MAX_NAME - 9).collect();
        format!("{start}_{hash}")
    }

    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one.to_lowercase() == other.to_lowercase()
    }
}

/// In what the database differs from these tables.
///
/// # Errors
/// `Invalid` for a name that is too long, and those of the statements.
pub(super) async fn plan(session: &mut MySession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    let mut found: Vec<Difference> = missing_database(session).await?.into_iter().collect();
    for table in tables {
        found.extend(plan_table(session, table).await?);
    }
    Ok(found)
}

async fn missing_database(session: &mut MySession) -> Result<Option<Difference>> {
    let Some(name) = session.database().map(str::to_owned) else { return Ok(None) };
    let mut sql = statement(session);
    sql.push("SELECT 1 FROM information_schema.schemata WHERE schema_name = ");
    sql.bind_owned(name.as_str(), ColumnType::Text);
    let is_missing = session.run(&sql).await?.rows.is_empty();
    Ok(is_missing.then_some(Difference { table: None, what: Differs::Base { base: "database", name } }))
}

async fn plan_table(session: &mut MySession, table: &Table) -> Result<Vec<Difference>> {
    let stored = stored(session, &table.name).await?;
    Ok(differences(session.flavour(), table, stored.as_ref()))
}

/// Carries out the changes of the plan, one creator at a time; the whole plan.
///
/// # Errors
/// `Invalid` for a name that is too long, `AlreadyExists` when records stand in the way of a unique index;
/// what was done before stays.
pub(super) async fn create(session: &mut MySession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    // Should this be dropped half-way, the connection is closed, and with it the lock is gone.
    session.line_mut().health.in_transaction = true;
    let done = create_all(session, tables).await;
    let unlocked = session.command("DO RELEASE_LOCK('bkjs_create')").await;
    session.line_mut().health.in_transaction = unlocked.is_err();
    done.and_then(|found| unlocked.map(|_| found))
}

async fn create_all(session: &mut MySession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    lock(session).await?;
    let mut found = Vec::new();
    // Looking first: not every login may create.
    if let Some(missing) = missing_database(session).await? {
        if let Differs::Base { name, .. } = &missing.what {
            let mut sql = statement(session);
            sql.push("CREATE DATABASE IF NOT EXISTS ").name(name).push(" CHARACTER SET utf8mb4");
            session.run(&sql).await?;
        }
        found.push(missing);
    }
    for table in tables {
        for difference in plan_table(session, table).await? {
            carry_out(session, table, &difference.what).await?;
            found.push(difference);
        }
    }
    Ok(found)
}

/// Makes a change; what is none is left.
async fn carry_out(session: &mut MySession, table: &Table, what: &Differs) -> Result<()> {
    let dialect = session.flavour();
    match what {
        Differs::Table { .. } => session.run(&create_statement(dialect, table)).await.map(drop),
        Differs::Column { column, .. } | Differs::Length { column, .. } => {
            let Some(column) = table.find(column) else { return Ok(()) };
            let is_there = matches!(what, Differs::Length { .. });
            let mut sql = statement(session);
            sql.push("ALTER TABLE ").name(&table.name);
            sql.push(if is_there { " MODIFY COLUMN " } else { " ADD COLUMN " });
            write_column(&mut sql, dialect, table, column);
            session.run(&sql).await.map(drop)
        }
        Differs::Index { index, columns, unique } => {
            let done = session.run(&index_statement(dialect, table, index, columns, *unique)).await;
            done.map(drop).map_err(|e| match e.kind() {
                ErrorKind::AlreadyExists => not_unique(index).source(e),
                _ => e,
            })
        }
        _ => Ok(()),
    }
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
    if has_letters(column) {
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

/// Whether a column is stored as a text.
fn has_letters(column: &Column) -> bool {
    matches!(form(column.column_type()), Form::Text | Form::Elements | Form::Json)
}

fn index_statement(
    dialect: &'static MySql,
    table: &Table,
    index: &str,
    columns: &[String],
    unique: bool,
) -> Sql<'static> {
    let mut sql = Sql::new(dialect);
    sql.push(if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(index).push(" ON ").name(&table.name).push(" (");
    let columns: Vec<&Column> = columns.iter().filter_map(|name| table.find(name)).collect();
    let long = columns.iter().filter(|c| is_long(c.column_type())).count();
    for (at, column) in columns.into_iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).name(&column.name);
        if !unique && is_long(column.column_type()) {
            let most = PREFIX.min((MAX_INDEX - 9 * 16) / LETTER / long.max(1));
            let whole = whole_length(table, column).map_or(most, |bytes| bytes / LETTER);
            sql.push(&format!("({})", most.min(whole)));
        }
    }
    sql.push(")");
    sql
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
    let (_, indexes) = stored_indexes(session, &table.name).await?;
    Ok(indexes.into_iter().map(|index| index.name).collect())
}

/// What the database holds of a table; none when it is not there.
async fn stored(session: &mut MySession, table: &str) -> Result<Option<Stored>> {
    let mut sql = statement(session);
    sql.push(
        "SELECT column_name, column_type, is_nullable = 'NO' AND column_default IS NULL \
         AND extra NOT LIKE '%auto_increment%' AND extra NOT LIKE '%GENERATED%', collation_name \
         FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = ",
    );
    sql.bind_owned(table, ColumnType::Text).push(" ORDER BY ordinal_position");
    let Answer { rows, .. } = session.run(&sql).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let columns = rows.iter().map(|row| {
        Ok(HeldColumn {
            name: text(row, 0)?,
            kind: text(row, 1)?,
            required: MySession::value_at(row, 2, ColumnType::Bool)? == Value::Bool(true),
            collation: MySession::value_at(row, 3, ColumnType::Text)?.as_str().map(str::to_owned),
        })
    });
    let columns = columns.collect::<Result<_>>()?;
    let (key, indexes) = stored_indexes(session, table).await?;
    Ok(Some(Stored { columns, key, indexes }))
}

/// The columns of the key of a table in order, and its indexes by name.
async fn stored_indexes(session: &mut MySession, table: &str) -> Result<(Vec<String>, Vec<StoredIndex>)> {
    let mut sql = statement(session);
    sql.push(
        "SELECT index_name, non_unique = 0, column_name FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = ",
    );
    sql.bind_owned(table, ColumnType::Text).push(" ORDER BY index_name, seq_in_index");
    let Answer { rows, .. } = session.run(&sql).await?;
    let (mut key, mut indexes): (_, Vec<StoredIndex>) = (Vec::new(), Vec::new());
    for row in &rows {
        let name = text(row, 0)?;
        if name == "PRIMARY" {
            key.push(text(row, 2)?);
        } else if indexes.last().is_none_or(|index| index.name != name) {
            let unique = MySession::value_at(row, 1, ColumnType::Bool)? == Value::Bool(true);
            indexes.push(StoredIndex { name, unique });
        }
    }
    Ok((key, indexes))
}

fn text(row: &MySqlRow, at: usize) -> Result<String> {
    Ok(MySession::value_at(row, at, ColumnType::Text)?.as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::dialect::MARIADB;
    use super::*;

    #[test]
    fn a_long_name_of_an_index_stays_its_own() {
        let long = format!("{}_index", "é".repeat(60));
        let other = format!("{}_other", "é".repeat(60));
        let name = |name: &str| MARIADB.index_name(name);
        assert!(name(&long).chars().count() <= MAX_NAME);
        assert_ne!(name(&long), name(&other));
        assert_eq!(name("t_a_index"), "t_a_index");
    }
}
