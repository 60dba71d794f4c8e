use super::difference::{Difference, Differs, Gravity, StoredColumn};
use crate::db::layout::indexes_of;
use crate::schema::{Column, Table};

/// What may be done about an index of a product in which an index can be dropped by itself.
#[cfg(any(feature = "sqlite", feature = "pooled", test))]
pub(crate) const DROP_INDEX: &str = "drop the index by hand and apply";
/// The same where it cannot.
#[cfg(feature = "plain")]
pub(crate) const MAKE_ANEW: &str = "export the table, drop it by hand, apply, and import it";

/// What a store holds of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stored {
    /// Its columns.
    pub(crate) columns: Vec<HeldColumn>,
    /// The columns of its key, in order.
    pub(crate) key: Vec<String>,
    /// Its indexes, beside the key.
    pub(crate) indexes: Vec<StoredIndex>,
}

/// A column as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeldColumn {
    /// Its name.
    pub(crate) name: String,
    /// Its type, as the store names it.
    pub(crate) kind: String,
    /// A new record needs a value for it: it may not be null, and nothing stands in.
    pub(crate) required: bool,
    /// By what a text is compared and sorted, where the store says.
    pub(crate) collation: Option<String>,
}

impl HeldColumn {
    /// A column without demands.
    #[cfg(any(feature = "plain", test))]
    pub(crate) fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), required: false, collation: None }
    }
}

/// An index as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredIndex {
    /// Its name.
    pub(crate) name: String,
    /// Whether two records may not have the same values.
    pub(crate) unique: bool,
}

/// How a stored type fits the one of a description.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fit {
    /// Values of the one are values of the other.
    Same,
    /// The same with another length, which the store can change.
    // Of MySQL only.
    #[cfg_attr(not(feature = "mysql"), allow(dead_code))]
    Length,
    /// The same, but it holds less.
    #[cfg_attr(not(feature = "mysql"), allow(dead_code))]
    Short,
    /// Neither.
    Other,
}

/// How a product stores tables.
pub(crate) trait Rules {
    /// What may be done about an index that is unique and should not be, or the other way round.
    const INDEX_ADVICE: &'static str;

    /// The type that stores a column, as the store names it.
    fn kind(&self, table: &Table, column: &Column) -> String;

    /// How a stored type fits the one that [`kind`](Self::kind) says; `in_key` when the column is of the stored key.
    fn fit(&self, stored: &str, wanted: &str, _in_key: bool) -> Fit {
        if stored == wanted { Fit::Same } else { Fit::Other }
    }

    /// The collation that a column gets; none where it is no text, or the product does not say what is stored.
    fn collation(&self, _: &Column) -> Option<&'static str> {
        None
    }

    /// Whether a stored collation does what this one does.
    fn is_same_collation(&self, stored: &str, wanted: &str) -> bool {
        stored == wanted
    }

    /// The name of an index, when the product does not allow every one.
    fn index_name(&self, name: &str) -> String {
        name.to_owned()
    }

    /// Whether two names are of the same column.
    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one == other
    }
}

/// In what a table differs from what is stored of it, which is nothing when it is not there. Changes are in the order
/// in which they can be carried out. A table with another key gets no changes: they could not be used.
pub(crate) fn differences<R: Rules>(rules: &R, table: &Table, stored: Option<&Stored>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut tell = |what| found.push(Difference::of(&table.name, what));
    let declared = || table.columns().iter().filter(|column| !column.hidden);
    let key: Vec<String> = table.keys().map(|column| column.name.to_string()).collect();
    match stored {
        None => {
            let kinds =
                declared().map(|c| StoredColumn { name: c.name.to_string(), kind: rules.kind(table, c) });
            tell(Differs::Table { columns: kinds.collect(), key });
        }
        Some(stored) => {
            let is_same = |(one, other): (&String, &String)| rules.is_same_name(one, other);
            if stored.key.len() != key.len() || !stored.key.iter().zip(&key).all(is_same) {
                tell(Differs::Key { stored: stored.key.clone(), wanted: key });
            }
            declared()
                .flat_map(|column| column_differences(rules, table, column, stored))
                .for_each(&mut tell);
        }
    }
    let nothing = Stored::default();
    let stored = stored.unwrap_or(&nothing);
    for plan in indexes_of(table) {
        let (index, unique) = (rules.index_name(&plan.name), plan.unique);
        match stored.indexes.iter().find(|known| known.name == index) {
            Some(known) if known.unique == unique => {}
            Some(_) => tell(Differs::Uniqueness { index, unique, advice: R::INDEX_ADVICE }),
            None => {
                let columns = plan.columns.iter().map(ToString::to_string).collect();
                tell(Differs::Index { index, columns, unique });
            }
        }
    }
    for HeldColumn { name, kind, required, .. } in &stored.columns {
        if !declared().any(|column| rules.is_same_name(&column.name, name)) {
            let (column, kind) = (name.clone(), kind.clone());
            // One of another key has been told.
            let required = *required && !stored.key.contains(name);
            tell(match required {
                true => Differs::UnknownRequired { column, kind },
                false => Differs::UnknownColumn { column, kind },
            });
        }
    }
    let known: Vec<String> = indexes_of(table).iter().map(|plan| rules.index_name(&plan.name)).collect();
    for StoredIndex { name, unique } in stored.indexes.iter().filter(|index| !known.contains(&index.name)) {
        tell(Differs::UnknownIndex { index: name.clone(), unique: *unique });
    }
    if found.iter().any(|difference| matches!(difference.what, Differs::Key { .. })) {
        // Lengths go by the key.
        let is_moot = |what: &Differs| matches!(what, Differs::TooShort { .. });
        found.retain(|one| one.gravity() != Gravity::Change && !is_moot(&one.what));
    }
    found
}

