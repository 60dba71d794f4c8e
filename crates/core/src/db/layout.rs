//! What of a table is stored: its columns, its indexes, and when its records expire.

use crate::schema::{Column, ColumnType, Table};
use crate::value::Name;

use super::Sort;

/// One index as it should be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexPlan {
    /// `table_column_column_index`.
    pub(crate) name: String,
    /// Its columns in order.
    pub(crate) columns: Vec<Name>,
    /// Whether two records may not have the same values.
    pub(crate) unique: bool,
}

/// The indexes that a table describes.
pub(crate) fn indexes_of(table: &Table) -> Vec<IndexPlan> {
    // Name of the group, places and columns, uniqueness.
    type Group<'a> = (&'a str, Vec<(u16, Name)>, bool);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for column in table.columns().iter().filter(|c| !c.hidden) {
        for index in &column.indexes {
            let place = (index.position, column.name.clone());
            match groups.iter_mut().find(|g| !g.0.is_empty() && g.0 == index.group) {
                Some(group) => {
                    group.1.push(place);
                    group.2 |= index.unique;
                }
                None => groups.push((&index.group, vec![place], index.unique)),
            }
        }
    }
    let mut plans: Vec<IndexPlan> = Vec::new();
    for (_, mut places, unique) in groups {
        places.sort_by_key(|(position, _)| *position);
        let columns: Vec<Name> = places.into_iter().map(|(_, name)| name).collect();
        let name = format!("{}_{}_index", table.name, columns.join("_"));
        match plans.iter_mut().find(|plan| plan.name == name) {
            Some(plan) => plan.unique |= unique,
            None => plans.push(IndexPlan { name, columns, unique }),
        }
    }
    plans
}

/// The columns that a read returns: the ones asked for, all stored ones when none are, and those of the
/// order, which the facade needs for the next page.
pub(crate) fn selected<'t>(table: &'t Table, select: &[Name], sort: &[Sort]) -> Vec<&'t Column> {
    if select.is_empty() {
        return table.columns().iter().filter(|c| !c.hidden).collect();
    }
    let mut columns: Vec<&Column> = Vec::with_capacity(select.len() + sort.len());
    for name in select.iter().chain(sort.iter().map(|s| &s.column)) {
        match table.find(name) {
            Some(column) if !column.hidden && !columns.iter().any(|c| c.name == column.name) => {
                columns.push(column);
            }
            _ => {}
        }
    }
    columns
}

/// The column that says when a record expires, if the table has one.
pub(crate) fn expiry_of(table: &Table) -> Option<&Column> {
    table.columns().iter().find(|c| c.column_type() == ColumnType::Ttl && !c.hidden)
}
