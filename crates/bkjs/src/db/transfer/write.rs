//! Writing records that come from elsewhere.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use bkjs_core::db::{Action, Db, Op, Operation, Options, Outcome, Query, Written, line_of};
use bkjs_core::schema::{ColumnType, Table};
use bkjs_core::value::{Name, Row, Value};
use bkjs_core::{Error, ErrorKind, Result};

use super::retry::Tries;
use super::tally::Fate;
use crate::db::Args;

/// What happens to a record that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// The new one takes its place.
    Replace,
    /// It stays.
    Keep,
    /// It takes the columns of the new one; a record that is not there is not made.
    Update,
    /// The new one takes its place if its value of this column is greater.
    Older(Name),
}

impl Existing {
    /// What `-op` and `-incremental` say.
    ///
    /// # Errors
    /// `Invalid` for a word that is none of them, or both options.
    pub(super) fn of(args: &Args) -> Result<Self> {
        match (args.text("op"), args.text("incremental")) {
            (None, Some(column)) => Ok(Self::Older(column.into())),
            (None | Some("put"), None) => Ok(Self::Replace),
            (Some("add"), None) => Ok(Self::Keep),
            (Some("update"), None) => Ok(Self::Update),
            (Some(_), Some(_)) => Err(Error::invalid("-incremental puts, and takes no -op")),
            (Some(op), None) => Err(Error::invalid(format!("-op must be put, add or update, not {op:.40}"))),
        }
    }

    /// The word that says it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Replace => "put".into(),
            Self::Keep => "add".into(),
            Self::Update => "update".into(),
            Self::Older(column) => format!("incremental {column}"),
        }
    }
}

/// Writes batches of records of one table.
pub(super) struct Writer<'a> {
    pub(super) db: &'a Db,
    pub(super) table: &'a Table,
    /// The pool to write to; the table's own when none is named.
    pub(super) pool: Option<String>,
    pub(super) existing: Existing,
    /// Records are written as an application would: converted, checked, completed, seen by hooks.
    pub(super) convert: bool,
}

/// Whether an error is about one record, so that others may fare better.
fn is_of_record(kind: ErrorKind) -> bool {
    use ErrorKind::{
        AlreadyExists, ConditionFailed, Invalid, KeyIncomplete, TooLarge, Unsupported, ValidationFailed,
    };
    matches!(
        kind,
        Invalid | ValidationFailed | KeyIncomplete | AlreadyExists | ConditionFailed | TooLarge | Unsupported
    )
}

/// What became of a record, and the record as it is stored if that is another one.
type Ended = (Fate, Option<Row>);

