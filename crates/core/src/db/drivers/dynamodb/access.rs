//! Which part of a table a read has to look at.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Terms;
use super::key::KeyShape;
use crate::Result;
use crate::db::driver::Select;
use crate::db::{Op, Query, Sort};
use crate::schema::ColumnType;
use crate::value::{Name, Value};

/// The most hash keys that are asked one after the other rather than by reading the whole table.
const MAX_HASHES: usize = 100;

/// Where the records that may match are.
#[derive(Debug, PartialEq)]
pub(super) enum Access {
    /// Anywhere.
    Scan,
    /// Under these hash keys.
    Query {
        /// The hash keys; none when nothing can match.
        hashes: Vec<AttributeValue>,
        /// Which range keys.
        range: Range,
        /// Whether they come in the order of the page, and then which way.
        order: Option<Direction>,
    },
}

/// A part of the range keys of one hash key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Range {
    low: Option<AttributeValue>,
    high: Option<AttributeValue>,
    prefix: Option<AttributeValue>,
}

/// Which way records are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// By rising range keys.
    Up,
    /// By falling ones.
    Down,
}

impl Access {
    /// Where the records are for which a condition may hold.
    ///
    /// # Errors
    /// `Invalid` for a key that the service cannot have.
    pub(super) fn of(shape: &KeyShape<'_>, query: &Query) -> Result<Self> {
        let Some(hashes) = hashes(shape, query)? else { return Ok(Self::Scan) };
        let range = if shape.is_joined() { joined_range(shape, query) } else { range(shape, query)? };
        Ok(Self::Query { hashes, range, order: None })
    }

    /// Where the records of a page are.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn of_page(shape: &KeyShape<'_>, select: &Select) -> Result<Self> {
        let mut access = Self::of(shape, &select.query)?;
        if let Self::Query { hashes, range, order } = &mut access
            && hashes.len() == 1
            && select.unique.is_none()
            && let Some(direction) = direction(shape, &select.sort)
        {
            *order = Some(direction);
            if let Some(after) =
                select.after.as_deref().and_then(|after| position(shape, &select.sort, after))
            {
                range.start(direction, after);
            }
        }
        Ok(access)
    }
}

impl Range {
    /// Continues at a position, which is included.
    fn start(&mut self, direction: Direction, position: AttributeValue) {
        // The service takes one test: the bound is worth more than the prefix, which is asked again anyway.
        self.prefix = None;
        match direction {
            Direction::Up => self.low = Some(position),
            Direction::Down => self.high = Some(position),
        }
    }

    /// The test of the range key; none when all keys are asked for.
    pub(super) fn expression(&self, terms: &mut Terms, name: &str) -> Option<String> {
        if let Some(prefix) = &self.prefix {
            return Some(format!("begins_with({}, {})", terms.name(name), terms.value(prefix.clone())));
        }
        match (&self.low, &self.high) {
            (None, None) => None,
            (Some(low), None) => Some(format!("{} >= {}", terms.name(name), terms.value(low.clone()))),
            (None, Some(high)) => Some(format!("{} <= {}", terms.name(name), terms.value(high.clone()))),
            (Some(low), Some(high)) => {
                let (low, high) = (terms.value(low.clone()), terms.value(high.clone()));
                Some(format!("{} BETWEEN {low} AND {high}", terms.name(name)))
            }
        }
    }
}

