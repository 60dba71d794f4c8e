use super::{Sql, kind_of};
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;
use crate::{Error, Result};

/// What a condition compares: a column, or a value within a JSON column.
pub(crate) struct Operand<'t> {
    /// The table, to qualify the name within a subquery.
    pub(crate) table: &'t Table,
    /// The column, or the one that holds the value.
    pub(crate) column: &'t Column,
    /// The names on the way to the value; empty for the column itself.
    pub(crate) path: Vec<&'t str>,
    /// The type of the values it is compared with; none when only its being null counts.
    pub(crate) kind: Option<ColumnType>,
}

impl<'t> Operand<'t> {
    /// Finds what a name means in a table; `a.b` is a path when there is no column of that name. What a path
    /// leads to is compared with values of the type of `value` only.
    ///
    /// # Errors
    /// `Invalid` for a name that is unknown, or a path into a column that holds no JSON.
    pub(crate) fn find(table: &'t Table, name: &'t str, value: &Value) -> Result<Self> {
        if let Some(column) = table.find(name) {
            return Ok(Self { table, column, path: Vec::new(), kind: Some(column.column_type()) });
        }
        let mut parts = name.split('.');
        let root = parts.next().and_then(|root| table.find(root));
        match (root, parts.collect::<Vec<_>>()) {
            (Some(column), path) if !path.is_empty() && holds_objects(column.column_type()) => {
                let kind = (!value.is_null()).then(|| kind_of(value));
                Ok(Self { table, column, path, kind })
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

    /// The path within the column, in the language of the functions of most products.
    ///
    /// # Errors
    /// `Invalid` for a name that such a path cannot have.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    pub(crate) fn json_path(&self) -> Result<String> {
        let mut text = String::from("$");
        for part in &self.path {
            // There is no way to write these within a name.
            if part.is_empty() || part.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
                let (column, path) = (&self.column.name, self.path.join("."));
                return Err(Error::invalid(format!("{column}.{path:.60} is no path")));
            }
            text.push_str(".\"");
            text.push_str(part);
            text.push('"');
        }
        Ok(text)
    }

    /// Whether `Contains` is about elements.
    pub(crate) fn is_list(&self) -> bool {
        use ColumnType::{Array, Json, List, Set};
        self.path.is_empty() && matches!(self.column.column_type(), List | Set | Array | Json)
    }
}

fn holds_objects(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Json | ColumnType::Object)
}
