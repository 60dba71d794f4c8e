//! Which columns of a record a caller may see: one function for every reply.

use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Name, Row, Value};
use regex::Regex;
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

/// Who looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Viewer<'a> {
    /// The id of the caller's account; none for an anonymous caller.
    pub id: Option<&'a str>,
    /// Whether the caller is an administrator.
    pub admin: bool,
}

/// Who may see a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Everybody.
    Public,
    /// The owner and administrators.
    Admin,
    /// The owner.
    Private,
    /// Nobody.
    Secure,
}

impl Class {
    fn of(column: &Column) -> Self {
        if column.secure == Some(true) {
            Self::Secure
        } else if column.public == Some(true) {
            Self::Public
        } else if column.admin == Some(true) {
            Self::Admin
        } else {
            Self::Private
        }
    }
}

/// The columns of a table with who may see them, in the order in which rows have them.
#[derive(Debug)]
pub struct ColumnRules {
    columns: Vec<(Name, Class)>,
    custom: Vec<(Regex, Class)>,
}

impl ColumnRules {
    /// The rules of a table.
    pub fn new(table: &Table) -> Self {
        Self {
            columns: table.columns().iter().map(|c| (c.name.clone(), Class::of(c))).collect(),
            // A pattern that does not compile declares no column, so there is nothing to hide by it.
            custom: table
                .custom
                .iter()
                .filter_map(|(pattern, column)| Some((Regex::new(pattern).ok()?, Class::of(column))))
                .collect(),
        }
    }

    /// Who may see a column; `hint` is its likely place, for rows have the order of their table.
    fn class(&self, name: &str, hint: usize) -> Option<Class> {
        if let Some((known, class)) = self.columns.get(hint)
            && **known == *name
        {
            return Some(*class);
        }
        let declared = self.columns.iter().find(|(known, _)| **known == *name).map(|(_, class)| *class);
        declared.or_else(|| self.custom.iter().find(|(p, _)| p.is_match(name)).map(|(_, class)| *class))
    }

    /// Whether a column may be used to filter and sort records of others: what cannot be read must not
    /// be guessed by asking either.
    pub fn may_ask(&self, name: &str, admin: bool) -> bool {
        match self.class(name, 0) {
            Some(Class::Secure) => false,
            Some(Class::Admin) => admin,
            _ => true,
        }
    }
}

/// Serializes rows without what the viewer may not see. Columns that no table declares are kept.
#[derive(Clone, Copy)]
pub(crate) struct Cleaner<'a> {
    pub(crate) rules: &'a [&'a ColumnRules],
    pub(crate) revealed: &'a [Name],
    pub(crate) viewer: Viewer<'a>,
}

impl Cleaner<'_> {
    fn shows(&self, owner: bool, name: &Name, hint: usize) -> bool {
        let mut first = None;
        for rules in self.rules {
            match rules.class(name, hint) {
                Some(Class::Secure) => return self.revealed.contains(name),
                class => first = first.or(class),
            }
        }
        match first {
            None | Some(Class::Public) => true,
            Some(Class::Admin) => owner || self.viewer.admin,
            Some(Class::Private) => owner,
            Some(Class::Secure) => false,
        }
    }

    fn owns(&self, row: &Row) -> bool {
        match (self.viewer.id, row.get("id")) {
            (Some(id), Some(Value::Text(row_id))) => !id.is_empty() && id == row_id,
            _ => false,
        }
    }
}

pub(crate) struct CleanRow<'a>(pub(crate) Cleaner<'a>, pub(crate) &'a Row);

impl Serialize for CleanRow<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Self(cleaner, row) = self;
        let owner = cleaner.owns(row);
        let mut map = s.serialize_map(None)?;
        for (at, (name, value)) in row.iter().enumerate() {
            if cleaner.shows(owner, name, at) {
                map.serialize_entry(&**name, value)?;
            }
        }
        map.end()
    }
}

pub(crate) struct CleanRows<'a>(pub(crate) Cleaner<'a>, pub(crate) &'a [Row]);

impl Serialize for CleanRows<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut list = s.serialize_seq(Some(self.1.len()))?;
        for row in self.1 {
            list.serialize_element(&CleanRow(self.0, row))?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary().public())
            .column(Column::text("name").public())
            .column(Column::text("email"))
            .column(Column::text("type").admin())
            .column(Column::text("secret").secure())
    }

    fn check(viewer: Viewer<'_>, revealed: &[Name], expected: &str) {
        let rules = ColumnRules::new(&table());
        let row = Row::new()
            .with("id", "a")
            .with("secret", "s")
            .with("type", "admin")
            .with("email", "e")
            .with("name", "n")
            .with("other", 1);
        let cleaner = Cleaner { rules: &[&rules], revealed, viewer };
        assert_eq!(serde_json::to_string(&CleanRow(cleaner, &row)).expect("json"), expected);
    }

    #[test]
    fn others_see_public_columns_and_what_no_table_declares() {
        check(Viewer::default(), &[], r#"{"id":"a","name":"n","other":1}"#);
        check(Viewer { id: Some("b"), admin: false }, &[], r#"{"id":"a","name":"n","other":1}"#);
    }

    #[test]
    fn administrators_see_admin_columns_of_others_but_never_secure_ones() {
        check(
            Viewer { id: Some("b"), admin: true },
            &[],
            r#"{"id":"a","type":"admin","name":"n","other":1}"#,
        );
    }

    #[test]
    fn the_owner_sees_all_but_secure_columns() {
        let owner = Viewer { id: Some("a"), admin: false };
        check(owner, &[], r#"{"id":"a","type":"admin","email":"e","name":"n","other":1}"#);
        check(
            owner,
            &["secret".into()],
            r#"{"id":"a","secret":"s","type":"admin","email":"e","name":"n","other":1}"#,
        );
    }

    #[test]
    fn a_caller_without_an_id_owns_nothing() {
        let rules = ColumnRules::new(&table());
        let row = Row::new().with("id", "").with("email", "e");
        let cleaner =
            Cleaner { rules: &[&rules], revealed: &[], viewer: Viewer { id: Some(""), admin: false } };
        assert_eq!(serde_json::to_string(&CleanRow(cleaner, &row)).expect("json"), r#"{"id":""}"#);
    }
}
