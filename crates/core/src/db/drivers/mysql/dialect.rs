//! How MySQL and MariaDB spell what SQL products spell differently.

use super::convert::{element_text, elements_text};
use crate::Result;
use crate::db::sql::{Dialect, Letters, ListChange, Matching, Operand, Sql, write_matching};
use crate::schema::{Column, ColumnType};
use crate::value::Value;

/// The dialect; see [`Dialect`].
pub(super) struct MySql {
    /// A collation that compares every byte, and does not fill up with blanks.
    pub(super) collation: &'static str,
    is_mariadb: bool,
}

/// That of MariaDB.
pub(super) static MARIADB: MySql = MySql { collation: "utf8mb4_nopad_bin", is_mariadb: true };
/// That of MySQL.
static MYSQL: MySql = MySql { collation: "utf8mb4_0900_bin", is_mariadb: false };

/// The dialect of a server that says it is of this version.
pub(super) fn of_version(version: &str) -> &'static MySql {
    if version.contains("MariaDB") { &MARIADB } else { &MYSQL }
}

/// Decimals are kept as text and compared as these.
const DECIMAL: &str = "DECIMAL(65,30)";

impl MySql {
    /// What a connection sets, whatever the settings of the server are. Times are in milliseconds, 0 is no limit.
    pub(super) fn settings(&self, statement_timeout: u64) -> String {
        let seconds = statement_timeout.div_ceil(1000);
        let (waits, limit) = match (statement_timeout, self.is_mariadb) {
            (0, _) => (u64::from(u32::MAX >> 2), String::from("autocommit = 1")),
            // Decimal seconds; the other product limits reads only, and waits for locks are limited by both.
            (ms, true) => (seconds, format!("max_statement_time = {}.{:03}", ms / 1000, ms % 1000)),
            (ms, false) => (seconds, format!("max_execution_time = {ms}")),
        };
        format!(
            "SET NAMES utf8mb4 COLLATE {}; \
             SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
             autocommit = 1, innodb_lock_wait_timeout = {}, max_sort_length = 65536, lc_messages = 'en_US', {limit}",
            self.collation,
            waits.max(1),
        )
    }

    fn collate(&self, sql: &mut Sql<'_>) {
        sql.push(" COLLATE ").push(self.collation);
    }

    /// The elements of a list column with a comma before each and one at the end; null stays null.
    fn elements(&self, sql: &mut Sql<'_>, table: Option<&str>, column: &str) {
        let name = |sql: &mut Sql<'_>| match table {
            Some(table) => drop(sql.qualified(table, column)),
            None => drop(sql.column(column)),
        };
        sql.push("CONCAT(',', SUBSTR(");
        name(sql);
        sql.push(", 2, CHAR_LENGTH(");
        name(sql);
        sql.push(") - 2), ',')");
    }
}

impl Dialect for MySql {
    fn quote_mark(&self) -> char {
        '`'
    }

    fn compared(&self, text: &mut String, _number: usize, kind: ColumnType) {
        if kind == ColumnType::Decimal {
            text.push_str("CAST(? AS ");
            text.push_str(DECIMAL);
            text.push(')');
        } else {
            text.push('?');
        }
    }

    fn comparable(&self, sql: &mut Sql<'_>, column: &Column) {
        let kind = column.column_type();
        if kind == ColumnType::Decimal {
            sql.push("CAST(").column(&column.name).push(" AS ").push(DECIMAL).push(")");
        } else {
            sql.column(&column.name);
        }
    }

    fn path(&self, sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
        let (types, before, after) = match operand.kind {
            None => ("<> 'NULL'", "", ""),
            // `true` and `false` are texts of JSON, the value that they are compared with is a number.
            Some(ColumnType::Bool) => ("= 'BOOLEAN'", "(", " = 'true')"),
            Some(ColumnType::Int) => (NUMBERS, "CAST(", " AS DECIMAL(65,30))"),
            Some(ColumnType::Real) => (NUMBERS, "(", " + 0e0)"),
            Some(_) => ("= 'STRING'", "", ""),
        };
        sql.push("CASE WHEN JSON_TYPE(");
        write_extract(sql, operand)?;
        sql.push(") ").push(types).push(" THEN ").push(before).push("JSON_UNQUOTE(");
        write_extract(sql, operand)?;
        sql.push(")").push(after);
        if types == "= 'STRING'" {
            self.collate(sql);
        }
        sql.push(" END");
        Ok(())
    }

