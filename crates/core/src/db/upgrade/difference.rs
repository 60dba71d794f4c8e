use std::fmt;

use serde::Serialize;

use crate::value::Name;

/// One thing in which a store and the description of a table differ.
///
/// Shown, it is a sentence about what an upgrade did, or left as it is; [`intent`](Self::intent) is one about what an
/// upgrade would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The table; none for what several tables need beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Name>,
    /// In what they differ.
    #[serde(flatten)]
    pub what: Differs,
}

/// A column, and the type of its values as the store names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: String,
}

/// In what a store and a description differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Differs {
    /// What holds the tables or stands beside them is missing: a schema, a database, a table of the driver's own.
    Base {
        /// Which of these.
        base: &'static str,
        /// Its name.
        name: String,
    },
    /// The table is missing.
    Table {
        /// Its columns, in order.
        columns: Vec<StoredColumn>,
        /// The columns of its key, in order.
        key: Vec<String>,
    },
    /// A column is missing.
    Column {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// A column needs another length, with which its values stay what they are.
    Length {
        /// The column.
        column: String,
        /// The type that is stored.
        stored: String,
        /// The type that it gets.
        wanted: String,
    },
    /// An index is missing.
    Index {
        /// The index.
        index: String,
        /// Its columns, in order.
        columns: Vec<String>,
        /// Whether two records may not have the same values.
        unique: bool,
    },
    /// A column has another type.
    Type {
        /// The column.
        column: String,
        /// The type that is stored.
        stored: String,
        /// The type of the description.
        wanted: String,
    },
    /// A column holds less than it would if it were made now.
    TooShort {
        /// The column.
        column: String,
        /// The type that is stored.
        stored: String,
        /// The type of the description.
        wanted: String,
    },
    /// A text is compared and sorted, or its letters are stored, in another way.
    Collation {
        /// The column.
        column: String,
        /// The collation that is stored.
        stored: String,
        /// The one that the column would have if it were made now.
        wanted: String,
    },
    /// A column may not be null in the store and has no default there, and may be null by its description.
    NotNull {
        /// The column.
        column: String,
    },
    /// The primary key is another one; nothing of the table is changed then.
    Key {
        /// The columns of the key that is stored, in order.
        stored: Vec<String>,
        /// Those of the description.
        wanted: Vec<String>,
    },
    /// An index is unique and should not be, or is not and should be.
    Uniqueness {
        /// The index.
        index: String,
        /// Whether it should be.
        unique: bool,
        /// What a person may do.
        #[serde(skip)]
        advice: &'static str,
    },
    /// A column is stored that the description does not have.
    UnknownColumn {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// A column is stored that the description does not have, and that every record needs a value for.
    UnknownRequired {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// An index is stored that the description does not have.
    UnknownIndex {
        /// The index.
        index: String,
        /// Whether two records may not have the same values.
        unique: bool,
    },
}

/// What a difference calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// An upgrade makes the store like the description.
    Change,
    /// A person has to decide; an upgrade leaves the store as it is.
    Problem,
    /// Nothing: both can live with it.
    Note,
}

impl Difference {
    /// A difference of a table.
    pub fn of(table: &Name, what: Differs) -> Self {
        Self { table: Some(table.clone()), what }
    }

    /// What it calls for.
    pub fn gravity(&self) -> Gravity {
        match self.what {
            Differs::Base { .. }
            | Differs::Table { .. }
            | Differs::Column { .. }
            | Differs::Length { .. }
            | Differs::Index { .. } => Gravity::Change,
            Differs::Type { .. }
            | Differs::TooShort { .. }
            | Differs::Collation { .. }
            | Differs::NotNull { .. }
            | Differs::Key { .. }
            | Differs::Uniqueness { .. }
            | Differs::UnknownRequired { .. } => Gravity::Problem,
            Differs::UnknownColumn { .. } | Differs::UnknownIndex { .. } => Gravity::Note,
        }
    }

    /// What a person may do about a problem; none for what is none.
    pub fn advice(&self) -> Option<&'static str> {
        match self.what {
            Differs::Type { .. } => Some(
                "give the column another name; or export the table, drop it by hand, apply, and import it with -convert",
            ),
            Differs::Key { .. } => Some(
                "give the table another name; or export the table, drop it by hand, apply, and import it with -convert",
            ),
            Differs::TooShort { .. } => {
                Some("make it longer by hand: the database refuses values that it cannot hold")
            }
            Differs::Collation { .. } => Some(
                "give it that collation by hand: values are found, sorted and unique by it, and may be too strange for it",
            ),
            Differs::NotNull { .. } => Some(
                "allow nulls in it by hand, or give it a default there: the database refuses records without a value for it",
            ),
            Differs::UnknownRequired { .. } => Some(
                "drop it by hand, allow nulls in it, or give it a default: until then no record can be added to the table",
            ),
            Differs::Uniqueness { advice, .. } => Some(advice),
            _ => None,
        }
    }

    /// What an upgrade would do about it.
    pub fn intent(&self) -> impl fmt::Display {
        Told(self, Mood::Intent)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Told(self, Mood::Done).fmt(f)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Intent,
    Done,
}

/// A difference in words.
struct Told<'a>(&'a Difference, Mood);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Difference { table, what }, mood) = self;
        if let Some(table) = table {
            write!(f, "table {table} ")?;
        }
        let index_of = |unique: bool| if unique { "unique index" } else { "index" };
        match (what, mood) {
            (Differs::Base { base, name }, Mood::Done) => write!(f, "{base} {name} created"),
            (Differs::Base { base, name }, Mood::Intent) => write!(f, "{base} {name}: create"),
            (Differs::Table { .. }, Mood::Done) => f.write_str("created"),
            (Differs::Table { columns, key }, Mood::Intent) => {
                let columns: Vec<String> = columns.iter().map(|c| format!("{} {}", c.name, c.kind)).collect();
                write!(f, "is missing: create with the key {} and {}", list(key), columns.join(", "))
            }
            (Differs::Column { column, .. }, Mood::Done) => write!(f, "column {column} added"),
            (Differs::Column { column, kind }, Mood::Intent) => {
                write!(f, "column {column} is missing: add as {kind}")
            }
            (Differs::Length { column, wanted, .. }, Mood::Done) => {
                write!(f, "column {column} made {wanted}")
            }
            (Differs::Length { column, stored, wanted }, Mood::Intent) => {
                write!(f, "column {column} is {stored}: make it {wanted}")
            }
            (Differs::Index { index, unique, .. }, Mood::Done) => {
                write!(f, "{} {index} created", index_of(*unique))
            }
            (Differs::Index { index, columns, unique }, Mood::Intent) => {
                write!(f, "{} {index} is missing: create on {}", index_of(*unique), list(columns))
            }
            (Differs::Type { column, stored, wanted }, _) => write!(
                f,
                "column {column} is {stored} in the database and {wanted} in its description: left as it is"
            ),
            (Differs::TooShort { column, stored, wanted }, _) => write!(
                f,
                "column {column} is {stored} in the database, which holds less than {wanted}: left as it is"
            ),
            (Differs::Collation { column, stored, wanted }, _) => write!(
                f,
                "column {column} has the collation {stored} in the database and needs {wanted}: left as it is"
            ),
            (Differs::NotNull { column }, _) => write!(
                f,
                "column {column} may be null by its description, but not in the database, where it has no default: \
                 left as it is"
            ),
            (Differs::Key { stored, wanted }, _) => write!(
                f,
                "has the key {} in the database and {} in its description: left as it is",
                list(stored),
                list(wanted)
            ),
            (Differs::Uniqueness { index, unique, .. }, _) => {
                let kind = if *unique { "not a unique index" } else { "a unique index" };
                write!(f, "index {index} is {kind} in the database, unlike its description: left as it is")
            }
            (Differs::UnknownColumn { column, kind }, _) => {
                write!(f, "column {column}, which is {kind}, is not in its description: left as it is")
            }
            (Differs::UnknownRequired { column, kind }, _) => write!(
                f,
                "column {column}, which is {kind}, is not in its description, may not be null and has no default: \
                 left as it is"
            ),
            (Differs::UnknownIndex { index, unique }, _) => {
                write!(f, "{} {index} is not in its description: left as it is", index_of(*unique))
            }
        }
    }
}

