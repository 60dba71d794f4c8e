//! How PostgreSQL spells what SQL products spell differently.

use super::convert::{is_text, storage};
use crate::Result;
use crate::db::sql::{Dialect, Letters, ListChange, Matching, Operand, Sql, write_matching};
use crate::schema::{Column, ColumnType};
use crate::value::Value;

/// The dialect; see [`Dialect`].
pub(super) struct Postgres;

impl Dialect for Postgres {
    // The type is part of the text: connections keep prepared statements by their text, and the same text
    // must not be prepared for one type and then be given the bytes of another.
    fn placeholder(&self, text: &mut String, number: usize, kind: ColumnType) {
        text.push('$');
        text.push_str(&number.to_string());
        text.push_str("::");
        text.push_str(storage(kind));
    }

    fn compared(&self, text: &mut String, number: usize, kind: ColumnType) {
        self.placeholder(text, number, kind);
        if kind == ColumnType::Decimal {
            text.push_str("::numeric");
        }
    }

    // The collation is said even though the columns have it: tables may have been made by others.
    fn comparable(&self, sql: &mut Sql<'_>, column: &Column) {
        let kind = column.column_type();
        sql.column(&column.name);
        if kind == ColumnType::Decimal {
            sql.push("::numeric");
        } else if is_text(kind) {
            sql.push(" COLLATE \"C\"");
        }
    }

    // The operators with a text on their right look for names only, never for places in an array.
    fn path(&self, sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
        let (type_name, cast) = match operand.kind {
            None => ("", ""),
            Some(ColumnType::Bool) => ("boolean", "::boolean"),
            Some(ColumnType::Int | ColumnType::Real) => ("number", "::numeric"),
            Some(_) => ("string", " COLLATE \"C\""),
        };
        if !type_name.is_empty() {
            sql.push("CASE WHEN json_typeof(");
            write_path(sql, operand, " -> ");
            sql.push(") = ").literal(type_name).push(" THEN ");
        }
        sql.push("(");
        write_path(sql, operand, " ->> ");
        sql.push(")").push(cast);
        if !type_name.is_empty() {
            sql.push(" END");
        }
        Ok(())
    }

    fn order(&self, sql: &mut Sql<'_>, column: &Column, descending: bool, nullable: bool) {
        self.comparable(sql, column);
        sql.push(match (descending, nullable) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, false) => " DESC",
            (true, true) => " DESC NULLS LAST",
        });
    }

    fn ends_with(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, suffix: &str) -> Result<()> {
        let length = suffix.chars().count() as i64;
        sql.push("right(");
        operand.write(sql)?;
        sql.push(", ").bind_owned(length, ColumnType::Int).push("::integer) = ");
        sql.bind_owned(suffix, ColumnType::Text);
        Ok(())
    }

    fn position(&self) -> &'static str {
        "strpos"
    }

    // Elements are texts or integers, so that containment is equality of an element.
    fn contains_any<'a>(
        &self,
        sql: &mut Sql<'a>,
        operand: &Operand<'_>,
        elements: &'a [Value],
    ) -> Result<()> {
        let elements: Vec<&Value> = elements.iter().collect();
        sql.join_balanced(&elements, " OR ", &mut |sql, element| {
            sql.qualified(&operand.table.name, &operand.column.name).push(" @> ");
            sql.bind_owned(vec![element.clone()], ColumnType::List);
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
        let letters = Letters::Upper;
        // The director says which of the server's syntaxes follows, whatever its settings.
        write_matching(sql, operand, (pattern, matching), letters, (" ~ ", "***:"))
    }

    fn change_list<'a>(&self, sql: &mut Sql<'a>, column: &Column, change: ListChange, elements: &'a Value) {
        let bind = |sql: &mut Sql<'a>| {
            sql.bind_elements(elements, ColumnType::List);
        };
        match (change, column.column_type()) {
            // Numbers by value, texts by bytes.
            (ListChange::Add, ColumnType::Set) => {
                sql.push(
                    "(SELECT COALESCE(jsonb_agg(bk_e ORDER BY CASE jsonb_typeof(bk_e) WHEN 'number' THEN (bk_e #>> '{}')::numeric END, \
                     (bk_e #>> '{}') COLLATE \"C\"), '[]') FROM (SELECT DISTINCT bk_e FROM jsonb_array_elements(COALESCE(",
                );
                sql.column(&column.name).push(", '[]') || ");
                bind(sql);
                sql.push(") AS bk_a(bk_e)) AS bk_s)");
            }
            (ListChange::Add, _) => {
                sql.push("COALESCE(").column(&column.name).push(", '[]') || ");
                bind(sql);
            }
            (ListChange::Del, _) => {
                sql.push("CASE WHEN ").column(&column.name).push(" IS NOT NULL THEN ");
                sql.push("(SELECT COALESCE(jsonb_agg(bk_e ORDER BY bk_n), '[]') FROM jsonb_array_elements(");
                sql.column(&column.name).push(") WITH ORDINALITY AS bk_a(bk_e, bk_n) WHERE NOT ");
                bind(sql);
                sql.push(" @> jsonb_build_array(bk_e)) END");
            }
        }
    }

    fn lock(&self) -> &'static str {
        " FOR UPDATE"
    }

    // The row that was there before is locked by an upsert, a new one is not.
    fn inserted(&self) -> Option<&'static str> {
        Some("xmax = 0")
    }
}

/// The column and the names on the way, the last one after `last`.
fn write_path(sql: &mut Sql<'_>, operand: &Operand<'_>, last: &str) {
    sql.qualified(&operand.table.name, &operand.column.name);
    for (at, part) in operand.path.iter().enumerate() {
        sql.push(if at + 1 == operand.path.len() { last } else { " -> " });
        sql.bind_owned(*part, ColumnType::Text);
    }
}
