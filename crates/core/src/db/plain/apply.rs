use crate::db::Op;
use crate::db::driver::Change;
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Makes the changes to a record. A column that is not there counts as null.
///
/// # Errors
/// `Invalid` when a number would be out of range, or a change does not fit the type of its column; the
/// row may then have a part of the changes.
pub(crate) fn apply(table: &Table, row: &mut Row, changes: &[Change]) -> Result<()> {
    for change in changes {
        let Some(column) = table.find(&change.column) else {
            return Err(Error::invalid(format!("no column {:.60} in table {}", change.column, table.name)));
        };
        let stored = row.get_mut(&column.name).map(std::mem::take).unwrap_or_default();
        row.set(column.name.clone(), changed(column, stored, change)?);
    }
    Ok(())
}

fn changed(column: &Column, stored: Value, change: &Change) -> Result<Value> {
    let kind = column.column_type();
    let given = &change.value;
    let is_list = matches!(kind, ColumnType::List | ColumnType::Set | ColumnType::Array | ColumnType::Json);
    Ok(match change.op {
        Op::Set => given.clone(),
        Op::Unset => Value::Null,
        Op::NotExists if stored.is_null() => given.clone(),
        Op::NotExists => stored,
        Op::Incr | Op::Add if is_number(kind) => sum(column, &stored, given)?,
        Op::Add | Op::Append if is_list => add(column, stored, given)?,
        Op::Del if is_list => remove(column, stored, given)?,
        Op::Append if is_text(kind) => join(&stored, given),
        Op::Prepend if is_text(kind) => join(given, &stored),
        op => {
            let name = &column.name;
            return Err(Error::invalid(format!("{name} is {kind:?}, the change {op:?} does not fit it")));
        }
    })
}

fn is_number(kind: ColumnType) -> bool {
    use ColumnType::{Counter, Int, Real, Time, Ttl};
    matches!(kind, Int | Counter | Real | Time | Ttl)
}

fn is_text(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text | ColumnType::Email | ColumnType::Phone)
}

/// The sum, null counting as 0: exact for integers, never beyond what a column holds.
fn sum(column: &Column, stored: &Value, by: &Value) -> Result<Value> {
    let real = |number: &Value| match number {
        Value::Null => Some(0.0),
        Value::Int(i) => Some(*i as f64),
        Value::Real(r) => Some(*r),
        _ => None,
    };
    let int = |number: &Value| match number {
        Value::Null => Some(0),
        number => number.as_int(),
    };
    let sum = match (int(stored), int(by)) {
        (Some(a), Some(b)) if column.column_type() != ColumnType::Real => a.checked_add(b).map(Value::Int),
        _ => match (real(stored), real(by)) {
            (Some(a), Some(b)) => Some(a + b).filter(|sum| sum.is_finite()).map(Value::Real),
            _ => return Err(Error::invalid(format!("{} is not a number to add to", column.name))),
        },
    };
    sum.ok_or_else(|| Error::invalid(format!("{} is out of range after adding", column.name)))
}

fn add(column: &Column, stored: Value, given: &Value) -> Result<Value> {
    let unique = column.column_type() == ColumnType::Set;
    let mut list = list(column, stored)?.unwrap_or_default();
    for element in elements(given) {
        if !(unique && list.contains(element)) {
            list.push(element.clone());
        }
    }
    if unique {
        list.sort_by(|a, b| crate::db::evaluate::compare(a, b).unwrap_or_else(|| a.kind().cmp(b.kind())));
    }
    Ok(whole(column, list))
}

fn remove(column: &Column, stored: Value, given: &Value) -> Result<Value> {
    let Some(mut list) = list(column, stored)? else { return Ok(Value::Null) };
    list.retain(|element| !elements(given).contains(element));
    Ok(whole(column, list))
}

fn whole(column: &Column, list: Vec<Value>) -> Value {
    if column.column_type() == ColumnType::Set { Value::Set(list) } else { Value::List(list) }
}

/// The stored elements; none for null.
fn list(column: &Column, stored: Value) -> Result<Option<Vec<Value>>> {
    match stored {
        Value::Null => Ok(None),
        Value::List(list) | Value::Set(list) => Ok(Some(list)),
        _ => Err(Error::invalid(format!("the stored value of {} is not a list", column.name))),
    }
}

fn elements(given: &Value) -> &[Value] {
    given.as_list().unwrap_or(std::slice::from_ref(given))
}

fn join(first: &Value, second: &Value) -> Value {
    let [first, second] = [first, second].map(|v| v.as_str().unwrap_or_default());
    Value::Text([first, second].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .column(Column::int("n"))
            .column(Column::real("r"))
            .column(Column::text("t"))
            .column(Column::list("l"))
            .column(Column::set("s").of_int())
    }

    fn check(column: &str, stored: impl Into<Value>, op: Op, given: impl Into<Value>) -> Result<Value> {
        let mut row = Row::new().with(column, stored);
        apply(&table(), &mut row, &[Change { column: column.into(), op, value: given.into() }])?;
        Ok(row.get(column).cloned().unwrap_or_default())
    }

    #[test]
    fn numbers_add_exactly_or_not_at_all() {
        assert_eq!(check("n", Value::Null, Op::Incr, 2).expect("adds"), 2.into());
        assert_eq!(check("n", i64::MAX - 1, Op::Incr, 1).expect("adds"), i64::MAX.into());
        assert_eq!(check("r", 1.5, Op::Incr, 1).expect("adds"), 2.5.into());
        let too_much = [("n", Value::Int(i64::MAX), Value::Int(1)), ("r", f64::MAX.into(), f64::MAX.into())];
        for (column, stored, by) in too_much {
            let error = check(column, stored, Op::Incr, by).map_err(|e: Error| e.kind());
            assert_eq!(error, Err(crate::ErrorKind::Invalid));
        }
    }

    #[test]
    fn lists_keep_and_sets_drop_what_is_there_already() {
        let texts = |t: &[&str]| Value::List(t.iter().copied().map(Into::into).collect());
        let numbers = |n: &[i64]| Value::Set(n.iter().copied().map(Into::into).collect());
        assert_eq!(check("l", Value::Null, Op::Add, texts(&["a"])).expect("adds"), texts(&["a"]));
        assert_eq!(check("l", texts(&["a"]), Op::Add, texts(&["a"])).expect("adds"), texts(&["a", "a"]));
        assert_eq!(check("s", numbers(&[9]), Op::Add, numbers(&[2, 9])).expect("adds"), numbers(&[2, 9]));
        assert_eq!(check("s", numbers(&[2, 9]), Op::Del, numbers(&[9])).expect("removes"), numbers(&[2]));
        assert_eq!(check("l", Value::Null, Op::Del, texts(&["a"])).expect("removes"), Value::Null);
    }

    #[test]
    fn texts_grow_at_both_ends_and_null_is_empty() {
        assert_eq!(check("t", "b", Op::Prepend, "a").expect("joins"), "ab".into());
        assert_eq!(check("t", "b", Op::Append, "c").expect("joins"), "bc".into());
        assert_eq!(check("t", Value::Null, Op::Append, "c").expect("joins"), "c".into());
        assert_eq!(check("t", "b", Op::NotExists, "c").expect("stays"), "b".into());
        assert_eq!(check("t", "b", Op::Unset, Value::Null).expect("goes"), Value::Null);
        assert!(check("n", 1, Op::Append, "c").is_err());
    }
}
