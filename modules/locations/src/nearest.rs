//! The nearest few of any number of records, in bounded memory.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use bkjs_core::value::{Row, Value};

/// A place in the order of a search: by distance, then by id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) distance: f64,
    pub(crate) id: String,
}

impl Eq for Position {}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Position {
    /// As a token holds it. The distance is text, which reads back as the very same number.
    pub(crate) fn to_values(&self) -> [Value; 2] {
        [self.distance.to_string().into(), self.id.as_str().into()]
    }

    pub(crate) fn from_values(values: &[Value]) -> Option<Self> {
        let [distance, id] = values else { return None };
        Some(Self { distance: distance.as_str()?.parse().ok()?, id: id.as_str()?.to_owned() })
    }
}

/// A record at its place.
struct Found {
    at: Position,
    row: Row,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps the nearest records after a position: as many as fit on a page, and one more that tells whether there is
/// another page.
pub(crate) struct Nearest {
    count: usize,
    after: Option<Position>,
    /// The farthest on top.
    kept: BinaryHeap<Found>,
}

impl Nearest {
    pub(crate) fn new(count: usize, after: Option<Position>) -> Self {
        Self { count, after, kept: BinaryHeap::new() }
    }

    pub(crate) fn offer(&mut self, at: Position, row: impl FnOnce() -> Row) {
        let before = self.after.as_ref().is_some_and(|after| at <= *after);
        let too_far = self.is_full() && self.kept.peek().is_some_and(|top| at >= top.at);
        if before || too_far {
            return;
        }
        self.kept.push(Found { at, row: row() });
        if self.kept.len() > self.count + 1 {
            self.kept.pop();
        }
    }

    /// Whether nothing that is so far away, or farther, would be kept.
    pub(crate) fn needs_nothing_from(&self, distance: f64) -> bool {
        self.is_full() && self.kept.peek().is_some_and(|top| top.at.distance < distance)
    }

    /// Whether everything up to this distance was on pages before.
    pub(crate) fn had_all_until(&self, distance: f64) -> bool {
        self.after.as_ref().is_some_and(|after| distance < after.distance)
    }

    fn is_full(&self) -> bool {
        self.kept.len() > self.count
    }

    /// The records of the page, the nearest first, and the position of the last one when there are more.
    pub(crate) fn into_page(self) -> (Vec<(f64, Row)>, Option<Position>) {
        let more = self.is_full();
        let mut found = self.kept.into_sorted_vec();
        found.truncate(self.count);
        let last = found.last().filter(|_| more).map(|found| found.at.clone());
        (found.into_iter().map(|found| (found.at.distance, found.row)).collect(), last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(distance: f64, id: &str) -> Position {
        Position { distance, id: id.to_owned() }
    }

    fn page(count: usize, after: Option<Position>) -> (Vec<f64>, Option<Position>) {
        let mut nearest = Nearest::new(count, after);
        for position in [at(3.0, "c"), at(1.0, "a"), at(2.0, "b"), at(2.0, "a"), at(0.5, "z")] {
            nearest.offer(position, Row::new);
        }
        let (rows, last) = nearest.into_page();
        (rows.into_iter().map(|(distance, _)| distance).collect(), last)
    }

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        assert_eq!(page(2, None), (vec![0.5, 1.0], Some(at(1.0, "a"))));
        assert_eq!(page(2, Some(at(1.0, "a"))), (vec![2.0, 2.0], Some(at(2.0, "b"))));
        assert_eq!(page(2, Some(at(2.0, "a"))), (vec![2.0, 3.0], None));
        assert_eq!(page(9, Some(at(2.0, "b"))), (vec![3.0], None));
    }

    #[test]
    fn a_position_comes_back_as_it_was() {
        let position = at(0.1 + 0.2, "x,y");
        assert_eq!(Position::from_values(&position.to_values()), Some(position));
        assert_eq!(Position::from_values(&[1.into(), "x".into()]), None);
    }
}
