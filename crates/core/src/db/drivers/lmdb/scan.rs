//! Going through the records of an access.

use std::ops::{Bound, ControlFlow};
use std::time::Instant;

use heed::RoTxn;

use super::access::{Access, Order, Range, Source};
use super::catalog::Record;
use super::error::{convert, timeout};
use super::index::Found;
use super::store::{Bucket, Store};
use crate::db::plain::{decode_row, prefix_end};
use crate::schema::Table;
use crate::value::Row;
use crate::{Error, Result};

/// When work has to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(pub(super) Option<Instant>);

impl Deadline {
    /// # Errors
    /// `Timeout` when the time has passed.
    pub(super) fn check(self) -> Result<()> {
        match self.0 {
            Some(end) if end <= Instant::now() => Err(timeout("reading")),
            _ => Ok(()),
        }
    }
}

/// How going through records ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visited {
    /// Well.
    Done,
    /// At long values, of which an index does not know the order. The records so far mean nothing.
    Disordered,
}

/// Gives every record of the access, in its order, until `each` breaks.
///
/// # Errors
/// Those of `each`, `Timeout`, and LMDB's.
pub(super) fn visit(
    store: &Store,
    txn: &RoTxn<'_>,
    table: (&Table, &Record),
    access: &Access<'_>,
    deadline: Deadline,
    mut each: impl FnMut(Row) -> Result<ControlFlow<()>>,
) -> Result<Visited> {
    let mut disordered = false;
    let mut looked = 0_u32;
    let walk = Walk { txn, bucket: if access.source == Source::Rows { store.rows } else { store.entries } };
    let mut item = |key: &[u8], data: &[u8]| {
        looked = looked.wrapping_add(1);
        if looked.is_multiple_of(256) {
            deadline.check()?;
        }
        let row = match access.source {
            Source::Rows => Some(decode_row(table.0, data)?),
            Source::Entries => {
                let found = parse(key, data)?;
                disordered = found.cut && access.is_ordered();
                if disordered {
                    return Ok(ControlFlow::Break(()));
                }
                store.row(txn, table.0, table.1, found.key)?
            }
        };
        row.map_or(Ok(ControlFlow::Continue(())), &mut each)
    };
    let mut range = |(start, end): &Range| match access.order {
        Order::Any | Order::Forward => walk.forward(start, end, &mut item),
        Order::Backward => walk.backward(start, end, &mut item),
        Order::Groups => walk.groups(start, end, &mut item),
    };
    let forward = matches!(access.order, Order::Any | Order::Forward);
    for at in 0..access.ranges.len() {
        let at = if forward { at } else { access.ranges.len() - 1 - at };
        if range(&access.ranges[at])?.is_break() {
            break;
        }
    }
    Ok(if disordered { Visited::Disordered } else { Visited::Done })
}

fn parse<'a>(key: &'a [u8], data: &[u8]) -> Result<Found<'a>> {
    Found::parse(key, data).ok_or_else(|| Error::internal("an index entry is damaged"))
}

/// A walk through a part of a database.
struct Walk<'t> {
    txn: &'t RoTxn<'t>,
    bucket: Bucket,
}

impl Walk<'_> {
    fn forward<F>(&self, start: &[u8], end: &[u8], item: &mut F) -> Result<ControlFlow<()>>
    where
        F: FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>>,
    {
        let range = (Bound::Included(start), Bound::Excluded(end));
        for found in self.bucket.range(self.txn, &range).map_err(convert)? {
            let (key, data) = found.map_err(convert)?;
            if item(key, data)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn backward<F>(&self, start: &[u8], end: &[u8], item: &mut F) -> Result<ControlFlow<()>>
    where
        F: FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>>,
    {
        let range = (Bound::Included(start), Bound::Excluded(end));
        for found in self.bucket.rev_range(self.txn, &range).map_err(convert)? {
            let (key, data) = found.map_err(convert)?;
            if item(key, data)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn groups<F>(&self, start: &[u8], end: &[u8], item: &mut F) -> Result<ControlFlow<()>>
    where
        F: FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>>,
    {
        let mut end = end.to_vec();
        loop {
            let range = (Bound::Included(start), Bound::Excluded(&end[..]));
            let last = self.bucket.rev_range(self.txn, &range).map_err(convert)?.next();
            let Some((key, data)) = last.transpose().map_err(convert)? else {
                return Ok(ControlFlow::Continue(()));
            };
            let group = parse(key, data)?.prefix;
            let group_end = prefix_end(group).filter(|e| *e < end).unwrap_or_else(|| end.clone());
            if self.forward(group.max(start), &group_end, item)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            end = group.to_vec();
        }
    }
}
