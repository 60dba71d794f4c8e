//! Column names that carry an operator, as in `num_$gt`.

/// The column and the operator in a name: `num_$gt` is `num` with `gt`. `num_$` and `num_$$` name `num`
/// again with the empty operator, which is equal.
pub(in crate::db) fn split_operator(name: &str) -> (&str, Option<&str>) {
    match name.split_once("_$") {
        Some((column, operator)) if !column.is_empty() => (column, Some(operator.trim_start_matches('$'))),
        _ => (name, None),
    }
}

/// Whether callers may put this name into a record or condition without meaning a column.
pub(super) fn is_ignored(name: &str) -> bool {
    name.starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::split_operator;

    #[test]
    fn the_operator_follows_the_first_mark() {
        assert_eq!(split_operator("num_$gt"), ("num", Some("gt")));
        assert_eq!(split_operator("num_$$"), ("num", Some("")));
        assert_eq!(split_operator("num"), ("num", None));
        assert_eq!(split_operator("_$gt"), ("_$gt", None));
        assert_eq!(split_operator("$or"), ("$or", None));
    }
}
