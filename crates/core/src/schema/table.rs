use std::collections::HashMap;

use super::Column;
use crate::value::Name;

/// A table: its name and columns, in order.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name, in lower case.
    pub name: Name,
    /// Other names that the database calls accept for it.
    pub aliases: Vec<Name>,
    columns: Vec<Column>,
    by_name: HashMap<Name, usize>,
    keys: Vec<usize>,
    /// Columns allowed without a declaration: a pattern of names and the attributes they take.
    pub custom: Vec<(String, Column)>,
}

impl Table {
    /// A table without columns; the name is lowered.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_lowercase().into(),
            aliases: Vec::new(),
            columns: Vec::new(),
            by_name: HashMap::new(),
            keys: Vec::new(),
            custom: Vec::new(),
        }
    }

    /// The same table with another column; one of the same name is merged into.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.merge_column(column);
        self
    }

    /// The same table with another name to call it by.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_lowercase().into());
        self
    }

    /// The same table, in which columns whose whole name matches the regular expression `pattern` need no
    /// declaration of their own and take the attributes of `column`.
    #[must_use]
    pub fn custom(mut self, pattern: &str, column: Column) -> Self {
        self.custom.push((pattern.to_owned(), column));
        self
    }

    /// The columns in order of declaration.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A column by name.
    pub fn find(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name).map(|&at| &self.columns[at])
    }

    /// The columns of the primary key, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.keys.iter().map(|&at| &self.columns[at])
    }
}

impl Table {
    /// Takes over what another description of the same table says: its columns merge attribute by
    /// attribute, the later description winning.
    pub fn merge(&mut self, other: Self) {
        self.aliases.extend(other.aliases);
        self.custom.extend(other.custom);
        for column in other.columns {
            self.merge_column(column);
        }
    }

    fn merge_column(&mut self, mut column: Column) {
        if let Some(&at) = self.by_name.get(&column.name) {
            match (self.columns[at].primary, column.primary) {
                (Some(_), _) => column.primary = None,
                (None, Some(_)) => {
                    column.primary = Some(self.keys.len() as u16);
                    self.keys.push(at);
                }
                (None, None) => {}
            }
            self.columns[at].merge(column);
            return;
        }
        if column.primary.is_some() {
            column.primary = Some(self.keys.len() as u16);
            self.keys.push(self.columns.len());
        }
        self.by_name.insert(column.name.clone(), self.columns.len());
        self.columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_descriptions_win_attribute_by_attribute() {
        let mut table = Table::new("T").column(Column::text("id").primary()).column(Column::text("n").max(3));
        table.merge(Table::new("t").column(Column::int("n").public()).column(Column::int("more")));
        let n = table.find("n").expect("is there");
        assert_eq!((n.max, n.public, n.column_type()), (Some(3), Some(true), crate::schema::ColumnType::Int));
        assert_eq!((&*table.name, table.columns().len()), ("t", 3));
    }

    #[test]
    fn a_column_can_become_part_of_the_key_later() {
        let table = Table::new("t").column(Column::text("id")).column(Column::new("id").primary());
        assert_eq!(table.keys().map(|c| &*c.name).collect::<Vec<_>>(), ["id"]);
    }
}
