//! Which part of the file a condition needs, and in which order it lies there. Pure.
//!
//! What is chosen is always a superset: records are checked against the whole condition afterwards.

use super::catalog::Record;
use super::index::{ID, VALUES_MAX, whole};
use crate::db::plain::{prefix_end, push_text_prefix, push_value};
use crate::db::upgrade::{is_alike, kind_name};
use crate::db::{Op, Query, Sort};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Value};

/// The most ranges of one access: lists of values beyond that are left to the check of records.
const MAX_RANGES: usize = 64;

/// Bytes of keys, from the first, included, to the second, excluded.
pub(super) type Range = (Vec<u8>, Vec<u8>);

/// Ranges of keys to read.
#[derive(Debug)]
pub(super) struct Access<'a> {
    /// Where.
    pub(super) source: Source,
    /// In order, without overlap.
    pub(super) ranges: Vec<Range>,
    /// How the order that was asked for comes out of it.
    pub(super) order: Order,
    path: Path<'a>,
    /// How many columns it bounds.
    score: usize,
}

/// What has the ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The records.
    Rows,
    /// The entries of an index.
    Entries,
}

/// How to go through the ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// In any way: records come in no order that was asked for.
    Any,
    /// From the first to the last.
    Forward,
    /// From the last to the first.
    Backward,
    /// Entries of equal values together, the greatest first, each group from its first to its last.
    Groups,
}

/// The columns that the bytes of a key consist of.
#[derive(Clone, Debug)]
struct Path<'a> {
    id: u32,
    /// Those of the index; none for records.
    own: Vec<&'a Column>,
    /// Those of the primary key.
    keys: Vec<&'a Column>,
}

impl<'a> Access<'a> {
    /// The way with the most bounds, of those with equally many one in the order `sort`.
    pub(super) fn best(table: &'a Table, record: &Record, query: &Query, sort: &[Sort]) -> Self {
        let keys: Vec<_> = table.keys().collect();
        let rows = Path { id: record.id, own: Vec::new(), keys: keys.clone() };
        let mut best = Self::of(rows, query, sort);
        for index in &record.indexes {
            let own: Option<Vec<_>> =
                index.columns.iter().map(|name| as_stored(table, record, name)).collect();
            let Some(own) = own else { continue };
            let other = Self::of(Path { id: index.id, own, keys: keys.clone() }, query, sort);
            if other.rank() > best.rank() {
                best = other;
            }
        }
        best
    }

    fn of(path: Path<'a>, query: &Query, sort: &[Sort]) -> Self {
        let (source, columns) = match path.own.is_empty() {
            true => (Source::Rows, &path.keys),
            false => (Source::Entries, &path.own),
        };
        let (ranges, score) = ranges(path.id, columns, source, query);
        let order = path.order(query, sort);
        Self { source, ranges, order, path, score }
    }

    // An index without bounds costs more than all records, unless it gives the order.
    fn rank(&self) -> (usize, bool) {
        (self.score, self.order != Order::Any)
    }

    /// Whether records come in the order that was asked for.
    pub(super) fn is_ordered(&self) -> bool {
        self.order != Order::Any
    }

    /// Leaves out most of what comes before the record with the values `after` of the columns `sort`.
    pub(super) fn start_after(&mut self, query: &Query, sort: &[Sort], after: &[Value]) {
        let value = |column: &Column| {
            let sorted = sort.iter().zip(after).find(|(one, _)| one.column == column.name);
            sorted.map(|(_, value)| value).or_else(|| equal_to(query, &column.name))
        };
        let mut position = self.path.id.to_be_bytes().to_vec();
        for column in &self.path.own {
            let Some(value) = value(column) else { return };
            push_value(&mut position, value, Some(column));
        }
        if position.len() > ID + VALUES_MAX {
            return;
        }
        let values = position.len();
        for column in &self.path.keys {
            let Some(value) = value(column) else { return };
            push_value(&mut position, value, Some(column));
            if column.column_type() == ColumnType::Decimal {
                push_value(&mut position, value, None);
            }
        }
        for (start, end) in &mut self.ranges {
            match self.order {
                Order::Any => {}
                Order::Forward if *start < position => start.clone_from(&position),
                Order::Backward if *end > position => end.clone_from(&position),
                Order::Groups => {
                    if let Some(last) = prefix_end(&position[..values]).filter(|last| last < end) {
                        *end = last;
                    }
                }
                Order::Forward | Order::Backward => {}
            }
        }
        self.ranges.retain(|(start, end)| start < end);
    }
}

