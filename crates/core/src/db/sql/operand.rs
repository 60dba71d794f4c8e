use super::Sql;
use crate::schema::{Column, ColumnType, Table};
use crate::{Error, Result};

/// What a condition compares: a column, or a value within a JSON column.
pub(crate) struct Operand<'t> {
    /// The table, to qualify the name within a subquery.
    pub(crate) table: &'t Table,
    /// The column, or the one that holds the value.
    pub(crate) column: &'t Column,
    /// The names on the way to the value; empty for the column itself.
    pub(crate) path: Vec<&'t str>,
}

impl<'t> Operand<'t> {
    /// Finds what a name means in a table; `a.b` is a path when there is no column of that name.
    ///
    /// # Errors
    /// `Invalid` for a name that is unknown, or a path into a column that holds no JSON.
    pub(crate) fn find(table: &'t Table, name: &'t str) -> Result<Self> {
        if let Some(column) = table.find(name) {
            return Ok(Self { table, column, path: Vec::new() });
        }
        let mut parts = name.split('.');
        let root = parts.next().and_then(|root| table.find(root));
        match (root, parts.collect::<Vec<_>>()) {
            (Some(column), path) if !path.is_empty() && holds_objects(column.column_type()) => {
                Ok(Self { table, column, path })
            }
            _ => Err(Error::invalid(format!("no column {name:.60} in table {}", table.name))),
        }
    }

    /// Appends it as it is compared.
    ///
    /// # Errors
    /// As [`Dialect::path`](super::Dialect::path).
    pub(crate) fn write(&self, sql: &mut Sql<'_>) -> Result<()> {
        if self.path.is_empty() {
            sql.dialect().comparable(sql, self.column);
            return Ok(());
        }
        sql.dialect().path(sql, self)
    }

    /// The type of values it is compared with; none for a path, whose values say it themselves.
    pub(crate) fn kind(&self) -> Option<ColumnType> {
        self.path.is_empty().then(|| self.column.column_type())
    }

    /// Whether `Contains` is about elements.
    pub(crate) fn is_list(&self) -> bool {
        use ColumnType::{Array, Json, List, Set};
        matches!(self.kind(), Some(List | Set | Array | Json))
    }
}

fn holds_objects(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Json | ColumnType::Object)
}
