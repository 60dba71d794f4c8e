//! Which index answers a condition and an order, and which part of it.
//!
//! The range is never too small, it may be too large: every record found is compared with the whole
//! condition all the same.

use std::ops::Bound;

use super::keys::ORDER;
use super::layout::{Shape, StoredIndex};
use crate::db::plain::{prefix_end, push_text_prefix, push_value};
use crate::db::{Condition, Op, Query, Sort};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Value};

/// A walk through an index.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// The index; none for the order of keys.
    pub(super) index: Option<&'a StoredIndex>,
    /// The least member.
    pub(super) low: Vec<u8>,
    /// All members are less than this one, if there is one.
    pub(super) high: Option<Vec<u8>>,
    /// From the greatest to the least.
    pub(super) reverse: bool,
    /// Records come in the order that was asked for.
    pub(super) in_order: bool,
    /// Records come in the order of these columns, the first ones of the order.
    pub(super) leading: Vec<Name>,
}

impl Walk<'_> {
    /// The sorted set, within the table.
    pub(super) fn part(&self) -> String {
        self.index.map_or_else(|| ORDER.to_owned(), StoredIndex::part)
    }
}

/// The walk that reads the fewest records for a page: after `after`, in the order of `sort`.
pub(super) fn plan<'a>(
    shape: &'a Shape,
    table: &Table,
    query: &Query,
    sort: &[Sort],
    after: Option<&[Value]>,
) -> Walk<'a> {
    let keys: Vec<Name> = table.keys().map(|column| column.name.clone()).collect();
    let usable = shape.indexes.iter().filter(|index| {
        index.ready && index.columns.iter().all(|(name, _)| table.find(name).is_some_and(|c| !c.hidden))
    });
    let mut best = candidate(None, &keys, table, query, sort, after);
    for index in usable {
        let columns = index.columns.iter().map(|(name, _)| Name::from(name.as_str()));
        let columns: Vec<Name> = columns.chain(keys.iter().cloned()).collect();
        let found = candidate(Some(index), &columns, table, query, sort, after);
        if found.0 > best.0 {
            best = found;
        }
    }
    best.1
}

/// A walk through one index and how good it is.
fn candidate<'a>(
    index: Option<&'a StoredIndex>,
    columns: &[Name],
    table: &Table,
    query: &Query,
    sort: &[Sort],
    after: Option<&[Value]>,
) -> (u32, Walk<'a>) {
    let fixed = |name: &str| {
        query.conditions.iter().find(|c| *c.column == *name && matches!(c.op, Some(Op::Eq | Op::Null)))
    };
    let (start, equal) = prefix(columns, table, fixed);
    let (mut low, mut high, mut narrow) = (start.clone(), prefix_end(&start), false);
    let open =
        equal.checked_sub(1).and_then(|last| columns.get(last)).is_some_and(|name| is_open(table, name));
    if let Some(column) = columns.get(equal).filter(|_| !open).and_then(|name| table.find(name)) {
        for condition in query.conditions.iter().filter(|c| c.column == column.name) {
            let range = range(&start, column, condition);
            narrow |= range.is_some();
            let (from, to) = range.unwrap_or((Bound::Unbounded, Bound::Unbounded));
            tighten(&mut low, &mut high, from, to);
        }
    }
    // Columns that are the same in all records say nothing about the order.
    let free: Vec<(usize, &Sort)> =
        sort.iter().enumerate().filter(|(_, sort)| fixed(&sort.column).is_none()).collect();
    let walked = columns[equal..].iter().filter(|name| fixed(name).is_none());
    let reverse = free.first().is_some_and(|(_, sort)| sort.descending);
    let is_next =
        |((_, sort), name): &(&(usize, &Sort), &Name)| sort.column == **name && sort.descending == reverse;
    let mut leading: Vec<Name> =
        free.iter().zip(walked).take_while(is_next).map(|(_, name)| name.clone()).collect();
    if open {
        leading.clear();
    } else if let Some(at) = leading.iter().position(|name| is_open(table, name)) {
        leading.truncate(at + 1);
    }
    let in_order = leading.len() == free.len();
    if let Some(after) = after.filter(|_| !open) {
        let value = |name: &Name| match fixed(name) {
            Some(condition) => Some(&condition.value),
            None if !leading.contains(name) => None,
            None => sort.iter().position(|s| s.column == *name).and_then(|at| after.get(at)),
        };
        let position = position(start, &columns[equal..], table, value);
        let end = prefix_end(&position);
        if reverse {
            tighten(&mut low, &mut high, Bound::Unbounded, end.map_or(Bound::Unbounded, Bound::Excluded));
        } else {
            tighten(&mut low, &mut high, Bound::Included(position), Bound::Unbounded);
        }
    }
    let score = equal as u32 * 8
        + u32::from(narrow) * 4
        + u32::from(in_order) * 5
        + u32::from(!in_order && !leading.is_empty()) * 2;
    // Without a use of its own, an index is but a longer way to the records; a whole key is the shortest.
    let whole_key = index.is_none() && equal == columns.len();
    let score = if whole_key { u32::MAX } else { score * 2 + u32::from(index.is_none()) };
    (score, Walk { index, low, high, reverse, in_order, leading })
}

