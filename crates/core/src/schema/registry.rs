use std::collections::HashMap;
use std::sync::Arc;

use super::Table;

/// Collects the tables of all modules.
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    tables: Vec<Table>,
}

impl SchemaBuilder {
    /// No tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table; one of the same name is merged into, attribute by attribute.
    pub fn add(&mut self, table: Table) {
        match self.tables.iter_mut().find(|t| t.name == table.name) {
            Some(known) => known.merge(table),
            None => self.tables.push(table),
        }
    }

    /// Adds all tables of another collection, in their order.
    pub fn extend(&mut self, others: Self) {
        others.tables.into_iter().for_each(|table| self.add(table));
    }

    /// The schema, from now on fixed. Columns that are computed make no table: where nobody has declared one that is
    /// stored, the table that they are for does not take part.
    pub fn build(self) -> Schema {
        let computed =
            |table: &Table| !table.columns().is_empty() && table.columns().iter().all(|c| c.hidden);
        let tables: Vec<Arc<Table>> =
            self.tables.into_iter().filter(|table| !computed(table)).map(Arc::new).collect();
        let mut by_name = HashMap::new();
        for table in &tables {
            by_name.insert(table.name.to_string(), table.clone());
            for alias in &table.aliases {
                by_name.insert(alias.to_string(), table.clone());
            }
        }
        Schema { tables, by_name }
    }
}

/// All tables that an application knows.
#[derive(Debug, Default)]
pub struct Schema {
    tables: Vec<Arc<Table>>,
    by_name: HashMap<String, Arc<Table>>,
}

impl Schema {
    /// A table by its name or alias, whatever the case of the letters.
    pub fn find(&self, name: &str) -> Option<&Arc<Table>> {
        match self.by_name.get(name) {
            None if name.bytes().any(|b| b.is_ascii_uppercase()) => self.by_name.get(&name.to_lowercase()),
            found => found,
        }
    }

    /// All tables in order of declaration.
    pub fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    #[test]
    fn computed_columns_alone_make_no_table() {
        let computed = || Table::new("t").column(Column::text("seen").hidden());
        let mut builder = SchemaBuilder::new();
        builder.add(computed());
        assert!(builder.clone().build().find("t").is_none());
        builder.add(Table::new("t").column(Column::text("id").primary()));
        assert_eq!(builder.build().find("t").map(|table| table.columns().len()), Some(2));
    }
}
