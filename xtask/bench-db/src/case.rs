//! What is measured.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};

use crate::record::{BATCH, Extent};
use crate::side::Side;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// A record by its key.
    Get,
    /// A new record.
    Insert,
    /// A column of a record, by its key.
    Update,
    /// The twenty records of a group, in their order.
    Select,
    /// A hundred new records, each on its own.
    Batch,
}

impl Case {
    /// In the order of the table.
    pub(crate) const ALL: [Self; 5] = [Self::Get, Self::Insert, Self::Update, Self::Select, Self::Batch];

    /// The case with this name.
    ///
    /// # Errors
    /// For any other name.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match Self::ALL.iter().find(|case| case.name() == name) {
            Some(case) => Ok(*case),
            None => bail!("no operation {name}, there are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Select => "select",
            Self::Batch => "batch",
        }
    }

    /// Does it once.
    ///
    /// # Errors
    /// Those of the side; also when a record is not what it must be.
    pub(crate) async fn call(self, side: &impl Side, numbers: &Numbers) -> Result<()> {
        match self {
            Self::Get => side.get(numbers.some_record()).await,
            Self::Insert => side.insert(numbers.new_records(1)).await,
            Self::Update => side.update(numbers.some_record()).await,
            Self::Select => side.select(numbers.some_group()).await,
            Self::Batch => side.batch(numbers.new_records(BATCH)).await,
        }
    }
}

/// Which records the operations are about; both sides take from the same numbers.
pub(crate) struct Numbers {
    extent: Extent,
    next_new: AtomicU64,
    asked: AtomicU64,
}

impl Numbers {
    /// For tables with so much in them.
    pub(crate) fn new(extent: Extent) -> Self {
        Self { extent, next_new: AtomicU64::new(extent.records), asked: AtomicU64::new(0) }
    }

    /// The first of so many numbers that no record has.
    fn new_records(&self, count: u64) -> u64 {
        self.next_new.fetch_add(count, Ordering::Relaxed)
    }

    fn some_record(&self) -> u64 {
        self.some(self.extent.records)
    }

    fn some_group(&self) -> u64 {
        self.some(self.extent.groups)
    }

    /// One of `count` numbers, never the neighbour of the last one.
    fn some(&self, count: u64) -> u64 {
        self.asked.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) % count
    }
}
