use super::Options;
use crate::value::{Name, Row};

/// A page of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The records.
    pub rows: Vec<T>,
    /// The token of the next page; none at the end.
    pub next_token: Option<String>,
    /// The number of matching records, when only that was asked for.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// The one row of [`Options::first`] and [`Options::last`]; none when nothing matches.
    pub fn into_row(self) -> Option<T> {
        self.rows.into_iter().next()
    }
}

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The number of records written; 0 when a condition did not hold.
    pub affected: u64,
    /// The record that [`Options::returning`] asks for.
    pub row: Option<Row>,
    /// The record as it was prepared, when [`Options::prepared`] asks for it.
    pub prepared: Option<Row>,
}

/// The kind of an operation within a batch or transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// As [`Db::get`](super::Db::get); not within a transaction.
    Get,
    /// As [`Db::add`](super::Db::add).
    Add,
    /// As [`Db::put`](super::Db::put).
    Put,
    /// As [`Db::update`](super::Db::update).
    Update,
    /// As [`Db::incr`](super::Db::incr).
    Incr,
    /// As [`Db::del`](super::Db::del).
    Del,
}

/// One operation of a batch or transaction.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What to do.
    pub action: Action,
    /// In which table.
    pub table: Name,
    /// With which record or key.
    pub record: Row,
    /// And how.
    pub options: Options,
}

impl Operation {
    /// An operation with the usual options.
    pub fn new(action: Action, table: &str, record: Row) -> Self {
        Self { action, table: table.into(), record, options: Options::default() }
    }
}

/// What one operation of a batch gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The record of a get.
    Row(Option<Row>),
    /// What a write did.
    Written(Written),
}
