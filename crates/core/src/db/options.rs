use super::{Op, Query};
use crate::value::Name;

/// The order of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: Name,
    /// Greatest first. Null is less than every value.
    pub descending: bool,
}

/// Which row a write gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returning {
    /// None.
    #[default]
    Nothing,
    /// The row after the change.
    New,
    /// The row before the change.
    Old,
}

/// What a call may say beside table, record and condition. Every field left alone means the usual.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The pool to use in place of the table's.
    pub pool: Option<String>,
    /// Return these columns only; empty means all. Unknown names are dropped.
    pub select: Vec<Name>,
    /// The order of rows; ties are broken by the primary key.
    pub sort: Vec<Sort>,
    /// Reverse the order: of `sort`, or of the primary key without one.
    pub descending: bool,
    /// Rows on a page; the default is 50.
    pub count: Option<usize>,
    /// The token of the page before.
    pub start: Option<String>,
    /// The page by number, from 1, when there is no token.
    pub page: Option<u64>,
    /// Only the number of matching rows is wanted.
    pub total: bool,
    /// One row for each value of this column.
    pub unique: Option<Name>,
    /// Of the rows of the page, or of a list, only the first one is wanted; there is no token then.
    pub first: bool,
    /// Of the rows of the page, or of a list, only the last one is wanted; the token is that of the page.
    pub last: bool,
    /// An empty condition finds nothing instead of everything.
    pub noscan: bool,
    /// An empty condition of `update_all` and `del_all` means the whole table.
    pub whole_table: bool,
    /// The write happens only if this holds of the stored row.
    pub condition: Option<Query>,
    /// Operators by column, for conditions and for changes, where the name does not carry one.
    pub ops: Vec<(Name, Op)>,
    /// Conditions of different columns are joined by or.
    pub any: bool,
    /// Update creates a record that is not there.
    pub upsert: bool,
    /// Add of a record that is there changes nothing and is no error.
    pub do_nothing: bool,
    /// The row to give back.
    pub returning: Returning,
    /// Give the record back as it was prepared, with generated values.
    pub prepared: bool,
    /// Columns that are not written though given or generated.
    pub skip_columns: Vec<Name>,
    /// A batch tries no operation on a table after one of that table has failed; they are tried one by one.
    pub stop_on_error: bool,
    /// Records are taken and given as they are stored, to move them from one pool to another: no hooks, nothing
    /// generated, converted, joined, validated or left alone on write, no defaults on read. A put stores the
    /// whole record: a column that it lacks is null afterwards. A value must be of the type of its column, bytes
    /// may be base64. For gets, lists, selects, scans, adds, puts, updates and batches of them.
    pub as_stored: bool,
    /// Row hooks are not run.
    pub no_process_rows: bool,
    /// Read through the cache.
    pub cached: bool,
    /// Never read from the cache.
    pub nocache: bool,
    /// The caller is an administrator: columns marked `admin` are written.
    pub admin: bool,
    /// An e-mail address or phone number that is none is refused; without this it is stored empty. For what
    /// people type in, who should learn of their mistake.
    pub strict: bool,
    /// `replace`: put only when this column of the new record is greater than the stored one's.
    pub check_newer: Option<Name>,
    /// `replace`: put only when one of these columns differs; empty checks none.
    pub check_changed: Vec<Name>,
    /// `scan` ends after so many rows.
    pub limit: Option<u64>,
}

impl Options {
    /// The usual.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows on a page.
    #[must_use]
    pub fn count(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }

    /// These columns only.
    #[must_use]
    pub fn select<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.select = names.into_iter().map(Into::into).collect();
        self
    }

    /// Another column to sort by; `!name` is descending.
    #[must_use]
    pub fn sort(mut self, name: &str) -> Self {
        let (column, descending) = name.strip_prefix('!').map_or((name, false), |n| (n, true));
        self.sort.push(Sort { column: column.into(), descending });
        self
    }

    /// The write happens only if this holds of the stored row.
    #[must_use]
    pub fn only_if(mut self, query: Query) -> Self {
        self.condition = Some(query);
        self
    }

    /// The row to give back.
    #[must_use]
    pub fn returning(mut self, which: Returning) -> Self {
        self.returning = which;
        self
    }
}