/// The bytes that all members of the condition start with, and the number of columns in them.
fn prefix<'q>(
    columns: &[Name],
    table: &Table,
    fixed: impl Fn(&str) -> Option<&'q Condition>,
) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    for (at, name) in columns.iter().enumerate() {
        let (Some(condition), Some(column)) = (fixed(name), table.find(name)) else { return (bytes, at) };
        push_value(&mut bytes, &condition.value, Some(column));
        if is_open(table, name) {
            return (bytes, at + 1);
        }
    }
    (bytes, columns.len())
}

/// The start of members at the position of a record.
fn position<'v>(
    mut bytes: Vec<u8>,
    columns: &[Name],
    table: &Table,
    value: impl Fn(&Name) -> Option<&'v Value>,
) -> Vec<u8> {
    for name in columns {
        let (Some(value), Some(column)) = (value(name), table.find(name)) else { break };
        push_value(&mut bytes, value, Some(column));
        if is_open(table, name) {
            break;
        }
    }
    bytes
}

/// In a key, the digits of a decimal follow its value: what comes after does not follow directly.
pub(super) fn is_open(table: &Table, name: &str) -> bool {
    table.find(name).is_some_and(|column| column.column_type() == ColumnType::Decimal)
}

/// An end of a range of members.
type Edge = Bound<Vec<u8>>;

/// The members for a comparison of the column after `start`; none when they are not one range.
fn range(start: &[u8], column: &Column, condition: &Condition) -> Option<(Edge, Edge)> {
    let of = |value: &Value| {
        let mut bytes = start.to_vec();
        push_value(&mut bytes, value, Some(column));
        bytes
    };
    let through = |bytes: Vec<u8>| prefix_end(&bytes).map_or(Bound::Unbounded, Bound::Excluded);
    let value = &condition.value;
    Some(match condition.op? {
        Op::Gt | Op::Ge => (Bound::Included(of(value)), Bound::Unbounded),
        Op::Lt | Op::Le => (Bound::Unbounded, through(of(value))),
        Op::Between => match value.as_list()? {
            [low, high] => (Bound::Included(of(low)), through(of(high))),
            _ => return None,
        },
        Op::BeginsWith => {
            let mut bytes = start.to_vec();
            push_text_prefix(&mut bytes, value.as_str()?);
            (Bound::Included(bytes.clone()), through(bytes))
        }
        _ => return None,
    })
}

fn tighten(low: &mut Vec<u8>, high: &mut Option<Vec<u8>>, from: Edge, to: Edge) {
    if let Bound::Included(from) = from
        && from > *low
    {
        *low = from;
    }
    if let Bound::Excluded(to) = to
        && high.as_ref().is_none_or(|high| to < *high)
    {
        *high = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("n").index())
            .column(Column::text("a").index_in("ab", 0))
            .column(Column::int("b").index_in("ab", 1))
    }

    /// Which index is walked and how.
    fn check(query: &Query, sort: &[(&str, bool)], expected: &str) {
        let table = table();
        let shape = Shape::of(&table);
        let sort: Vec<Sort> = sort
            .iter()
            .map(|(c, descending)| Sort { column: (*c).into(), descending: *descending })
            .collect();
        let walk = plan(&shape, &table, query, &sort, None);
        let order = match (walk.in_order, walk.leading.len()) {
            (true, _) => "in order".to_owned(),
            (false, leading) => format!("leading {leading}"),
        };
        let direction = if walk.reverse { "down" } else { "up" };
        assert_eq!(format!("{} {direction} {order}", walk.part()), expected, "{query:?} {sort:?}");
    }

    #[test]
    fn conditions_and_orders_choose_their_index() {
        let by_id = [("id", false)];
        check(&Query::new(), &by_id, "k up in order");
        check(&Query::new(), &[("id", true)], "k down in order");
        check(&Query::new().eq("n", 1), &by_id, "i:t_n_index up in order");
        check(&Query::new().op("n", Op::Gt, 1), &[("n", false), ("id", false)], "i:t_n_index up in order");
        check(&Query::new(), &[("n", true), ("id", false)], "i:t_n_index down leading 1");
        check(&Query::new().eq("a", "x"), &[("b", false), ("id", false)], "i:t_a_b_index up in order");
        check(&Query::new().eq("id", "x").eq("n", 1), &by_id, "k up in order");
    }

    #[test]
    fn a_range_holds_what_the_condition_matches() {
        let table = table();
        let shape = Shape::of(&table);
        let index = &shape.indexes[0];
        let member = |n: i64| index.member(&crate::value::Row::new().with("n", n), b"key");
        let query = Query::new().op("n", Op::Ge, 2).op("n", Op::Lt, 4);
        let walk = plan(&shape, &table, &query, &[], None);
        let within = |n| member(n) >= walk.low && walk.high.as_ref().is_none_or(|high| member(n) < *high);
        assert_eq!([1, 2, 3, 5].map(within), [false, true, true, false]);
    }
}