/// Names with commas between them.
fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_done_and_what_was_done_are_told_apart() {
        let what = Differs::Index {
            index: "t_a_b_index".into(),
            columns: vec!["a".into(), "b".into()],
            unique: true,
        };
        let difference = Difference::of(&"t".into(), what);
        assert_eq!(
            difference.intent().to_string(),
            "table t unique index t_a_b_index is missing: create on a, b"
        );
        assert_eq!(difference.to_string(), "table t unique index t_a_b_index created");
        assert_eq!((difference.gravity(), difference.advice()), (Gravity::Change, None));
    }

    #[test]
    fn a_problem_is_told_with_what_may_be_done_and_alike_before_and_after() {
        let problems = [
            Differs::Type { column: "n".into(), stored: "text".into(), wanted: "bigint".into() },
            Differs::TooShort { column: "n".into(), stored: "text".into(), wanted: "longtext".into() },
            Differs::Collation { column: "n".into(), stored: "en_US".into(), wanted: "C".into() },
            Differs::NotNull { column: "n".into() },
            Differs::UnknownRequired { column: "n".into(), kind: "text".into() },
            Differs::Key { stored: vec![], wanted: vec!["id".into()] },
            Differs::Uniqueness { index: "i".into(), unique: true, advice: "drop it" },
        ];
        for what in problems {
            let difference = Difference::of(&"t".into(), what);
            assert!(difference.advice().is_some() && difference.gravity() == Gravity::Problem);
            assert_eq!(difference.intent().to_string(), difference.to_string());
            assert!(difference.to_string().ends_with(": left as it is"), "{difference}");
        }
    }
}
