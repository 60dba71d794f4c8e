//! Which columns of a record a caller may see: one function for every reply.

use bkjs_core::value::{Name, Row, Value};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::rules::{Class, ColumnRules};

/// Who looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Viewer<'a> {
    /// The id of the caller's account; none for an anonymous caller.
    pub id: Option<&'a str>,
    /// Whether the caller is an administrator.
    pub admin: bool,
}

/// Serializes rows without what the viewer may not see. Columns that no table declares are kept.
#[derive(Clone, Copy)]
pub(crate) struct Cleaner<'a> {
    pub(crate) rules: &'a ColumnRules,
    pub(crate) revealed: &'a [Name],
    /// Administrators see private columns too.
    pub(crate) unveiled: bool,
    pub(crate) viewer: Viewer<'a>,
}

impl Cleaner<'_> {
    fn shows(&self, owner: bool, name: &Name, hint: &mut usize) -> bool {
        match self.rules.class(name, hint) {
            None | Some(Class::Public) => true,
            Some(Class::Admin) => owner || self.viewer.admin,
            Some(Class::Private) => owner || (self.unveiled && self.viewer.admin),
            Some(Class::Secure) => self.revealed.contains(name),
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
        let mut hint = 0;
        for (name, value) in row.iter() {
            if cleaner.shows(owner, name, &mut hint) {
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
    use bkjs_core::schema::{Column, Table};

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
        check_row(viewer, revealed, false, expected);
    }

    fn check_row(viewer: Viewer<'_>, revealed: &[Name], unveiled: bool, expected: &str) {
        let rules = ColumnRules::new(&table());
        let row = Row::new()
            .with("id", "a")
            .with("secret", "s")
            .with("type", "admin")
            .with("email", "e")
            .with("name", "n")
            .with("other", 1);
        let cleaner = Cleaner { rules: &rules, revealed, unveiled, viewer };
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
    fn what_is_unveiled_is_so_for_administrators_only_and_never_secure() {
        let all = r#"{"id":"a","type":"admin","email":"e","name":"n","other":1}"#;
        check_row(Viewer { id: Some("b"), admin: true }, &[], true, all);
        let public = r#"{"id":"a","name":"n","other":1}"#;
        check_row(Viewer { id: Some("b"), admin: false }, &[], true, public);
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
        let cleaner = Cleaner {
            rules: &rules,
            revealed: &[],
            unveiled: false,
            viewer: Viewer { id: Some(""), admin: false },
        };
        assert_eq!(serde_json::to_string(&CleanRow(cleaner, &row)).expect("json"), r#"{"id":""}"#);
    }
}
