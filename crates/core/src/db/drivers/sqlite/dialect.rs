//! How SQLite spells what SQL products spell differently.

use super::functions::{DECIMAL, INCR, LIST_ADD, LIST_DEL, REGEXP};
use crate::db::sql::{
    Dialect, LikePattern, ListChange, Operand, Sql, compile_regex, kind_of, text_successor, write_value_list,
};
use crate::schema::{Column, ColumnType};
use crate::value::Value;
use crate::{Error, Result};

/// The dialect; see [`Dialect`].
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    fn quote(&self, text: &mut String, name: &str) {
        text.push('"');
        for c in name.chars() {
            text.push(c);
            if c == '"' {
                text.push(c);
            }
        }
        text.push('"');
    }

    fn placeholder(&self, text: &mut String, _number: usize) {
        text.push('?');
    }

    fn comparable(&self, sql: &mut Sql<'_>, column: &Column) {
        sql.name(&column.name);
        if column.column_type() == ColumnType::Decimal {
            sql.push(" COLLATE ").push(DECIMAL);
        }
    }

    fn path(&self, sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
        sql.push("json_extract(");
        path_arguments(sql, operand)?;
        sql.push(")");
        Ok(())
    }

    // Null is the least value of SQLite by itself.
    fn order(&self, sql: &mut Sql<'_>, column: &Column, descending: bool, _nullable: bool) {
        self.comparable(sql, column);
        if descending {
            sql.push(" DESC");
        }
    }

    // A range of texts: unlike LIKE it is literal, exact in case, right for NUL and served by an index.
    fn begins_with(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, prefix: &str) -> Result<()> {
        operand.write(sql)?;
        sql.push(" >= ").bind_owned(prefix, ColumnType::Text);
        if let Some(successor) = text_successor(prefix) {
            sql.push(" AND ");
            operand.write(sql)?;
            sql.push(" < ").bind_owned(successor, ColumnType::Text);
        }
        Ok(())
    }

    // By bytes, as the text functions stop at a NUL. A suffix of whole characters ends at whole characters.
    fn ends_with(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, suffix: &str) -> Result<()> {
        if suffix.is_empty() {
            operand.write(sql)?;
            sql.push(" IS NOT NULL");
            return Ok(());
        }
        let bytes = suffix.as_bytes().to_vec();
        // A part of no bytes would be null, not empty.
        operand.write(sql)?;
        sql.push(" <> '' AND substr(CAST(");
        operand.write(sql)?;
        sql.push(" AS BLOB), ").bind_owned(-(bytes.len() as i64), ColumnType::Int);
        sql.push(") = ").bind_owned(Value::Bytes(bytes), ColumnType::Bytes);
        Ok(())
    }

    fn contains_text(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, part: &str) -> Result<()> {
        // What a path leads to may be a list, whose elements count, or a text.
        let is_path = !operand.path.is_empty();
        if is_path {
            sql.push("CASE json_type(");
            path_arguments(sql, operand)?;
            sql.push(") WHEN 'array' THEN EXISTS (SELECT 1 FROM json_each(");
            path_arguments(sql, operand)?;
            sql.push(") AS bk_e WHERE bk_e.value = ").bind_owned(part, ColumnType::Text).push(") ELSE ");
        }
        sql.push("instr(");
        operand.write(sql)?;
        sql.push(", ").bind_owned(part, ColumnType::Text).push(") > 0");
        if is_path {
            sql.push(" END");
        }
        Ok(())
    }

    fn contains_any<'a>(
        &self,
        sql: &mut Sql<'a>,
        operand: &Operand<'_>,
        elements: &'a [Value],
    ) -> Result<()> {
        let column = operand.column;
        sql.push("EXISTS (SELECT 1 FROM json_each(").qualified(&operand.table.name, &column.name);
        sql.push(") AS bk_e WHERE bk_e.value IN (");
        write_value_list(sql, elements, kind_of, &column.name)?;
        sql.push("))");
        Ok(())
    }

    fn like(
        &self,
        sql: &mut Sql<'_>,
        operand: &Operand<'_>,
        pattern: &LikePattern,
        ignore_case: bool,
    ) -> Result<()> {
        if !ignore_case && !pattern.prefix().is_empty() {
            self.begins_with(sql, operand, pattern.prefix())?;
            sql.push(" AND ");
        }
        self.regexp(sql, operand, &pattern.to_regex(), ignore_case)
    }

    fn regexp(
        &self,
        sql: &mut Sql<'_>,
        operand: &Operand<'_>,
        pattern: &str,
        ignore_case: bool,
    ) -> Result<()> {
        compile_regex(pattern, ignore_case)?;
        let pattern = if ignore_case { format!("(?i){pattern}") } else { pattern.to_owned() };
        sql.push(REGEXP).push("(").bind_owned(pattern, ColumnType::Text).push(", ");
        operand.write(sql)?;
        sql.push(")");
        Ok(())
    }

    fn incr<'a>(&self, sql: &mut Sql<'a>, column: &Column, by: &'a Value) {
        sql.push(INCR).push("(").name(&column.name).push(", ");
        sql.bind(by, column.column_type()).push(", ").literal(&column.name).push(")");
    }

    fn concat<'a>(&self, sql: &mut Sql<'a>, column: &Column, value: &'a Value, at_start: bool) {
        if at_start {
            sql.bind(value, ColumnType::Text).push(" || ");
        }
        sql.push("COALESCE(").name(&column.name).push(", '')");
        if !at_start {
            sql.push(" || ").bind(value, ColumnType::Text);
        }
    }

    fn change_list<'a>(&self, sql: &mut Sql<'a>, column: &Column, change: ListChange, elements: &'a Value) {
        let unique = column.column_type() == ColumnType::Set;
        sql.push(if change == ListChange::Add { LIST_ADD } else { LIST_DEL });
        sql.push("(").name(&column.name).push(", ");
        match elements {
            Value::List(_) | Value::Set(_) => sql.bind(elements, ColumnType::Json),
            one => sql.bind_owned(vec![one.clone()], ColumnType::Json),
        };
        if change == ListChange::Add {
            sql.push(if unique { ", 1" } else { ", 0" });
        }
        sql.push(")");
    }
}

/// The column, qualified as the functions for JSON have columns of their own, and the path within it.
fn path_arguments(sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
    let mut text = String::from("$");
    for part in &operand.path {
        // SQLite's paths have no way to write these within a name.
        if part.is_empty() || part.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
            let column = &operand.column.name;
            return Err(Error::invalid(format!("{column}.{:.60} is no path", operand.path.join("."))));
        }
        text.push_str(".\"");
        text.push_str(part);
        text.push('"');
    }
    sql.qualified(&operand.table.name, &operand.column.name);
    sql.push(", ").bind_owned(text, ColumnType::Text);
    Ok(())
}