impl Path<'_> {
    fn order(&self, query: &Query, sort: &[Sort]) -> Order {
        if !self.own.iter().chain(&self.keys).all(|column| has_order(column)) {
            return Order::Any;
        }
        // A column that has one value only orders nothing, nor does one that came before.
        let constant = |name: &Name| equal_to(query, name).is_some();
        let mut wanted: Vec<&Sort> = Vec::new();
        for one in sort.iter().filter(|one| !constant(&one.column)) {
            if !wanted.iter().any(|known| known.column == one.column) {
                wanted.push(one);
            }
        }
        let mut has: Vec<&Name> = Vec::new();
        let mut own = 0;
        for (at, column) in self.own.iter().chain(&self.keys).enumerate() {
            if !constant(&column.name) && !has.contains(&&column.name) {
                has.push(&column.name);
                own += usize::from(at < self.own.len());
            }
        }
        if wanted.len() != has.len() || !wanted.iter().zip(&has).all(|(one, name)| one.column == **name) {
            return Order::Any;
        }
        let (values, keys) = wanted.split_at(own);
        let all = |part: &[&Sort], descending| part.iter().all(|one| one.descending == descending);
        match () {
            () if all(values, false) && all(keys, false) => Order::Forward,
            () if all(values, true) && all(keys, true) => Order::Backward,
            () if all(values, true) && all(keys, false) => Order::Groups,
            () => Order::Any,
        }
    }
}

/// The column, if what was stored of it is what the table declares now.
fn as_stored<'a>(table: &'a Table, record: &Record, name: &Name) -> Option<&'a Column> {
    let column = table.find(name).filter(|column| !column.hidden)?;
    is_alike(record.kind(name)?, &kind_name(column)).then_some(column)
}

fn has_order(column: &Column) -> bool {
    use ColumnType::{Array, Json, List, Object, Set};
    !matches!(column.column_type(), Json | Object | Array | List | Set)
}

/// The value that a column must have, if the condition says one.
fn equal_to<'q>(query: &'q Query, name: &Name) -> Option<&'q Value> {
    let mut conditions = query.conditions.iter().filter(|c| c.column == *name);
    conditions.find(|c| matches!(c.op, Some(Op::Eq | Op::Null) | None)).map(|c| &c.value)
}

/// The ranges of keys that start with a number and the values that a condition allows of these columns.
fn ranges(id: u32, columns: &[&Column], source: Source, query: &Query) -> (Vec<Range>, usize) {
    let mut prefixes = vec![id.to_be_bytes().to_vec()];
    let mut score = 0;
    for column in columns.iter().filter(|column| has_order(column)) {
        let encoded = |value: &Value| {
            let mut bytes = Vec::new();
            push_value(&mut bytes, value, Some(column));
            bytes
        };
        if let Some(values) = values(query, column, MAX_RANGES / prefixes.len()) {
            let mut next: Vec<Vec<u8>> = values.iter().map(|value| encoded(value)).collect();
            next.sort();
            next.dedup();
            prefixes = prefixes.iter().flat_map(|p| next.iter().map(|n| [&p[..], n].concat())).collect();
            score += 2;
            // The key of a record has more bytes of a decimal, for the way it is written.
            if source == Source::Rows && column.column_type() == ColumnType::Decimal {
                break;
            }
            continue;
        }
        if let Some((start, end)) = bounds(query, column, &encoded) {
            let range = |prefix: &Vec<u8>| {
                let start = [&prefix[..], &start].concat();
                let end = end.as_ref().map_or_else(|| whole_of(prefix), |end| [&prefix[..], end].concat());
                (start, end)
            };
            return (fitting(prefixes.iter().map(range)), score + 1);
        }
        break;
    }
    let all = if score == 0 { vec![whole(id)] } else { Vec::new() };
    let ranges = prefixes.iter().filter(|_| score > 0).map(|p| (p.clone(), whole_of(p)));
    (if score == 0 { all } else { fitting(ranges) }, score)
}

fn whole_of(prefix: &[u8]) -> Vec<u8> {
    // A number comes first, and the last number is never given out.
    prefix_end(prefix).unwrap_or_default()
}

/// Ranges of bytes no longer than stored values are, without those that are empty.
fn fitting(ranges: impl Iterator<Item = Range>) -> Vec<Range> {
    let cut = |(mut start, mut end): Range| {
        start.truncate(ID + VALUES_MAX);
        if end.len() > ID + VALUES_MAX {
            end = whole_of(&end[..ID + VALUES_MAX]);
        }
        (start, end)
    };
    let mut ranges: Vec<_> = ranges.map(cut).filter(|(start, end)| start < end).collect();
    // Cut values may be equal.
    ranges.dedup();
    ranges
}

/// The values that a column may have, at most so many.
fn values<'q>(query: &'q Query, column: &Column, most: usize) -> Option<Vec<&'q Value>> {
    if let Some(value) = equal_to(query, &column.name) {
        return Some(vec![value]);
    }
    let lists = query.conditions.iter().filter(|c| c.column == column.name && c.op == Some(Op::In));
    lists.filter_map(|c| c.value.as_list()).find(|list| list.len() <= most).map(|l| l.iter().collect())
}

