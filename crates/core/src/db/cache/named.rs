//! Kept selections: which records have certain values in the columns of a named key.
//!
//! What is kept are the primary keys of these records, at a place of its own. A write makes that out of date when the
//! record it leaves can form the key. It need not know which value the record had before: every record of the list is
//! read by its own key and looked at again, so one that has left is not given.

use std::sync::Arc;

use crate::db::driver::{Change, Verb};
use crate::db::{Op, Query};
use crate::schema::{ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// The columns of a named key.
#[derive(Clone, Debug)]
pub(in crate::db) struct NamedKey {
    name: Name,
    columns: Vec<Name>,
}

/// What a write may do to what is kept by a named key.
#[derive(Debug, PartialEq)]
enum Formed {
    /// No record gets other values in its columns.
    None,
    /// A record may have these values.
    Text(String),
    /// It cannot be told.
    Any,
}

impl NamedKey {
    /// A key of these columns.
    ///
    /// # Errors
    /// `Config` for columns that the table does not have, or whose values have several forms.
    pub(super) fn new(table: &Table, name: &str, columns: &[String]) -> Result<Self> {
        let wrong = |text: String| {
            Error::new(ErrorKind::Config, format!("cache key {name:.40} of {}: {text}", table.name))
        };
        let find = |wanted: &String| {
            let column = table.find(wanted).filter(|column| !column.hidden);
            let column = column.ok_or_else(|| wrong(format!("the table has no column {wanted:.40}")))?;
            use ColumnType::{Bool, Email, Int, Phone, Text, Time};
            match column.column_type() {
                Text | Int | Bool | Email | Phone | Time => Ok(column.name.clone()),
                _ => Err(wrong(format!("column {wanted:.40} is not of a type that can be a key"))),
            }
        };
        let mut columns = columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        columns.sort();
        columns.dedup();
        if columns.is_empty() {
            return Err(wrong("it has no columns".into()));
        }
        Ok(Self { name: name.into(), columns })
    }

    /// Where the records are kept that a condition asks for, when it is this key and nothing else.
    pub(in crate::db) fn wanted(&self, query: &Query) -> Option<String> {
        if !query.groups.is_empty() || query.conditions.len() != self.columns.len() {
            return None;
        }
        self.text(|name| {
            let mut found = query.conditions.iter().filter(|c| c.column == *name && c.op == Some(Op::Eq));
            found.next().map(|condition| &condition.value)
        })
    }

    /// The text of values; none when one is missing or null. It starts as no primary key does.
    fn text<'a>(&self, value: impl Fn(&Name) -> Option<&'a Value>) -> Option<String> {
        let values = self.columns.iter().map(|name| value(name).filter(|v| !v.is_null()).map(Value::to_json));
        let values: serde_json::Value = values.collect::<Option<Vec<_>>>()?.into();
        Some(format!("\0{}\0{values}", self.name))
    }

    fn formed(&self, verb: &Verb) -> Vec<Formed> {
        match verb {
            Verb::Add { row, .. } => vec![self.of_new(row)],
            // A new record has the defaults as well, one that is there keeps what is not given.
            Verb::Put { row, defaults } => vec![self.of_set(row), self.of_new(&both(row, defaults))],
            Verb::Update { changes, insert, .. } => {
                let inserted = insert.as_ref().map_or(Formed::None, |row| self.of_new(row));
                vec![self.of_changes(changes), inserted]
            }
            Verb::Del { .. } => Vec::new(),
            Verb::UpdateAll { .. } | Verb::DelAll { .. } => vec![Formed::Any],
        }
    }

    /// Of a record that has these columns and no other.
    fn of_new(&self, row: &Row) -> Formed {
        self.text(|name| row.get(name)).map_or(Formed::None, Formed::Text)
    }

    /// Of a record that gets these columns and keeps the others.
    fn of_set(&self, row: &Row) -> Formed {
        let given = self.columns.iter().filter(|name| row.contains(name)).count();
        match given {
            0 => Formed::None,
            all if all == self.columns.len() => self.of_new(row),
            _ => Formed::Any,
        }
    }

    fn of_changes(&self, changes: &[Change]) -> Formed {
        let own: Vec<&Change> =
            changes.iter().filter(|change| self.columns.contains(&change.column)).collect();
        if own.iter().any(|change| !matches!(change.op, Op::Set | Op::Unset)) {
            return Formed::Any;
        }
        self.of_set(&own.into_iter().map(|change| (change.column.clone(), change.value.clone())).collect())
    }
}

