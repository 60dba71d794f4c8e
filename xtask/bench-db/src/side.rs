//! Who does the work.

use anyhow::Result;

/// One of the two ways to the same data. Numbers of records are those of [`record`](crate::record).
pub(crate) trait Side: Send + Sync + 'static {
    /// Reads the record with this number, which must be there.
    fn get(&self, number: u64) -> impl Future<Output = Result<()>> + Send;

    /// Adds the record with this number, which is new.
    fn insert(&self, number: u64) -> impl Future<Output = Result<()>> + Send;

    /// Changes `num` of the record with this number, which must be there.
    fn update(&self, number: u64) -> impl Future<Output = Result<()>> + Send;

    /// Reads the records of this group in the order of their keys.
    fn select(&self, group: u64) -> impl Future<Output = Result<()>> + Send;

    /// Adds a hundred records from this number on.
    fn batch(&self, first: u64) -> impl Future<Output = Result<()>> + Send;
}
