//! Who may see which column of a table.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bkjs_core::schema::{Column, Schema, Table};
use bkjs_core::value::Name;
use regex::Regex;

/// Who may see a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
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
    pub(crate) fn of(column: &Column) -> Self {
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

/// How far a caller may ask for records of others by a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// By every operator, and sorted by it.
    Any,
    /// By one whole value, or by the beginning of one.
    Beginning,
    /// By one whole value.
    Value,
    /// Not at all.
    None,
}

/// The columns of a table with who may see them, in the order in which rows have them.
#[derive(Debug, Default)]
pub struct ColumnRules {
    columns: Vec<(Name, Class)>,
    custom: Vec<(Regex, Class)>,
    /// Private columns by whose beginning records are found. Of one table: rows of several are only shown.
    findable: Vec<Name>,
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
            findable: table.columns().iter().filter(|c| c.findable).map(|c| c.name.clone()).collect(),
        }
    }

    /// The rules of rows that hold columns of several tables: what one calls secure is secure, else the first
    /// that knows a column decides.
    fn joined(tables: &[Arc<Self>]) -> Self {
        let mut joined = Self::default();
        let class = |name: &str| {
            let mut classes = tables.iter().filter_map(|rules| rules.class(name, &mut 0));
            let first = classes.next();
            if classes.any(|class| class == Class::Secure) { Some(Class::Secure) } else { first }
        };
        // A row begins with the table that others are joined to, which is the last.
        for (name, _) in tables.iter().rev().flat_map(|rules| &rules.columns) {
            if !joined.columns.iter().any(|(known, _)| known == name) {
                joined.columns.extend(class(name).map(|class| (name.clone(), class)));
            }
        }
        joined.custom = tables.iter().flat_map(|rules| rules.custom.iter().cloned()).collect();
        joined.custom.sort_by_key(|(_, class)| *class != Class::Secure);
        joined
    }

    /// Who may see a column; `hint` is its likely place, for rows have the order of their table. It is moved to
    /// the place after the column.
    pub(super) fn class(&self, name: &str, hint: &mut usize) -> Option<Class> {
        let (before, after) = self.columns.split_at((*hint).min(self.columns.len()));
        let numbered = (*hint..).zip(after).chain((0..).zip(before));
        for (at, (known, class)) in numbered {
            if **known == *name {
                *hint = at + 1;
                return Some(*class);
            }
        }
        self.custom.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, class)| *class)
    }

    /// Whether the table has a column of this name, or one of its patterns admits it.
    pub fn declares(&self, name: &str) -> bool {
        self.class(name, &mut 0).is_some()
    }

    /// How far the caller's own records may be asked for by a column: by all that is shown.
    pub fn own_question(&self, name: &str) -> Question {
        if self.class(name, &mut 0) == Some(Class::Secure) { Question::None } else { Question::Any }
    }

    /// How far records of others may be asked for by a column: what cannot be read must not be found out by
    /// asking either, except by who knows it. A name that is no column may be named: it finds nothing.
    pub fn question(&self, name: &str, admin: bool) -> Question {
        match self.class(name, &mut 0) {
            Some(Class::Secure) => Question::None,
            None | Some(Class::Public) => Question::Any,
            _ if admin => Question::Any,
            Some(Class::Admin) => Question::None,
            Some(Class::Private) if self.findable.iter().any(|known| **known == *name) => Question::Beginning,
            Some(Class::Private) => Question::Value,
        }
    }
}

/// The rules of all tables, and of those that replies join.
#[derive(Debug)]
pub(crate) struct RuleBook {
    schema: Arc<Schema>,
    tables: HashMap<Name, Arc<ColumnRules>>,
    /// Made when a reply first joins these tables: handlers join the same few.
    joined: RwLock<Vec<(Vec<Name>, Arc<ColumnRules>)>>,
}

impl RuleBook {
    pub(crate) fn new(schema: Arc<Schema>) -> Self {
        let tables =
            schema.tables().iter().map(|t| (t.name.clone(), Arc::new(ColumnRules::new(t)))).collect();
        Self { schema, tables, joined: RwLock::default() }
    }

    /// The rules of a table, by name or alias.
    pub(crate) fn of(&self, table: &str) -> Option<&Arc<ColumnRules>> {
        self.tables.get(table).or_else(|| self.tables.get(&self.schema.find(table)?.name))
    }

    /// The rules of rows with columns of these tables; no rule for none.
    pub(crate) fn of_all(&self, tables: &[Name]) -> Arc<ColumnRules> {
        if let [table] = tables {
            return self.of(table).cloned().unwrap_or_default();
        }
        let known = |joined: &[(Vec<Name>, Arc<ColumnRules>)]| {
            joined.iter().find(|(names, _)| names == tables).map(|(_, rules)| rules.clone())
        };
        if let Some(rules) = known(&self.joined.read().unwrap_or_else(PoisonError::into_inner)) {
            return rules;
        }
        let parts: Vec<_> = tables.iter().filter_map(|table| self.of(table).cloned()).collect();
        let rules = Arc::new(ColumnRules::joined(&parts));
        self.joined.write().unwrap_or_else(PoisonError::into_inner).push((tables.to_vec(), rules.clone()));
        rules
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::schema::SchemaBuilder;

    use super::*;

    fn classes(rules: &ColumnRules, names: &[&str]) -> Vec<Option<Class>> {
        let mut hint = 0;
        names.iter().map(|name| rules.class(name, &mut hint)).collect()
    }

    #[test]
    fn a_column_is_found_whatever_the_order_of_the_row() {
        let table = Table::new("t")
            .column(Column::text("a").public())
            .column(Column::text("b"))
            .column(Column::text("c").secure());
        let rules = ColumnRules::new(&table);
        let [a, b, c] = [Some(Class::Public), Some(Class::Private), Some(Class::Secure)];
        assert_eq!(classes(&rules, &["a", "b", "c"]), [a, b, c]);
        assert_eq!(classes(&rules, &["c", "a", "x", "b"]), [c, a, None, b]);
    }

    #[test]
    fn who_may_not_see_a_column_asks_for_whole_values_at_most() {
        let rules = ColumnRules::new(
            &Table::new("t")
                .column(Column::text("name").public())
                .column(Column::text("mail").findable())
                .column(Column::text("email"))
                .column(Column::text("type").admin())
                .column(Column::text("secret").secure().findable()),
        );
        let ask = |name| (rules.question(name, false), rules.question(name, true));
        assert_eq!(ask("name"), (Question::Any, Question::Any));
        assert_eq!(ask("mail"), (Question::Beginning, Question::Any));
        assert_eq!(ask("email"), (Question::Value, Question::Any));
        assert_eq!(ask("type"), (Question::None, Question::Any));
        assert_eq!(ask("secret"), (Question::None, Question::None));
    }

    #[test]
    fn of_joined_tables_the_first_decides_but_secure_wins() {
        let first =
            Table::new("first").column(Column::text("id").public()).column(Column::text("key").public());
        let second = Table::new("second")
            .column(Column::text("id"))
            .column(Column::text("key").secure())
            .column(Column::text("own").admin());
        let mut schema = SchemaBuilder::new();
        schema.add(first);
        schema.add(second);
        let book = RuleBook::new(Arc::new(schema.build()));
        let names: [Name; 2] = ["FIRST".into(), "second".into()];
        for _ in 0..2 {
            let rules = book.of_all(&names);
            let expected = [Class::Public, Class::Secure, Class::Admin].map(Some);
            assert_eq!(classes(&rules, &["id", "key", "own"]), expected);
        }
    }
}