fn hashes(shape: &KeyShape<'_>, query: &Query) -> Result<Option<Vec<AttributeValue>>> {
    for condition in query.conditions.iter().filter(|c| *c.column == *shape.hash()) {
        let values = match (condition.op, &condition.value) {
            // Decimals that are written differently are equal.
            _ if shape.columns[0].column_type() == ColumnType::Decimal => continue,
            (Some(Op::Eq), value) => std::slice::from_ref(value),
            (Some(Op::In), value) => value.as_list().unwrap_or_default(),
            _ => continue,
        };
        if values.len() > MAX_HASHES {
            continue;
        }
        let mut hashes = Vec::with_capacity(values.len());
        // No record has an empty key.
        for value in values.iter().filter(|value| !value.is_empty()) {
            let hash = shape.part(0, value)?;
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
        return Ok(Some(hashes));
    }
    Ok(None)
}

fn range(shape: &KeyShape<'_>, query: &Query) -> Result<Range> {
    let mut range = Range::default();
    let Some(column) = shape.columns.get(1) else { return Ok(range) };
    if matches!(column.column_type(), ColumnType::Decimal | ColumnType::Real) {
        return Ok(range);
    }
    for condition in query.conditions.iter().filter(|c| c.column == column.name) {
        let (low, high) = match (condition.op, &condition.value) {
            (Some(Op::Eq), value) => (Some(value), Some(value)),
            (Some(Op::Gt | Op::Ge), value) => (Some(value), None),
            (Some(Op::Lt | Op::Le), value) => (None, Some(value)),
            (Some(Op::Between), Value::List(bounds)) => (bounds.first(), bounds.get(1)),
            (Some(Op::BeginsWith), value) if !value.is_empty() => {
                if range == Range::default() {
                    range.prefix = Some(shape.part(1, value)?);
                }
                continue;
            }
            _ => continue,
        };
        // The first test is enough for the service; all of them are asked again of what it finds.
        if range == Range::default() && bounded(low, high) {
            range.low = low.filter(|v| !v.is_empty()).map(|v| shape.part(1, v)).transpose()?;
            range.high = high.filter(|v| !v.is_empty()).map(|v| shape.part(1, v)).transpose()?;
        }
    }
    Ok(range)
}

/// Whether the bounds are in order: the service refuses others.
fn bounded(low: Option<&Value>, high: Option<&Value>) -> bool {
    match (low, high) {
        (Some(low), Some(high)) => {
            crate::db::evaluate::compare(low, high).is_some_and(std::cmp::Ordering::is_le)
        }
        _ => true,
    }
}

fn joined_range(shape: &KeyShape<'_>, query: &Query) -> Range {
    let equal = |name: &Name| {
        let condition = query.conditions.iter().find(|c| c.column == *name && c.op == Some(Op::Eq))?;
        (!condition.value.is_empty()).then(|| condition.value.clone())
    };
    let columns = shape.columns[1..].iter().take_while(|c| c.column_type() != ColumnType::Decimal);
    let values: Vec<Value> = columns.map_while(|column| equal(&column.name)).collect();
    let prefix = (!values.is_empty()).then(|| AttributeValue::B(Blob::new(shape.joined(&values))));
    Range { prefix, ..Range::default() }
}

/// Which way the range has to be read for an order, under one hash key; none when it is another order.
fn direction(shape: &KeyShape<'_>, sort: &[Sort]) -> Option<Direction> {
    let mut direction = None;
    let mut columns = shape.columns[1..].iter();
    for one in sort.iter().filter(|one| *one.column != *shape.hash()) {
        let this = if one.descending { Direction::Down } else { Direction::Up };
        match columns.next() {
            Some(column)
                if column.name == one.column
                    // Decimals have the order of texts in the service.
                    && column.column_type() != ColumnType::Decimal
                    && direction.is_none_or(|known| known == this) =>
            {
                direction = Some(this);
            }
            // All key columns stand in order: what follows does not matter.
            None => break,
            _ => return None,
        }
    }
    if columns.next().is_some() { None } else { Some(direction.unwrap_or(Direction::Up)) }
}

/// The range key of the record that a page continues after.
fn position(shape: &KeyShape<'_>, sort: &[Sort], after: &[Value]) -> Option<AttributeValue> {
    let value = |name: &Name| {
        let at = sort.iter().position(|one| one.column == *name)?;
        after.get(at).filter(|value| !value.is_empty())
    };
    if shape.is_joined() {
        let values: Option<Vec<Value>> = shape.columns[1..].iter().map(|c| value(&c.name).cloned()).collect();
        return Some(AttributeValue::B(Blob::new(shape.joined(&values?))));
    }
    shape.part(1, value(&shape.columns.get(1)?.name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, Table};

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("h").primary())
            .column(Column::int("r").primary())
            .column(Column::int("n"))
    }

    fn expression(query: &Query) -> Option<String> {
        let table = table();
        match Access::of(&KeyShape::of(&table).expect("key"), query).expect("fits") {
            Access::Scan => None,
            Access::Query { hashes, range, .. } => {
                let test = range.expression(&mut Terms::default(), "r").unwrap_or_default();
                Some(format!("{} {test}", hashes.len()))
            }
        }
    }

    #[test]
    fn a_hash_key_saves_reading_the_table() {
        assert_eq!(expression(&Query::new().eq("n", 1)), None);
        assert_eq!(expression(&Query::new().op("h", Op::Gt, "a")), None);
        assert_eq!(expression(&Query::new().eq("h", "a")), Some("1 ".into()));
        assert_eq!(expression(&Query::new().op("h", Op::In, vec!["a", "b", "a"])), Some("2 ".into()));
    }

    #[test]
    fn one_test_of_the_range_is_left_to_the_service() {
        let h = || Query::new().eq("h", "a");
        assert_eq!(expression(&h().op("r", Op::Gt, 1)), Some("1 #n0 >= :v0".into()));
        let between = Value::List(vec![1.into(), 2.into()]);
        assert_eq!(expression(&h().op("r", Op::Between, between)), Some("1 #n0 BETWEEN :v0 AND :v1".into()));
        let reversed = Value::List(vec![2.into(), 1.into()]);
        assert_eq!(expression(&h().op("r", Op::Between, reversed)), Some("1 ".into()));
    }

    #[test]
    fn the_order_of_the_range_needs_no_sorting() {
        let table = table();
        let shape = KeyShape::of(&table).expect("key");
        let check = |sort: &[(&str, bool)], expected| {
            let sort: Vec<Sort> =
                sort.iter().map(|(c, d)| Sort { column: (*c).into(), descending: *d }).collect();
            assert_eq!(direction(&shape, &sort), expected, "{sort:?}");
        };
        check(&[("h", false), ("r", false)], Some(Direction::Up));
        check(&[("r", true), ("h", false)], Some(Direction::Down));
        check(&[("n", false), ("h", false), ("r", false)], None);
        check(&[("h", false)], None);
    }
}