fn column_differences<R: Rules>(rules: &R, table: &Table, column: &Column, stored: &Stored) -> Vec<Differs> {
    let wanted = rules.kind(table, column);
    let known = stored.columns.iter().find(|known| rules.is_same_name(&known.name, &column.name));
    let name = || column.name.to_string();
    let Some(HeldColumn { kind, required, collation, .. }) = known else {
        return vec![Differs::Column { column: name(), kind: wanted }];
    };
    let in_key = stored.key.iter().any(|key| rules.is_same_name(key, &column.name));
    let stored = kind.clone();
    let mut found = Vec::new();
    match rules.fit(kind, &wanted, in_key) {
        Fit::Same => {}
        // It is made anew, as it should be.
        Fit::Length => return vec![Differs::Length { column: name(), stored, wanted }],
        Fit::Short => found.push(Differs::TooShort { column: name(), stored, wanted }),
        Fit::Other => found.push(Differs::Type { column: name(), stored, wanted }),
    }
    let is_of_type = !found.iter().any(|one| matches!(one, Differs::Type { .. }));
    if let (Some(stored), Some(wanted), true) = (collation, rules.collation(column), is_of_type)
        && !rules.is_same_collation(stored, wanted)
    {
        found.push(Differs::Collation { column: name(), stored: stored.clone(), wanted: wanted.to_owned() });
    }
    if *required && !in_key && !column.not_null {
        found.push(Differs::NotNull { column: name() });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Rules for Plain {
        const INDEX_ADVICE: &'static str = DROP_INDEX;

        fn kind(&self, _: &Table, column: &Column) -> String {
            format!("{:?}", column.column_type())
        }
    }

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("num").index())
            .column(Column::text("name").unique())
    }

    /// An exclamation mark before its name makes a column required.
    fn stored(columns: &[(&str, &str)], key: &[&str], indexes: &[(&str, bool)]) -> Stored {
        Stored {
            columns: columns
                .iter()
                .map(|(name, kind)| HeldColumn {
                    required: name.starts_with('!'),
                    ..HeldColumn::new(name.trim_start_matches('!'), *kind)
                })
                .collect(),
            key: key.iter().map(ToString::to_string).collect(),
            indexes: indexes
                .iter()
                .map(|(name, unique)| StoredIndex { name: name.to_string(), unique: *unique })
                .collect(),
        }
    }

    fn check(table: &Table, stored: Option<&Stored>, expected: &[&str]) {
        let found: Vec<String> =
            differences(&Plain, table, stored).iter().map(|d| d.intent().to_string()).collect();
        assert_eq!(found, expected);
    }

    const COLUMNS: [(&str, &str); 3] = [("id", "Text"), ("num", "Int"), ("name", "Text")];
    const INDEXES: [(&str, bool); 2] = [("t_num_index", false), ("t_name_index", true)];

    #[test]
    fn a_missing_table_comes_with_its_columns_and_indexes() {
        check(
            &table(),
            None,
            &[
                "table t is missing: create with the key id and id Text, num Int, name Text",
                "table t index t_num_index is missing: create on num",
                "table t unique index t_name_index is missing: create on name",
            ],
        );
    }

    #[test]
    fn a_table_like_its_description_has_no_differences() {
        check(&table(), Some(&stored(&COLUMNS, &["id"], &INDEXES)), &[]);
    }

    #[test]
    fn what_can_be_added_is_and_what_cannot_be_changed_is_told() {
        let columns = [("id", "Text"), ("num", "Text"), ("old", "Real")];
        check(
            &table(),
            Some(&stored(&columns, &["id"], &[("t_num_index", true), ("mine", false)])),
            &[
                "table t column num is Text in the database and Int in its description: left as it is",
                "table t column name is missing: add as Text",
                "table t index t_num_index is a unique index in the database, unlike its description: left as it is",
                "table t unique index t_name_index is missing: create on name",
                "table t column old, which is Real, is not in its description: left as it is",
                "table t index mine is not in its description: left as it is",
            ],
        );
    }

    #[test]
    fn what_records_without_a_value_would_fail_for_is_told() {
        let columns = [("!id", "Text"), ("!num", "Int"), ("name", "Text"), ("!old", "Real")];
        check(
            &table(),
            Some(&stored(&columns, &["id"], &INDEXES)),
            &[
                "table t column num may be null by its description, but not in the database, where it has no default: \
                 left as it is",
                "table t column old, which is Real, is not in its description, may not be null and has no default: \
                 left as it is",
            ],
        );
        let strict = table().column(Column::int("num").not_null()).column(Column::real("old").not_null());
        check(&strict, Some(&stored(&columns, &["id"], &INDEXES)), &[]);
    }

    #[test]
    fn a_table_with_another_key_is_not_touched() {
        let told = "table t has the key id, num in the database and id in its description: left as it is";
        check(&table(), Some(&stored(&COLUMNS[..2], &["id", "num"], &[])), &[told]);
        let columns = [("!id", "Text"), ("!num", "Int"), ("name", "Text"), ("!old", "Text")];
        check(
            &table(),
            Some(&stored(&columns, &["id", "num", "old"], &INDEXES)),
            &[
                "table t has the key id, num, old in the database and id in its description: left as it is",
                "table t column old, which is Text, is not in its description: left as it is",
            ],
        );
        let two = Table::new("t").column(Column::text("a").primary()).column(Column::text("b").primary());
        let columns = [("a", "Text"), ("b", "Text")];
        let told = "table t has the key b, a in the database and a, b in its description: left as it is";
        check(&two, Some(&stored(&columns, &["b", "a"], &[])), &[told]);
    }
}
