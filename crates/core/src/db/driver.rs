//! The contract between the facade and a database product.
//!
//! A driver receives prepared requests: the table is known, names are its columns, values have the types
//! of their columns, generated values are in place. It decides nothing about meaning; what it cannot do
//! it refuses with [`ErrorKind::Unsupported`](crate::ErrorKind) and says so beforehand in its
//! [`Capabilities`].
//!
//! A condition that reaches a driver is in one normal form:
//!
//! - every comparison has its operator, which is never `None` nor a change; every column is declared, or a
//!   path within an object where the driver has `nested_paths`;
//! - only `Null` and `NotNull` come with null; the value of all others has the type of the column;
//! - `In` and `NotIn` have a list of at least one value without null; `Between` and `NotBetween` have two;
//! - on lists and sets there are only `Contains`, `NotContains`, `AllIn` and `NotAllIn`, each with a list of
//!   at least one element, beside `Null` and `NotNull`; JSON columns have these two only;
//! - the operators of text are on columns of text only, patterns compile and are short;
//! - groups are not empty. An empty condition means every record; what can match nothing does not arrive,
//!   except as `Null` on a key column in a write.
//!
//! What a condition means is written once, in [`evaluate`](super::evaluate).
//!
//! Changes: `Incr` is on numbers, `Add` and `Del` have a list or set and are on such columns, `Append` and
//! `Prepend` are on texts, `Unset` has null. Key columns are never among them, and there may be no change
//! at all. No two are of one column.
//!
//! Atomicity: each [`Write`] is atomic, its condition and its changes included. Writes of one
//! [`transact`](Driver::transact) are all applied or none. A write is answered when it would survive the
//! death of this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use super::capability::{Capabilities, Capability, Extent};
pub use super::upgrade::{Difference, Differs, Gravity, StoredColumn};

use super::{Op, Query, Returning, Sort};
use crate::Result;
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// A boxed future: drivers are chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One record by key.
#[derive(Clone, Debug)]
pub struct Get {
    /// The table.
    pub table: Arc<Table>,
    /// The values of the key columns, in order.
    pub key: Vec<Value>,
    /// Further conditions on the record.
    pub filter: Option<Query>,
    /// The columns to return; empty is all.
    pub select: Vec<Name>,
}

/// Records by condition.
#[derive(Clone, Debug)]
pub struct Select {
    /// The table.
    pub table: Arc<Table>,
    /// The condition.
    pub query: Query,
    /// The columns to return; empty is all.
    pub select: Vec<Name>,
    /// The order: always total, the facade adds the key columns.
    pub sort: Vec<Sort>,
    /// The most rows.
    pub count: usize,
    /// Continue after the row with these values of the `sort` columns.
    pub after: Option<Vec<Value>>,
    /// Skip so many rows (page numbers).
    pub skip: u64,
    /// One row for each value of this column.
    pub unique: Option<Name>,
}

/// A change to one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The column.
    pub column: Name,
    /// Set, Incr, Add, Del, Append, Prepend, NotExists or Unset.
    pub op: Op,
    /// With what.
    pub value: Value,
}

/// What a write does.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Stores `row`; `AlreadyExists` when its key is there, unless `do_nothing`.
    Add {
        /// The record.
        row: Row,
        /// A record that is there stays and is no error.
        do_nothing: bool,
    },
    /// Stores `row`; a record that is there keeps the columns that `row` does not name
    /// and takes none of `defaults`.
    Put {
        /// The columns given.
        row: Row,
        /// Values for a new record only.
        defaults: Row,
    },
    /// Changes the record with `key`, if it is there and `condition` holds.
    Update {
        /// The values of the key columns.
        key: Vec<Value>,
        /// The changes.
        changes: Vec<Change>,
        /// Must hold of the stored record.
        condition: Option<Query>,
        /// Stored when there is no such record.
        insert: Option<Row>,
    },
    /// Removes the record with `key`, if `condition` holds.
    Del {
        /// The values of the key columns.
        key: Vec<Value>,
        /// Must hold of the stored record.
        condition: Option<Query>,
    },
    /// Changes every record that matches.
    UpdateAll {
        /// The changes.
        changes: Vec<Change>,
        /// The condition.
        query: Query,
    },
    /// Removes every record that matches.
    DelAll {
        /// The condition.
        query: Query,
    },
}

/// One write.
#[derive(Clone, Debug)]
pub struct Write {
    /// The table.
    pub table: Arc<Table>,
    /// What to do.
    pub verb: Verb,
    /// The row to give back (of a single record only).
    pub returning: Returning,
}

impl Write {
    /// Whether a transaction fails when this one matches no record.
    // Without a driver nobody asks.
    #[cfg_attr(not(any(feature = "sqlite", feature = "pooled", feature = "plain")), allow(dead_code))]
    pub(crate) fn must_match(&self) -> bool {
        match &self.verb {
            Verb::Update { .. } => true,
            Verb::Del { condition, .. } => condition.is_some(),
            _ => false,
        }
    }
}

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affected {
    /// Records written.
    pub count: u64,
    /// The row asked for.
    pub row: Option<Row>,
}

/// A database product.
pub trait Driver: Send + Sync + 'static {
    /// The name of the product, as in `db-sqlite-pool`.
    fn name(&self) -> &'static str;

    /// Whether the records are in this process or in files of this machine: reading one by its key takes less than
    /// asking another process.
    fn is_embedded(&self) -> bool {
        false
    }

    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// One record, or none.
    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>>;

    /// The records of several keys in any order, missing ones left out.
    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>>;

    /// The rows of one page. The columns of `sort` are always among those returned, so that the facade
    /// can make the token of the next page; it takes out those that were not asked for.
    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>>;

    /// The number of records that match.
    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>>;

    /// One write.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>>;

    /// Each write on its own; what happened, in order.
    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>>;

    /// All writes or none.
    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>>;

    /// A statement of the product's own language.
    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>>;

    /// In what the store differs from these tables. Nothing is changed, and nothing is made: a table, schema or
    /// database that is not there is a difference.
    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>>;

    /// Carries out every change of the [`plan`](Self::plan) of these tables; gives what was done, and what was left
    /// as it is. Nothing is ever removed. Creators do not get into each other's way, whichever process they are in:
    /// the plan that is carried out is one that no other creator overtakes.
    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>>;

    /// The names of the indexes of a table, for operators and tests.
    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>>;

    /// Removes a table; not being there is no error.
    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>>;

    /// Ends background work and closes connections; what was acknowledged is stored.
    fn close(&self) -> BoxFuture<'_, ()>;
}
