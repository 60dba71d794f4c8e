//! Types where a store keeps values of the framework's own: their names, and which may stand for each other.

use crate::schema::{Column, ColumnType};

/// The name that the type of a column is stored under.
pub(crate) fn kind_name(column: &Column) -> String {
    type_name(column.column_type())
}

fn type_name(kind: ColumnType) -> String {
    format!("{kind:?}").to_lowercase()
}

/// Whether values that were stored as one type are values of the other, by their stored names.
pub(crate) fn is_alike(stored: &str, wanted: &str) -> bool {
    stored == wanted || class(stored).is_some_and(|class_of_stored| class(wanted) == Some(class_of_stored))
}

/// What types are stored alike.
fn class(kind: &str) -> Option<ColumnType> {
    const CLASSES: [&[ColumnType]; 3] = [
        &[ColumnType::Int, ColumnType::Counter, ColumnType::Time, ColumnType::Ttl],
        &[ColumnType::Text, ColumnType::Email, ColumnType::Phone],
        &[ColumnType::Json, ColumnType::Object, ColumnType::Array],
    ];
    let class = CLASSES.iter().find(|class| class.iter().any(|one| type_name(*one) == kind))?;
    class.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_one_kind_of_value_are_alike() {
        for (stored, wanted) in [("int", "counter"), ("text", "email"), ("object", "json"), ("set", "set")] {
            assert!(is_alike(stored, wanted), "{stored} {wanted}");
        }
        for (stored, wanted) in
            [("int", "text"), ("text", "decimal"), ("list", "set"), ("bool", "int"), ("real", "int")]
        {
            assert!(!is_alike(stored, wanted), "{stored} {wanted}");
        }
    }
}