impl Writer<'_> {
    /// Writes the records and says of each what became of it. An error that may be gone a moment later is waited out.
    ///
    /// # Errors
    /// Such an error that stays, and one that is not about a record, such as a table that is missing: what was
    /// written is not known then, and may be written again.
    pub(super) async fn write(&self, records: &[Row]) -> Result<Vec<Ended>> {
        let mut ended: Vec<Option<Ended>> = records.iter().map(|_| None).collect();
        let mut left: Vec<usize> = (0..records.len()).collect();
        let mut tries = Tries::default();
        while !left.is_empty() {
            let operations = left.iter().map(|&at| self.operation(records[at].clone())).collect();
            let results = self.db.batch(operations, &Options::new()).await?;
            let mut again = None;
            let mut later = Vec::new();
            for (at, result) in left.into_iter().zip(results) {
                match result {
                    Err(error) if error.kind().is_retryable() => {
                        later.push(at);
                        again = Some(error);
                    }
                    Err(error) if !is_of_record(error.kind()) => return Err(error),
                    result => ended[at] = Some(self.fate(result)),
                }
            }
            left = later;
            if let Some(error) = again {
                tries.after(error).await?;
            }
        }
        let mut ended: Vec<Ended> = ended.into_iter().flatten().collect();
        self.tell_kept(records, &mut ended).await?;
        Ok(ended)
    }

    fn operation(&self, record: Row) -> Operation {
        let mut options = Options {
            pool: self.pool.clone(),
            as_stored: !self.convert,
            prepared: self.convert,
            admin: true,
            ..Options::new()
        };
        let mut action = match &self.existing {
            Existing::Replace | Existing::Older(_) => Action::Put,
            Existing::Keep => Action::Add,
            Existing::Update => Action::Update,
        };
        if let Existing::Older(column) = &self.existing {
            match record.get(column).filter(|value| !value.is_null()) {
                Some(value) => {
                    let older = Query::new().op(column.clone(), Op::Lt, value.clone());
                    let older = older.op(column.clone(), Op::Null, Value::Null);
                    options.condition = Some(Query::new().or(older));
                }
                // Nothing is older than a record that does not say when it was written.
                None => action = Action::Add,
            }
        }
        Operation { options, ..Operation::new(action, &self.table.name, record) }
    }

    fn fate(&self, result: Result<Outcome>) -> Ended {
        match result {
            Ok(Outcome::Written(Written { affected: 0, .. })) => match self.existing {
                Existing::Update => (Fate::Absent, None),
                _ => (Fate::Kept, None),
            },
            Ok(Outcome::Written(written)) => (Fate::Stored, written.prepared),
            Ok(Outcome::Row(_)) => (Fate::Kept, None),
            Err(error) => (Fate::Failed(error), None),
        }
    }

    /// An add fails alike for its key and for a value that must be unique; only what has its key may stay.
    async fn tell_kept(&self, records: &[Row], ended: &mut [Ended]) -> Result<()> {
        let exists = |fate: &Fate| matches!(fate, Fate::Failed(e) if e.kind() == ErrorKind::AlreadyExists);
        let doubted: Vec<usize> = (0..records.len())
            .filter(|&at| exists(&ended[at].0) && self.table.keys().all(|key| records[at].has(&key.name)))
            .collect();
        if self.convert {
            // The key is found as an application would find it.
            let options = Options { pool: self.pool.clone(), no_process_rows: true, ..Options::new() };
            for at in doubted {
                let key = self.key_of(&records[at]);
                if self.db.get::<Row>(&self.table.name, key, &options).await?.is_some() {
                    ended[at].0 = Fate::Kept;
                }
            }
        } else if !doubted.is_empty() {
            let keys = doubted.iter().map(|&at| self.key_of(&records[at])).collect();
            let found = self.found(keys).await?;
            for at in doubted.into_iter().filter(|&at| found.contains(&line_of(self.key_of(&records[at])))) {
                ended[at].0 = Fate::Kept;
            }
        }
        Ok(())
    }

    /// How many of the records, as they are stored, are not in the table; those that have expired count as being
    /// there.
    ///
    /// # Errors
    /// What the database reports, unless it is gone a moment later.
    pub(super) async fn missing(&self, records: &[Row]) -> Result<u64> {
        let keys: Vec<Row> = records.iter().map(|record| self.key_of(record)).collect();
        let mut seen = self.found(keys.clone()).await?;
        let ttl = self.table.columns().iter().find(|column| column.column_type() == ColumnType::Ttl);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() as i64);
        let expired = |row: &Row| ttl.and_then(|ttl| row.int(&ttl.name)).is_some_and(|until| until <= now);
        let mut missing = 0;
        for (record, key) in records.iter().zip(keys) {
            // The same key again is the same record.
            if seen.insert(line_of(key)) && !expired(record) {
                missing += 1;
            }
        }
        Ok(missing)
    }

    /// Those of the keys that are in the table, as texts.
    async fn found(&self, keys: Vec<Row>) -> Result<HashSet<String>> {
        let select = self.table.keys().map(|column| column.name.clone()).collect();
        let options = Options { as_stored: true, pool: self.pool.clone(), select, ..Options::new() };
        let mut tries = Tries::default();
        loop {
            match self.db.list::<Row, _>(&self.table.name, keys.clone(), &options).await {
                Ok(found) => return Ok(found.iter().map(|row| line_of(self.key_of(row))).collect()),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    /// The columns of the key of a record, in their order.
    pub(super) fn key_of(&self, record: &Row) -> Row {
        let value = |name: &Name| Some((name.clone(), record.get(name)?.clone()));
        self.table.keys().filter_map(|column| value(&column.name)).collect()
    }
}