    fn ends_with(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, suffix: &str) -> Result<()> {
        let length = suffix.chars().count() as i64;
        sql.push("RIGHT(");
        operand.write(sql)?;
        sql.push(", ").bind_owned(length, ColumnType::Int).push(") = ");
        sql.bind_owned(suffix, ColumnType::Text);
        Ok(())
    }

    fn contains_any<'a>(
        &self,
        sql: &mut Sql<'a>,
        operand: &Operand<'_>,
        elements: &'a [Value],
    ) -> Result<()> {
        let elements: Vec<&Value> = elements.iter().collect();
        sql.join_balanced(&elements, " OR ", &mut |sql, element| {
            sql.push("INSTR(");
            self.elements(sql, Some(&operand.table.name), &operand.column.name);
            sql.push(", ").bind_owned(format!(",{},", element_text(element)), ColumnType::Text);
            sql.push(") > 0");
            Ok(())
        })
    }

    fn matches(
        &self,
        sql: &mut Sql<'_>,
        operand: &Operand<'_>,
        pattern: &str,
        matching: Matching,
    ) -> Result<()> {
        let letters = Letters::Braces;
        write_matching(sql, operand, (pattern, matching), letters, (" REGEXP ", ""))
    }

    fn concat<'a>(&self, sql: &mut Sql<'a>, column: &Column, value: &'a Value, at_start: bool) {
        sql.push("CONCAT(");
        if at_start {
            sql.bind(value, ColumnType::Text).push(", ");
        }
        sql.push("COALESCE(").column(&column.name).push(", '')");
        if !at_start {
            sql.push(", ").bind(value, ColumnType::Text);
        }
        sql.push(")");
    }

    // Every comma is doubled, so that neighbours do not share one; the elements go, each with its two commas;
    // what is left has its commas made single again and those at the ends taken off. What is added follows the last comma.
    fn change_list<'a>(&self, sql: &mut Sql<'a>, column: &Column, change: ListChange, elements: &'a Value) {
        let elements = elements.as_list().unwrap_or(std::slice::from_ref(elements));
        let unique = column.column_type() == ColumnType::Set;
        let mut added: Vec<Value> = Vec::with_capacity(elements.len());
        for element in elements {
            if !(unique && added.contains(element)) {
                added.push(element.clone());
            }
        }
        let adds = change == ListChange::Add;
        let removes = !adds || unique;
        sql.push("CONCAT('[', TRIM(BOTH ',' FROM ");
        if adds {
            sql.push("CONCAT(");
        }
        if removes {
            sql.push("REPLACE(");
            for _ in &added {
                sql.push("REPLACE(");
            }
            sql.push("REPLACE(");
        }
        if adds {
            sql.push("COALESCE(");
        }
        self.elements(sql, None, &column.name);
        if adds {
            sql.push(", ',')");
        }
        if removes {
            sql.push(", ',', ',,')");
            for element in &added {
                sql.push(", ").bind_owned(format!(",{},", element_text(element)), ColumnType::Text);
                sql.push(", '')");
            }
            sql.push(", ',,', ',')");
        }
        if adds {
            let text = elements_text(&Value::List(added));
            sql.push(", ").bind_owned(&text[1..text.len() - 1], ColumnType::Text).push(")");
        }
        sql.push("), ']')");
    }

    fn lock(&self) -> &'static str {
        " FOR UPDATE"
    }
}

/// The types of JSON's numbers.
const NUMBERS: &str = "IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')";

/// The column and the path within it.
fn write_extract(sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
    sql.push("JSON_EXTRACT(").qualified(&operand.table.name, &operand.column.name);
    sql.push(", ").bind_owned(operand.json_path()?, ColumnType::Text).push(")");
    Ok(())
}
