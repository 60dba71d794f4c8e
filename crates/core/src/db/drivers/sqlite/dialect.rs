//! How SQLite spells what SQL products spell differently.

use super::functions::{BEGINS, DECIMAL, INCR, LIKE, LIST_ADD, LIST_DEL, REGEXP};
use crate::Result;
use crate::db::sql::{Dialect, ListChange, Matching, Operand, Sql, kind_of, write_value_list};
use crate::schema::{Column, ColumnType};
use crate::value::Value;

/// The dialect; see [`Dialect`].
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    fn comparable(&self, sql: &mut Sql<'_>, column: &Column) {
        sql.column(&column.name);
        if column.column_type() == ColumnType::Decimal {
            sql.push(" COLLATE ").push(DECIMAL);
        }
    }

    fn path(&self, sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
        let types = match operand.kind {
            None => "",
            Some(ColumnType::Bool) => "('true', 'false')",
            Some(ColumnType::Int | ColumnType::Real) => "('integer', 'real')",
            Some(_) => "('text')",
        };
        // Values of different types have an order in SQLite; here they have none.
        if !types.is_empty() {
            sql.push("CASE WHEN json_type(");
            path_arguments(sql, operand)?;
            sql.push(") IN ").push(types).push(" THEN ");
        }
        sql.push("json_extract(");
        path_arguments(sql, operand)?;
        sql.push(if types.is_empty() { ")" } else { ") END" });
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

    fn matches(
        &self,
        sql: &mut Sql<'_>,
        operand: &Operand<'_>,
        pattern: &str,
        matching: Matching,
    ) -> Result<()> {
        let (function, ignore_case) = match matching {
            Matching::Like => (LIKE, "0"),
            Matching::ILike => (LIKE, "1"),
            Matching::Regexp => (REGEXP, "0"),
            Matching::IRegexp => (REGEXP, "1"),
            Matching::IBeginsWith => (BEGINS, "1"),
        };
        sql.push(function).push("(").bind_owned(pattern, ColumnType::Text).push(", ");
        operand.write(sql)?;
        sql.push(", ").push(ignore_case).push(")");
        Ok(())
    }

    fn incr<'a>(&self, sql: &mut Sql<'a>, column: &Column, by: &'a Value) {
        sql.push(INCR).push("(").column(&column.name).push(", ");
        sql.bind(by, column.column_type()).push(", ").literal(&column.name).push(")");
    }

    fn change_list<'a>(&self, sql: &mut Sql<'a>, column: &Column, change: ListChange, elements: &'a Value) {
        let unique = column.column_type() == ColumnType::Set;
        sql.push(if change == ListChange::Add { LIST_ADD } else { LIST_DEL });
        sql.push("(").column(&column.name).push(", ");
        sql.bind_elements(elements, ColumnType::Json);
        if change == ListChange::Add {
            sql.push(if unique { ", 1" } else { ", 0" });
        }
        sql.push(")");
    }
}

/// The column, qualified as the functions for JSON have columns of their own, and the path within it.
fn path_arguments(sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()> {
    sql.qualified(&operand.table.name, &operand.column.name);
    sql.push(", ").bind_owned(operand.json_path()?, ColumnType::Text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::driver::{Change, Verb, Write};
    use crate::db::sql::upsert::write;
    use crate::db::{Op, Query, Returning};
    use crate::schema::Table;
    use crate::value::Row;

    fn table(ttl: bool) -> Arc<Table> {
        let table = Table::new("order")
            .column(Column::text("id").primary())
            .column(Column::int("num"))
            .column(Column::text("a\"b").unique());
        Arc::new(if ttl { table.column(Column::ttl("until")) } else { table })
    }

    fn check(ttl: bool, verb: Verb, returning: Returning, expected: &str) {
        let request = Write { table: table(ttl), verb, returning };
        let plan = write(&Sqlite, &request, 9).expect("fits");
        let parts = [plan.purge.as_ref(), plan.old.as_ref(), Some(&plan.main)];
        let text: Vec<_> = parts.into_iter().flatten().map(Sql::text).collect();
        assert_eq!(text.join("; "), expected);
        for sql in parts.into_iter().flatten() {
            assert_eq!(sql.text().matches('?').count(), sql.binds().len());
        }
    }

    fn row() -> Row {
        Row::new().with("id", "x").with("num", 1)
    }

    fn update(condition: Option<Query>, insert: Option<Row>) -> Verb {
        let changes = vec![
            Change { column: "num".into(), op: Op::Incr, value: 1.into() },
            Change { column: "a\"b".into(), op: Op::Append, value: "t".into() },
        ];
        Verb::Update { key: vec!["x".into()], changes, condition, insert }
    }

    #[test]
    fn a_write_is_one_statement_with_quoted_names_and_bound_values() {
        check(
            false,
            Verb::Add { row: row(), do_nothing: true },
            Returning::Nothing,
            r#"INSERT INTO "order" ("id", "num") VALUES (?, ?) ON CONFLICT DO NOTHING"#,
        );
        check(
            false,
            Verb::Put { row: row(), defaults: Row::new().with("num", 2).with("a\"b", "d") },
            Returning::New,
            r#"INSERT INTO "order" ("id", "num", "a""b") VALUES (?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "num" = excluded."num" RETURNING "id", "num", "a""b""#,
        );
        check(
            false,
            update(Some(Query::new().not(Query::new().eq("num", 5))), None),
            Returning::Nothing,
            r#"UPDATE "order" SET "num" = bk_incr("num", ?, 'num'), "a""b" = COALESCE("a""b", '') || ? WHERE "id" = ? AND ((("num" = ?)) IS NOT TRUE)"#,
        );
        check(
            false,
            Verb::Del { key: vec!["x".into()], condition: None },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE "id" = ?"#,
        );
    }

    #[test]
    fn what_expires_is_removed_before_an_insert_and_passed_over_otherwise() {
        check(
            true,
            Verb::Add { row: row().with("a\"b", "u"), do_nothing: false },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE "until" <= ? AND (FALSE OR "id" = ? OR "a""b" = ?); INSERT INTO "order" ("id", "num", "a""b") VALUES (?, ?, ?)"#,
        );
        check(
            true,
            Verb::DelAll { query: Query::new() },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE TRUE AND ("until" IS NULL OR "until" > ?)"#,
        );
    }

    #[test]
    fn the_row_before_a_change_is_read_first() {
        check(
            false,
            update(None, None),
            Returning::Old,
            r#"SELECT "id", "num", "a""b" FROM "order" WHERE TRUE AND "id" = ?; UPDATE "order" SET "num" = bk_incr("num", ?, 'num'), "a""b" = COALESCE("a""b", '') || ? WHERE "id" = ?"#,
        );
    }

    #[test]
    fn an_incomplete_key_is_refused() {
        let request = Write {
            table: table(false),
            verb: Verb::Del { key: vec![], condition: None },
            returning: Returning::Nothing,
        };
        assert_eq!(
            write(&Sqlite, &request, 0).err().map(|e| e.kind()),
            Some(crate::ErrorKind::KeyIncomplete)
        );
    }
}