/// The least bytes of the values that the condition allows of a column, and those that follow the last.
type Bounds = (Vec<u8>, Option<Vec<u8>>);

fn bounds(query: &Query, column: &Column, encoded: &impl Fn(&Value) -> Vec<u8>) -> Option<Bounds> {
    // Null is a byte of its own, and no comparison is true of it.
    let null = prefix_end(&encoded(&Value::Null))?;
    let (mut start, mut end) = (None, None);
    for condition in query.conditions.iter().filter(|c| c.column == column.name) {
        let value = &condition.value;
        match condition.op.unwrap_or(Op::Eq) {
            Op::Gt => start = prefix_end(&encoded(value)).or(start),
            Op::Ge => start = Some(encoded(value)),
            Op::Lt => end = Some(encoded(value)),
            Op::Le => end = prefix_end(&encoded(value)),
            Op::Between => {
                if let Some([low, high]) = value.as_list() {
                    start = Some(encoded(low));
                    end = prefix_end(&encoded(high));
                }
            }
            Op::BeginsWith => {
                let mut prefix = Vec::new();
                push_text_prefix(&mut prefix, value.as_str().unwrap_or_default());
                end = prefix_end(&prefix);
                start = Some(prefix);
            }
            _ => {}
        }
    }
    (start.is_some() || end.is_some()).then(|| (start.unwrap_or(null), end))
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{StoredColumn, StoredIndex};
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("n").index())
            .column(Column::text("name").index_in("both", 0))
            .column(Column::int("m").index_in("both", 1))
            .column(Column::int("free"))
    }

    fn record(table: &Table) -> Record {
        let stored = |column: &Column| StoredColumn { name: column.name.clone(), kind: kind_name(column) };
        let indexes = [(2, &["n"][..]), (3, &["name", "m"])].map(|(id, columns)| StoredIndex {
            id,
            name: id.to_string(),
            columns: columns.iter().map(|c| (*c).into()).collect(),
            unique: false,
        });
        Record {
            id: 1,
            keys: vec!["id".into()],
            columns: table.columns().iter().map(stored).collect(),
            indexes: indexes.into(),
        }
    }

    fn check(query: &Query, sort: &[&str], id: u32, ranges: usize, order: Order) {
        let table = table();
        let sort: Vec<Sort> = sort
            .iter()
            .map(|s| s.strip_prefix('!').map_or((*s, false), |s| (s, true)))
            .map(|(column, descending)| Sort { column: column.into(), descending })
            .collect();
        let record = record(&table);
        let best = Access::best(&table, &record, query, &sort);
        assert_eq!((best.path.id, best.ranges.len(), best.order), (id, ranges, order), "{query:?} {sort:?}");
        assert!(best.ranges.iter().all(|(start, end)| start < end && start.starts_with(&id.to_be_bytes())));
    }

    #[test]
    fn conditions_choose_what_bounds_them_best() {
        check(&Query::new().eq("free", 1), &[], 1, 1, Order::Any);
        check(&Query::new().eq("id", "a").eq("n", 1), &[], 1, 1, Order::Forward);
        check(&Query::new().eq("n", 1), &[], 2, 1, Order::Any);
        check(&Query::new().eq("name", "x").op("m", Op::Gt, 2).eq("n", 1), &[], 3, 1, Order::Any);
        check(
            &Query::new().op("n", Op::In, vec![3.into(), Value::Int(1)]),
            &["n", "id"],
            2,
            2,
            Order::Forward,
        );
        check(&Query::new().op("m", Op::Gt, 2), &[], 1, 1, Order::Any);
        check(&Query::new().op("name", Op::BeginsWith, "x"), &["name", "m", "id"], 3, 1, Order::Forward);
        check(&Query::new().op("n", Op::Gt, 5).op("n", Op::Lt, 3), &[], 2, 0, Order::Any);
    }

    #[test]
    fn orders_come_from_keys_and_indexes_where_they_fit() {
        check(&Query::new(), &["id"], 1, 1, Order::Forward);
        check(&Query::new(), &["!id"], 1, 1, Order::Backward);
        check(&Query::new(), &["n", "id"], 2, 1, Order::Forward);
        check(&Query::new(), &["!n", "id"], 2, 1, Order::Groups);
        check(&Query::new(), &["!n", "!id"], 2, 1, Order::Backward);
        check(&Query::new(), &["n", "!id"], 1, 1, Order::Any);
        check(&Query::new(), &["m", "id"], 1, 1, Order::Any);
        check(&Query::new().eq("name", "x"), &["!m", "id"], 3, 1, Order::Groups);
        check(&Query::new().eq("n", 1), &["id"], 2, 1, Order::Forward);
    }
}
