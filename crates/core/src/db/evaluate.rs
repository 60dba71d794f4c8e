//! Conditions in memory: whether a row satisfies a checked [`Query`].
//!
//! Drivers of products without a query language use this, and it is what the others are compared with.

use std::cmp::Ordering;

use regex::Regex;

use super::{Condition, Group, GroupKind, Op, Query, pattern};
use crate::Result;
use crate::schema::{ColumnType, Table};
use crate::value::{Name, Row, Value};

/// A checked condition made ready to be asked of many rows.
pub struct Matcher {
    tests: Vec<Test>,
    groups: Vec<(GroupKind, Matcher)>,
}

struct Test {
    column: Name,
    op: Op,
    value: Value,
    decimal: bool,
    pattern: Option<Regex>,
}

impl Matcher {
    /// Prepares a condition that the facade has checked.
    ///
    /// # Errors
    /// `Invalid` for a pattern that does not compile.
    pub fn new(table: &Table, query: &Query) -> Result<Self> {
        let tests = query.conditions.iter().map(|c| Test::new(table, c)).collect::<Result<_>>()?;
        let group = |g: &Group| Ok((g.kind, Self::new(table, &g.query)?));
        Ok(Self { tests, groups: query.groups.iter().map(group).collect::<Result<_>>()? })
    }

    /// Whether the row satisfies the condition. What cannot be known because of a null is not satisfied,
    /// and the negation of a group is exact: it holds of every row for which the group does not.
    pub fn matches(&self, row: &Row) -> bool {
        self.tests.iter().all(|t| t.holds(row)) && self.groups.iter().all(|(kind, g)| g.as_group(*kind, row))
    }

    fn as_group(&self, kind: GroupKind, row: &Row) -> bool {
        match kind {
            GroupKind::And => self.matches(row),
            GroupKind::Not => !self.matches(row),
            GroupKind::Or => {
                self.tests.iter().any(|t| t.holds(row))
                    || self.groups.iter().any(|(kind, g)| g.as_group(*kind, row))
            }
        }
    }
}

impl Test {
    fn new(table: &Table, condition: &Condition) -> Result<Self> {
        let op = condition.op.unwrap_or(Op::Eq);
        let text = condition.value.as_str().unwrap_or_default();
        let pattern = match op {
            Op::Like | Op::NotLike => Some(pattern::like(text, false)?),
            Op::ILike | Op::NotILike => Some(pattern::like(text, true)?),
            Op::Regexp | Op::NotRegexp => Some(pattern::regexp(text, false)?),
            Op::IRegexp | Op::NotIRegexp => Some(pattern::regexp(text, true)?),
            Op::IBeginsWith => Some(pattern::begins(text, true)?),
            _ => None,
        };
        let column = table.find(&condition.column);
        Ok(Self {
            column: condition.column.clone(),
            op,
            value: condition.value.clone(),
            decimal: column.is_some_and(|c| c.column_type() == ColumnType::Decimal),
            pattern,
        })
    }

    fn holds(&self, row: &Row) -> bool {
        let stored = match row.get(&self.column) {
            None => path(row, &self.column),
            found => found,
        };
        let stored = match (self.op, stored.filter(|v| !v.is_null())) {
            (Op::Null, stored) => return stored.is_none(),
            (Op::NotNull, stored) => return stored.is_some(),
            (Op::None, _) => return true,
            // Excluding nothing restricts nothing, not even nulls.
            (Op::NotIn | Op::NotContains, _) if self.value.as_list().is_some_and(<[_]>::is_empty) => {
                return true;
            }
            (_, None) => return false,
            (_, Some(stored)) => stored,
        };
        let order = || self.compare(stored, &self.value);
        let text = stored.as_str().unwrap_or_default();
        let wanted = self.value.as_str().unwrap_or_default();
        match self.op {
            Op::Eq => order() == Some(Ordering::Equal),
            Op::Ne => order().is_some_and(Ordering::is_ne),
            Op::Gt => order().is_some_and(Ordering::is_gt),
            Op::Ge => order().is_some_and(Ordering::is_ge),
            Op::Lt => order().is_some_and(Ordering::is_lt),
            Op::Le => order().is_some_and(Ordering::is_le),
            Op::Between => self.within(stored),
            Op::NotBetween => !self.within(stored),
            Op::In => self.is_one(stored),
            Op::NotIn => !self.is_one(stored),
            Op::BeginsWith => text.starts_with(wanted),
            Op::NotBeginsWith => !text.starts_with(wanted),
            Op::EndsWith => text.ends_with(wanted),
            Op::NotEndsWith => !text.ends_with(wanted),
            Op::Contains => self.contains(stored),
            Op::NotContains => !self.contains(stored),
            Op::AllIn => self.has_all(stored),
            Op::NotAllIn => !self.has_all(stored),
            Op::Like | Op::ILike | Op::Regexp | Op::IRegexp | Op::IBeginsWith => self.is_match(text),
            Op::NotLike | Op::NotILike | Op::NotRegexp | Op::NotIRegexp => !self.is_match(text),
            // The facade lets no change into a condition.
            _ => false,
        }
    }

    fn compare(&self, stored: &Value, wanted: &Value) -> Option<Ordering> {
        match (stored, wanted) {
            (Value::Text(a), Value::Text(b)) if self.decimal => Some(compare_decimals(a, b)),
            _ => compare(stored, wanted),
        }
    }