fn both(row: &Row, defaults: &Row) -> Row {
    defaults.iter().chain(row.iter()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The places that a write to the record with this key makes out of date; none for all of the table.
pub(super) fn touched(named: &[NamedKey], key: String, verb: &Verb) -> Option<Vec<String>> {
    let mut texts = vec![key];
    for formed in named.iter().flat_map(|named| named.formed(verb)) {
        match formed {
            Formed::None => {}
            Formed::Text(text) => texts.push(text),
            Formed::Any => return None,
        }
    }
    Some(texts)
}

/// Primary keys as they are kept; none are too many to be kept.
pub(in crate::db) fn list_of(keys: Option<Vec<Vec<Value>>>) -> Row {
    let list = keys.map(|keys| Value::List(keys.into_iter().map(Value::List).collect()));
    Row::new().with("keys", list)
}

/// What [`list_of`] has made a row of.
pub(in crate::db) fn keys_of(kept: &Arc<Row>) -> Option<Vec<Vec<Value>>> {
    let keys = kept.get("keys")?.as_list()?;
    Some(keys.iter().map(|key| key.as_list().unwrap_or_default().to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::text("a"))
            .column(Column::int("b"))
            .column(Column::json("j"))
    }

    fn key(columns: &[&str]) -> NamedKey {
        let columns: Vec<String> = columns.iter().map(|&c| c.to_owned()).collect();
        NamedKey::new(&table(), "k", &columns).expect("columns")
    }

    fn change(column: &str, op: Op, value: impl Into<Value>) -> Change {
        Change { column: column.into(), op, value: value.into() }
    }

    fn update(changes: Vec<Change>, insert: Option<Row>) -> Verb {
        Verb::Update { key: vec!["1".into()], changes, condition: None, insert }
    }

    fn check(columns: &[&str], verb: &Verb, expected: Option<&[&str]>) {
        let touched = touched(&[key(columns)], "1".into(), verb);
        let expected = expected.map(|texts| {
            let named = texts.iter().map(|values| format!("\0k\0{values}"));
            std::iter::once("1".to_owned()).chain(named).collect::<Vec<_>>()
        });
        assert_eq!(touched, expected, "{columns:?} {verb:?}");
    }

    #[test]
    fn a_write_touches_the_key_that_its_record_can_form() {
        let row = Row::new().with("id", "1").with("a", "x").with("b", 1);
        let add = Verb::Add { row: row.clone(), do_nothing: false };
        check(&["a"], &add, Some(&[r#"["x"]"#]));
        check(&["b", "a"], &add, Some(&[r#"["x",1]"#]));
        let nulls = Row::new().with("id", "1").with("a", Value::Null);
        check(&["a"], &Verb::Add { row: nulls.clone(), do_nothing: false }, Some(&[]));
        check(&["a"], &Verb::Del { key: vec!["1".into()], condition: None }, Some(&[]));
        check(&["a"], &update(vec![change("b", Op::Set, 1)], None), Some(&[]));
        check(&["a"], &update(vec![change("a", Op::Set, "y")], None), Some(&[r#"["y"]"#]));
        check(&["a"], &update(vec![change("a", Op::Unset, Value::Null)], None), Some(&[]));
        check(&["a"], &update(vec![change("b", Op::Set, 1)], Some(row)), Some(&[r#"["x"]"#]));
        let put = |row: Row, defaults: Row| Verb::Put { row, defaults };
        check(&["a"], &put(nulls, Row::new()), Some(&[]));
        check(&["a"], &put(Row::new().with("b", 1), Row::new()), Some(&[]));
        check(&["a"], &put(Row::new().with("b", 1), Row::new().with("a", "d")), Some(&[r#"["d"]"#]));
    }

    #[test]
    fn a_write_that_may_form_any_key_touches_the_table() {
        check(&["a", "b"], &update(vec![change("a", Op::Set, "y")], None), None);
        check(&["a"], &update(vec![change("a", Op::Append, "y")], None), None);
        check(&["b"], &update(vec![change("b", Op::Incr, 1)], None), None);
        check(&["a", "b"], &Verb::Put { row: Row::new().with("b", 1), defaults: Row::new() }, None);
        check(&["a"], &Verb::DelAll { query: Query::new() }, None);
    }

    #[test]
    fn a_condition_is_a_key_only_if_it_is_nothing_else() {
        let key = key(&["a", "b"]);
        let both = Query::new().eq("b", 1).eq("a", "x");
        assert_eq!(key.wanted(&both).as_deref(), Some("\0k\0[\"x\",1]"));
        for other in [
            Query::new().eq("a", "x"),
            Query::new().eq("a", "x").op("b", Op::Gt, 1),
            Query::new().eq("a", "x").eq("b", 1).eq("id", "1"),
            Query::new().eq("a", "x").eq("a", "y"),
            Query::new().eq("a", "x").eq("b", 1).or(Query::new().eq("id", "1").eq("id", "2")),
        ] {
            assert_eq!(key.wanted(&other), None, "{other:?}");
        }
    }

    #[test]
    fn columns_that_cannot_be_a_key_are_refused_by_name() {
        for wrong in [&["nosuch"][..], &["j"], &[]] {
            let columns: Vec<String> = wrong.iter().map(|&c| c.to_owned()).collect();
            let error = NamedKey::new(&table(), "k", &columns).expect_err("is refused");
            assert!(error.message().contains(wrong.first().unwrap_or(&"columns")), "{error}");
        }
    }

    #[test]
    fn keys_are_kept_as_they_are() {
        let keys = Some(vec![vec!["a".into(), 1.into()], vec!["b".into(), 2.into()]]);
        assert_eq!(keys_of(&Arc::new(list_of(keys.clone()))), keys);
        assert_eq!(keys_of(&Arc::new(list_of(Some(Vec::new())))), Some(Vec::new()));
        assert_eq!(keys_of(&Arc::new(list_of(None))), None);
    }
}
