//! Changes as update expressions, where the service can make them by itself.

use aws_sdk_dynamodb::types::AttributeValue;

use super::convert::encode;
use super::expression::Terms;
use crate::db::Op;
use crate::db::driver::Change;
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Value};

/// An update expression in the making.
#[derive(Debug, Default)]
pub(super) struct Update {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    /// What must hold of the stored record for the changes to mean what they should.
    pub(super) guards: Vec<String>,
}

impl Update {
    /// Sets a column; null takes it away.
    pub(super) fn set(&mut self, terms: &mut Terms, column: &Column, value: &Value) {
        let name = terms.name(&column.name);
        match encode(column, value) {
            Some(attribute) => self.set.push(format!("{name} = {}", terms.value(attribute))),
            None => self.remove.push(name),
        }
    }

    /// The expression; none when nothing changes.
    pub(super) fn expression(&self) -> Option<String> {
        let clause = |word: &str, parts: &[String]| {
            (!parts.is_empty()).then(|| format!("{word} {}", parts.join(", ")))
        };
        let clauses = [clause("SET", &self.set), clause("REMOVE", &self.remove), clause("ADD", &self.add)];
        let clauses: Vec<String> = clauses.into_iter().flatten().collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }

    /// Adds a change; none when the service cannot make it exactly.
    fn change(&mut self, terms: &mut Terms, column: &Column, change: &Change) -> Option<()> {
        let kind = column.column_type();
        match change.op {
            Op::Set => self.set(terms, column, &change.value),
            Op::Unset => self.set(terms, column, &Value::Null),
            Op::NotExists => {
                let attribute = encode(column, &change.value)?;
                let (name, value) = (terms.name(&column.name), terms.value(attribute));
                self.set.push(format!("{name} = if_not_exists({name}, {value})"));
            }
            Op::Incr | Op::Add if is_integer(kind) => self.incr(terms, &column.name, change.value.as_int()?),
            Op::Add if kind == ColumnType::List => {
                let name = terms.name(&column.name);
                let none = terms.value(AttributeValue::L(Vec::new()));
                let more = terms.value(encode(column, &change.value)?);
                self.set.push(format!("{name} = list_append(if_not_exists({name}, {none}), {more})"));
            }
            Op::Add if kind == ColumnType::Set => {
                let elements = encode(column, &change.value)?;
                let stored = match &elements {
                    AttributeValue::Ss(_) => "SS",
                    AttributeValue::Ns(_) => "NS",
                    _ => return None,
                };
                let name = terms.name(&column.name);
                let stored = terms.value(AttributeValue::S(stored.to_owned()));
                self.guards
                    .push(format!("(attribute_not_exists({name}) OR attribute_type({name}, {stored}))"));
                let elements = terms.value(elements);
                self.add.push(format!("{name} {elements}"));
            }
            _ => return None,
        }
        Some(())
    }

    /// Adds to an integer; the guard keeps the sum within 64 bits.
    fn incr(&mut self, terms: &mut Terms, column: &Name, by: i64) {
        let name = terms.name(column);
        let number = |n: i64| AttributeValue::N(n.to_string());
        let (zero, value) = (terms.value(number(0)), terms.value(number(by)));
        self.set.push(format!("{name} = if_not_exists({name}, {zero}) + {value}"));
        let (test, bound) = if by < 0 { (">=", i64::MIN - by) } else { ("<=", i64::MAX - by) };
        let bound = terms.value(number(bound));
        self.guards.push(format!("(attribute_not_exists({name}) OR {name} {test} {bound})"));
    }
}

fn is_integer(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Int | ColumnType::Counter | ColumnType::Time | ColumnType::Ttl)
}

/// The update that makes these changes; none when the service cannot make all of them exactly: it does not
/// join texts, adds reals as decimals, and takes nothing out of lists by value.
pub(super) fn update(terms: &mut Terms, table: &Table, changes: &[Change]) -> Option<Update> {
    let mut update = Update::default();
    for change in changes {
        update.change(terms, table.find(&change.column)?, change)?;
    }
    Some(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(column: Column, op: Op, value: impl Into<Value>) -> Option<(String, usize)> {
        let change = Change { column: column.name.clone(), op, value: value.into() };
        let update = update(&mut Terms::default(), &Table::new("t").column(column), &[change])?;
        Some((update.expression().unwrap_or_default(), update.guards.len()))
    }

    #[test]
    fn what_the_service_can_do_needs_no_reading() {
        let expected = |text: &str, guards| Some((text.to_owned(), guards));
        assert_eq!(expression(Column::text("c"), Op::Set, "x"), expected("SET #n0 = :v0", 0));
        assert_eq!(expression(Column::text("c"), Op::Set, Value::Null), expected("REMOVE #n0", 0));
        assert_eq!(
            expression(Column::counter("c"), Op::Incr, 2),
            expected("SET #n0 = if_not_exists(#n0, :v0) + :v1", 1)
        );
        assert_eq!(
            expression(Column::list("c"), Op::Add, vec!["x"]),
            expected("SET #n0 = list_append(if_not_exists(#n0, :v0), :v1)", 0)
        );
        let set = Value::Set(vec!["x".into()]);
        assert_eq!(expression(Column::set("c"), Op::Add, set), expected("ADD #n0 :v1", 1));
    }

    #[test]
    fn what_it_would_do_differently_is_not_left_to_it() {
        assert_eq!(expression(Column::real("c"), Op::Incr, 0.1), None);
        assert_eq!(expression(Column::text("c"), Op::Append, "x"), None);
        assert_eq!(expression(Column::list("c"), Op::Del, vec!["x"]), None);
        assert_eq!(expression(Column::set("c"), Op::Add, Value::Set(Vec::new())), None);
    }

    #[test]
    fn the_bounds_of_a_sum_do_not_overflow() {
        for by in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert!(expression(Column::int("c"), Op::Incr, by).is_some());
        }
    }
}
