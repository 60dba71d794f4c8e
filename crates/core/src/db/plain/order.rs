use std::cmp::Ordering;

use crate::db::Sort;
use crate::db::evaluate::{compare, compare_decimals};
use crate::schema::{ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// An order of records made ready to compare many: null is the least value, texts compare by bytes,
/// decimals by value.
pub(super) struct Order {
    columns: Vec<Ordered>,
}

struct Ordered {
    name: Name,
    descending: bool,
    decimal: bool,
}

impl Order {
    /// Prepares an order.
    ///
    /// # Errors
    /// `Invalid` for an unknown column.
    pub(super) fn new(table: &Table, sort: &[Sort]) -> Result<Self> {
        let column = |one: &Sort| match table.find(&one.column) {
            Some(column) => Ok(Ordered {
                name: column.name.clone(),
                descending: one.descending,
                decimal: column.column_type() == ColumnType::Decimal,
            }),
            None => Err(Error::invalid(format!(
                "no column {:.60} in table {} to sort by",
                one.column, table.name
            ))),
        };
        Ok(Self { columns: sort.iter().map(column).collect::<Result<_>>()? })
    }

    /// The order of two records.
    pub(super) fn compare(&self, a: &Row, b: &Row) -> Ordering {
        self.columns
            .iter()
            .map(|column| column.compare(a.get(&column.name), b.get(&column.name)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Whether a record comes strictly after the one with these values of the columns.
    ///
    /// # Errors
    /// `Invalid` when there is not one value for each column.
    pub(super) fn is_after(&self, row: &Row, values: &[Value]) -> Result<bool> {
        if values.len() != self.columns.len() {
            return Err(Error::invalid("the paging token does not fit the order"));
        }
        let order = self
            .columns
            .iter()
            .zip(values)
            .map(|(column, value)| column.compare(row.get(&column.name), Some(value)))
            .find(|order| order.is_ne());
        Ok(order == Some(Ordering::Greater))
    }
}

impl Ordered {
    fn compare(&self, a: Option<&Value>, b: Option<&Value>) -> Ordering {
        let order = match (a.filter(|v| !v.is_null()), b.filter(|v| !v.is_null())) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(Value::Text(a)), Some(Value::Text(b))) if self.decimal => compare_decimals(a, b),
            (Some(a), Some(b)) => compare(a, b).unwrap_or_else(|| by_form(a, b)),
        };
        if self.descending { order.reverse() } else { order }
    }
}

/// Some order of values that have none, the same everywhere.
fn by_form(a: &Value, b: &Value) -> Ordering {
    a.kind().cmp(b.kind()).then_with(|| a.to_json().to_string().cmp(&b.to_json().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    fn order(sort: &[(&str, bool)]) -> Order {
        let table = Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("n"))
            .column(Column::decimal("d"));
        let sort: Vec<Sort> = sort
            .iter()
            .map(|(c, descending)| Sort { column: (*c).into(), descending: *descending })
            .collect();
        Order::new(&table, &sort).expect("columns are known")
    }

    fn row(id: &str, n: impl Into<Value>) -> Row {
        Row::new().with("id", id).with("n", n)
    }

    #[test]
    fn null_is_first_and_descending_last() {
        let up = order(&[("n", false), ("id", false)]);
        assert_eq!(up.compare(&row("b", Value::Null), &row("a", -1)), Ordering::Less);
        assert_eq!(up.compare(&row("b", 1), &row("a", 1)), Ordering::Greater);
        let down = order(&[("n", true), ("id", false)]);
        assert_eq!(down.compare(&row("b", Value::Null), &row("a", -1)), Ordering::Greater);
        assert_eq!(down.compare(&row("b", 1), &row("a", 1)), Ordering::Greater);
    }

    #[test]
    fn a_position_excludes_its_own_row() {
        let down = order(&[("n", true), ("id", false)]);
        let position = [Value::Int(1), "b".into()];
        let after = |row: &Row| down.is_after(row, &position).expect("fits");
        assert!(after(&row("c", 1)) && after(&row("a", 0)) && after(&row("a", Value::Null)));
        assert!(!after(&row("b", 1)) && !after(&row("a", 1)) && !after(&row("z", 2)));
        assert!(down.is_after(&row("a", 1), &position[..1]).is_err());
    }

    #[test]
    fn decimals_order_by_value_and_texts_by_bytes() {
        let decimal = |d: &str| Row::new().with("d", d).with("id", d);
        assert_eq!(order(&[("d", false)]).compare(&decimal("9"), &decimal("10.5")), Ordering::Less);
        assert_eq!(order(&[("id", false)]).compare(&decimal("9"), &decimal("10.5")), Ordering::Greater);
    }
}