    fn within(&self, stored: &Value) -> bool {
        let bounds = self.value.as_list().unwrap_or_default();
        let [low, high] = bounds else { return false };
        self.compare(stored, low).is_some_and(Ordering::is_ge)
            && self.compare(stored, high).is_some_and(Ordering::is_le)
    }

    fn is_one(&self, stored: &Value) -> bool {
        let choice = self.value.as_list().unwrap_or_default();
        choice.iter().any(|v| self.compare(stored, v) == Some(Ordering::Equal))
    }

    fn contains(&self, stored: &Value) -> bool {
        match (stored, &self.value) {
            (Value::Text(text), Value::Text(wanted)) => text.contains(wanted.as_str()),
            (Value::List(has) | Value::Set(has), wanted) => {
                wanted.as_list().unwrap_or_default().iter().any(|w| has.contains(w))
            }
            _ => false,
        }
    }

    fn has_all(&self, stored: &Value) -> bool {
        let has = stored.as_list().unwrap_or_default();
        self.value.as_list().unwrap_or_default().iter().all(|w| has.contains(w))
    }

    fn is_match(&self, text: &str) -> bool {
        self.pattern.as_ref().is_some_and(|p| p.is_match(text))
    }
}

/// The value at `a.b.c` within the object `a`.
fn path<'a>(row: &'a Row, path: &str) -> Option<&'a Value> {
    let (base, rest) = path.split_once('.')?;
    rest.split('.').try_fold(row.get(base)?, |value, step| match value {
        Value::Map(row) => row.get(step),
        _ => None,
    })
}

/// The order of two values of one column; none when they have none.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Real(b)) => (*a as f64).partial_cmp(b),
        (Value::Real(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The order of two decimal numbers by value, not by text: 9 is less than 10, and 1.5 equals 1.50.
pub fn compare_decimals(a: &str, b: &str) -> Ordering {
    fn parts(text: &str) -> (bool, &str, &str) {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |d| (true, d));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        (negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction)
    }
    let (a, b) = (parts(a), parts(b));
    let size = a.1.len().cmp(&b.1.len()).then_with(|| a.1.cmp(b.1)).then_with(|| a.2.cmp(b.2));
    match (a.0, b.0) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    fn check(query: &Query, row: &Row, expected: bool) {
        let table = Table::new("t").column(Column::decimal("dec"));
        let matcher = Matcher::new(&table, query).expect("compiles");
        assert_eq!(matcher.matches(row), expected, "{query:?} of {row:?}");
    }

    fn row() -> Row {
        Row::new()
            .with("num", 5)
            .with("none", Value::Null)
            .with("name", "50%")
            .with("tags", vec!["t1", "t2"])
            .with("dec", "10.50")
            .with("obj", Row::new().with("a", 1))
    }

    #[test]
    fn null_matches_nothing_but_null() {
        for op in [Op::Eq, Op::Ne, Op::Lt, Op::Ge] {
            check(&Query::new().op("none", op, 1), &row(), false);
            check(&Query::new().op("absent", op, 1), &row(), false);
        }
        check(&Query::new().op("none", Op::NotIn, vec![Value::Int(1)]), &row(), false);
        check(&Query::new().op("none", Op::NotBeginsWith, "x"), &row(), false);
        check(&Query::new().op("none", Op::Null, Value::Null), &row(), true);
        check(&Query::new().not(Query::new().eq("none", 1)), &row(), true);
    }

    #[test]
    fn texts_are_literal_unless_the_operator_says_pattern() {
        check(&Query::new().op("name", Op::Contains, "%"), &row(), true);
        check(&Query::new().op("name", Op::BeginsWith, "_"), &row(), false);
        check(&Query::new().op("name", Op::Like, "_0%"), &row(), true);
        check(&Query::new().op("name", Op::Regexp, "^5"), &row(), true);
        check(&Query::new().op("name", Op::NotRegexp, "^5"), &row(), false);
    }

    #[test]
    fn lists_are_asked_by_element() {
        check(&Query::new().op("tags", Op::Contains, vec!["zz", "t2"]), &row(), true);
        check(&Query::new().op("tags", Op::Contains, vec!["t"]), &row(), false);
        check(&Query::new().op("tags", Op::AllIn, vec!["t1", "t2"]), &row(), true);
        check(&Query::new().op("tags", Op::NotAllIn, vec!["t1", "t12"]), &row(), true);
    }

    #[test]
    fn groups_join_as_they_say() {
        let num = |n: i64| Query::new().eq("num", n);
        check(&Query::new().or(num(1).eq("num", 5)), &row(), true);
        check(&Query::new().and(num(1).eq("num", 5)), &row(), false);
        check(&Query::new().not(num(5).eq("name", "x")), &row(), true);
        check(&Query::new().or(num(1).and(num(5).eq("name", "50%"))), &row(), true);
    }

    #[test]
    fn decimals_and_paths_compare_by_value() {
        check(&Query::new().op("dec", Op::Gt, "9"), &row(), true);
        check(&Query::new().eq("dec", "10.5"), &row(), true);
        check(&Query::new().eq("obj.a", 1), &row(), true);
        assert_eq!(compare_decimals("-0", "0.00"), Ordering::Equal);
        assert_eq!(compare_decimals("-10", "-9"), Ordering::Less);
    }
}
