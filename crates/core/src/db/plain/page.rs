use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use super::order::Order;
use super::{project, push_value};
use crate::db::driver::Select;
use crate::value::{Row, Value};
use crate::{Error, ErrorKind, Result};

/// What a page may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageLimits {
    /// The most rows in memory at once while they are put in order.
    pub(crate) rows: usize,
}

/// Collects the rows of one page out of all that match: of those that come in the order of the page it
/// takes what it needs and stops, of others it never keeps more than twice as many as it needs.
pub(crate) struct Page<'a> {
    select: &'a Select,
    order: Order,
    in_order: bool,
    /// Rows up to the end of the page, those to skip included.
    wanted: usize,
    limits: PageLimits,
    rows: Vec<Row>,
    skipped: u64,
    /// The first row for each value of the unique column.
    firsts: HashMap<Vec<u8>, Row>,
}

impl<'a> Page<'a> {
    /// An empty page. `in_order` promises that rows come in the order of the page.
    ///
    /// # Errors
    /// `Invalid` for an unknown column in the order, `OverCapacity` when the page is too far from the
    /// start to be put in order.
    pub(crate) fn new(select: &'a Select, in_order: bool, limits: PageLimits) -> Result<Self> {
        let wanted = usize::try_from(select.skip).unwrap_or(usize::MAX).saturating_add(select.count);
        if !in_order && wanted > limits.rows.max(select.count) {
            return Err(over_capacity());
        }
        let order = Order::new(&select.table, &select.sort)?;
        let (rows, firsts) = (Vec::new(), HashMap::new());
        Ok(Self { select, order, in_order, wanted, limits, rows, skipped: 0, firsts })
    }

    /// Takes a row that matches; breaks when no more are needed.
    ///
    /// # Errors
    /// `Invalid` when the start of the page does not fit its order, `OverCapacity` for too many different
    /// values of the unique column.
    pub(crate) fn push(&mut self, row: Row) -> Result<ControlFlow<()>> {
        if let Some(unique) = &self.select.unique {
            let value = row.get(unique).cloned().unwrap_or_default();
            return self.push_first(&value, row).map(ControlFlow::Continue);
        }
        if self.is_before_start(&row)? {
            return Ok(ControlFlow::Continue(()));
        }
        if !self.in_order {
            self.rows.push(row);
            if self.rows.len() >= self.wanted.saturating_mul(2).max(64) {
                self.cut();
            }
            return Ok(ControlFlow::Continue(()));
        }
        if self.skipped < self.select.skip {
            self.skipped += 1;
        } else if self.rows.len() < self.select.count {
            self.rows.push(row);
        }
        Ok(if self.rows.len() < self.select.count {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    }

    /// Whether a row that comes after all of those so far, in the order of the page, is not needed.
    pub(crate) fn is_full(&self) -> bool {
        self.select.unique.is_none() && self.rows.len() >= self.wanted
    }

    /// The rows of the page, with the columns that were asked for.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(mut self) -> Result<Vec<Row>> {
        if self.select.unique.is_some() {
            for (_, row) in std::mem::take(&mut self.firsts) {
                if !self.is_before_start(&row)? {
                    self.rows.push(row);
                }
            }
        }
        let mut skip = 0;
        if self.select.unique.is_some() || !self.in_order {
            self.cut();
            skip = usize::try_from(self.select.skip).unwrap_or(usize::MAX);
        }
        let Select { table, select, sort, .. } = self.select;
        Ok(self.rows.iter().skip(skip).map(|row| project(table, row, select, sort)).collect())
    }

    // The value of the column decides, decimals by their size and not by how they are written.
    fn push_first(&mut self, value: &Value, row: Row) -> Result<()> {
        let column = self.select.unique.as_deref().and_then(|name| self.select.table.find(name));
        let mut bytes = Vec::new();
        push_value(&mut bytes, value, column);
        let seen = self.firsts.len();
        match self.firsts.entry(bytes) {
            Entry::Occupied(mut first) if self.order.compare(&row, first.get()).is_lt() => {
                first.insert(row);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(_) if seen >= self.limits.rows => return Err(over_capacity()),
            Entry::Vacant(place) => {
                place.insert(row);
            }
        }
        Ok(())
    }

    fn is_before_start(&self, row: &Row) -> Result<bool> {
        match &self.select.after {
            Some(values) => Ok(!self.order.is_after(row, values)?),
            None => Ok(false),
        }
    }

    fn cut(&mut self) {
        self.rows.sort_by(|a, b| self.order.compare(a, b));
        self.rows.truncate(self.wanted);
    }
}

fn over_capacity() -> Error {
    Error::new(
        ErrorKind::OverCapacity,
        "the page needs too many rows in memory, use the token of the page before or an indexed order",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::{Query, Sort};
    use crate::schema::{Column, Table};

    const LIMITS: PageLimits = PageLimits { rows: 4 };

    fn select(count: usize) -> Select {
        let table = Table::new("t").column(Column::int("id").primary()).column(Column::int("n"));
        let sort = ["n", "id"].map(|column| Sort { column: column.into(), descending: false });
        Select {
            table: Arc::new(table),
            query: Query::new(),
            select: vec!["id".into()],
            sort: sort.into(),
            count,
            after: None,
            skip: 0,
            unique: None,
        }
    }

    fn ids(select: &Select, in_order: bool, rows: impl IntoIterator<Item = (i64, i64)>) -> Result<Vec<i64>> {
        let mut page = Page::new(select, in_order, LIMITS)?;
        for (id, n) in rows {
            if page.push(Row::new().with("id", id).with("n", n).with("more", 1))?.is_break() {
                break;
            }
        }
        let rows = page.finish()?;
        assert!(rows.iter().all(|row| row.len() == 2), "{rows:?}");
        Ok(rows.iter().filter_map(|row| row.int("id")).collect())
    }

    fn mixed() -> impl Iterator<Item = (i64, i64)> {
        (0..200).map(|id| ((id * 77) % 200, 0))
    }

    #[test]
    fn rows_in_any_order_are_put_in_order() {
        assert_eq!(ids(&select(3), false, mixed()).expect("fits"), [0, 1, 2]);
        let second = Select { after: Some(vec![0.into(), 5.into()]), skip: 1, ..select(2) };
        assert_eq!(ids(&second, false, mixed()).expect("fits"), [7, 8]);
    }

    #[test]
    fn rows_in_order_end_with_the_page() {
        let rows = (0..).map(|id| (id, 0));
        let second = Select { after: Some(vec![0.into(), 5.into()]), skip: 1, ..select(2) };
        assert_eq!(ids(&second, true, rows).expect("fits"), [7, 8]);
    }

    #[test]
    fn a_unique_column_gives_its_first_rows_before_the_page_starts() {
        let rows = || [(4, 2), (1, 2), (3, 1), (5, 3)];
        let unique = Select { unique: Some("n".into()), ..select(9) };
        assert_eq!(ids(&unique, false, rows()).expect("fits"), [3, 1, 5]);
        let later = Select { after: Some(vec![2.into(), 1.into()]), ..unique };
        assert_eq!(ids(&later, false, rows()).expect("fits"), [5]);
    }

    #[test]
    fn what_needs_too_much_memory_is_refused() {
        let far = Select { skip: 4, ..select(2) };
        assert_eq!(ids(&far, false, mixed()).expect_err("refused").kind(), ErrorKind::OverCapacity);
        let unique = Select { unique: Some("id".into()), ..select(2) };
        assert_eq!(ids(&unique, false, mixed()).expect_err("refused").kind(), ErrorKind::OverCapacity);
    }
}
