//! Writes of callers as drivers take them.

use super::driver::{Change, Verb, Write};
use super::entry::Entry;
use super::expiry::live;
use super::prepare::{
    AnyKey, Checked, Context, Purpose, Stored, changes, check_query, collect, exact, key, key_of, stored,
};
use super::{Action, Condition, Db, Key, Op, Options, Query};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// A write, ready for the driver, and what the facade must still know of it.
pub(super) struct Request {
    pub(super) write: Write,
    /// The key of the record; none for writes by condition.
    pub(super) key: Option<Vec<Value>>,
    /// The record as it was prepared, if the caller wants it.
    pub(super) prepared: Option<Row>,
    /// An expired record with this key must be gone first, or it would look as if it were there.
    pub(super) renews: bool,
    /// Why the record could not be created, should the driver find that there is none.
    pub(super) not_created: Option<Error>,
}

/// The pieces that every write has in common.
struct Making<'a> {
    entry: &'a Entry,
    context: Context<'a>,
    options: &'a Options,
}

impl Db {
    /// Prepares a write of one record; none when a hook drops it.
    pub(super) fn request(
        &self,
        entry: &Entry,
        action: Action,
        mut record: Row,
        options: &Options,
    ) -> Result<Option<Request>> {
        let making = Making { entry, context: self.context(entry, options), options };
        if action == Action::Del {
            return making.del(Key::Columns(record), false).map(Some);
        }
        if !entry.before_write(&mut record, options)? {
            return Ok(None);
        }
        if options.as_stored {
            return making.as_stored(action, record).map(Some);
        }
        let request = match action {
            Action::Add => making.add(record)?,
            Action::Put => making.put(record)?,
            Action::Update => making.update(record, Purpose::Update)?,
            Action::Incr => making.update(record, Purpose::Incr)?,
            Action::Get | Action::Del => return Err(Error::invalid("a get is not a write")),
        };
        Ok(Some(request))
    }

    /// Prepares the removal of one record.
    pub(super) fn del_request(&self, entry: &Entry, key: Key, options: &Options) -> Result<Request> {
        Making { entry, context: self.context(entry, options), options }.del(key, true)
    }

    /// Prepares a put that depends on the stored record; none when a hook drops it.
    pub(super) fn replace_request(
        &self,
        entry: &Entry,
        mut record: Row,
        options: &Options,
    ) -> Result<Option<Request>> {
        not_as_stored(options)?;
        if !entry.before_write(&mut record, options)? {
            return Ok(None);
        }
        Making { entry, context: self.context(entry, options), options }.replace(record).map(Some)
    }

    /// Prepares the changes of many records; none when a hook drops them.
    pub(super) fn changes_request(
        &self,
        entry: &Entry,
        mut record: Row,
        options: &Options,
    ) -> Result<Option<Vec<Change>>> {
        not_as_stored(options)?;
        if !entry.before_write(&mut record, options)? {
            return Ok(None);
        }
        let context = self.context(entry, options);
        let changes = changes(&context, &collect(&context, record, Purpose::Update)?)?;
        if changes.is_empty() {
            return Err(Error::invalid("the record names no column that can be changed"));
        }
        Ok(Some(changes))
    }
}

impl Making<'_> {
    fn request(&self, verb: Verb, key: Vec<Value>) -> Request {
        let write = Write { table: self.entry.plan.table.clone(), verb, returning: self.options.returning };
        Request { write, key: Some(key), prepared: None, renews: false, not_created: None }
    }

    /// A write of the record as it is, without a look at what its columns ask for.
    fn as_stored(&self, action: Action, record: Row) -> Result<Request> {
        let mut row = exact(&self.context, record)?;
        let keys = self.entry.plan.table.keys();
        let key: Vec<Value> = keys.map(|c| row.get(&c.name).cloned().unwrap_or_default()).collect();
        let prepared = self.options.prepared.then(|| row.clone());
        let request = match action {
            Action::Add if self.options.condition.is_some() => return Err(conditional_add()),
            Action::Add => self.request(Verb::Add { row, do_nothing: self.options.do_nothing }, key),
            Action::Put => {
                for column in self.entry.plan.table.columns().iter().filter(|column| !column.hidden) {
                    if !row.contains(&column.name) {
                        row.push(column.name.clone(), Value::Null);
                    }
                }
                match &self.options.condition {
                    Some(_) => {
                        let condition = self.condition(Checked::Always)?;
                        self.conditional_put(Stored { row, defaults: Row::new() }, condition)
                    }
                    None => self.request(Verb::Put { row, defaults: Row::new() }, key),
                }
            }
            Action::Update => {
                let condition = self.condition(Checked::Always)?;
                let changes = self.sets(&row);
                self.request(Verb::Update { key: key.clone(), changes, condition, insert: None }, key)
            }
            Action::Incr | Action::Get | Action::Del => return Err(only_whole()),
        };
        Ok(Request { prepared, renews: action != Action::Update, ..request })
    }

    /// Changes that set every column of the row beside the key.
    fn sets(&self, row: &Row) -> Vec<Change> {
        let is_key = |name: &str| self.entry.plan.table.keys().any(|c| &*c.name == name);
        let set = row.iter().filter(|(name, _)| !is_key(name));
        set.map(|(name, value)| Change { column: name.clone(), op: Op::Set, value: value.clone() }).collect()
    }

    fn add(&self, record: Row) -> Result<Request> {
        if self.options.condition.is_some() {
            return Err(conditional_add());
        }
        let given = collect(&self.context, record, Purpose::Add)?;
        let stored = stored(&self.context, &given, Purpose::Add)?;
        let key = stored.key(&self.context);
        let row = stored.into_new();
        let prepared = self.options.prepared.then(|| row.clone());
        let request = self.request(Verb::Add { row, do_nothing: self.options.do_nothing }, key);
        Ok(Request { prepared, renews: true, ..request })
    }

    fn put(&self, record: Row) -> Result<Request> {
        let given = collect(&self.context, record, Purpose::Put)?;
        let stored = stored(&self.context, &given, Purpose::Put)?;
        if self.options.condition.is_some() {
            let condition = self.condition(Checked::Always)?;
            return Ok(self.conditional_put(stored, condition));
        }
        let key = stored.key(&self.context);
        let Stored { row, defaults } = stored;
        let prepared = self.options.prepared.then(|| merged(row.clone(), defaults.clone()));
        let request = self.request(Verb::Put { row, defaults }, key);
        Ok(Request { prepared, renews: true, ..request })
    }

    /// Changes the record if the condition holds, stores it if there is none: one atomic write.
    fn conditional_put(&self, stored: Stored, condition: Option<Query>) -> Request {
        let key = stored.key(&self.context);
        let changes = self.sets(&stored.row);
        let row = stored.into_new();
        let prepared = self.options.prepared.then(|| row.clone());
        let verb = Verb::Update { key: key.clone(), changes, condition, insert: Some(row) };
        Request { prepared, renews: true, ..self.request(verb, key) }
    }

    fn update(&self, record: Row, purpose: Purpose) -> Result<Request> {
        let given = collect(&self.context, record, purpose)?;
        let key = key_of(&self.context, &given)?;
        let changes = changes(&self.context, &given)?;
        let upsert = self.options.upsert || purpose == Purpose::Incr;
        let (insert, not_created) = match upsert.then(|| stored(&self.context, &given, Purpose::Add)) {
            None => (None, None),
            Some(Ok(stored)) => (Some(self.with_key(stored.into_new(), &key)), None),
            // The record may be there, and then nothing is wrong.
            Some(Err(e)) => (None, Some(e)),
        };
        let alive = if upsert { Checked::Always } else { live(&self.entry.plan, self.context.can) };
        let condition = self.condition(alive)?;
        let prepared = self.options.prepared.then(|| self.with_key(changed(&changes), &key));
        let verb = Verb::Update { key: key.clone(), changes, condition, insert };
        Ok(Request { prepared, renews: upsert, not_created, ..self.request(verb, key) })
    }

    fn del(&self, given: Key, alone: bool) -> Result<Request> {
        let AnyKey { values, filter } = key(&self.context, given)?;
        // Within a transaction the removal of a record that has expired is as fine as that of one that
        // is absent, so it must not be a condition.
        let conditional = alone || filter != Checked::Always || self.options.condition.is_some();
        let alive = if conditional { live(&self.entry.plan, self.context.can) } else { Checked::Always };
        let condition = self.condition(filter.and(alive))?;
        Ok(self.request(Verb::Del { key: values.clone(), condition }, values))
    }

    fn replace(&self, record: Row) -> Result<Request> {
        let given = collect(&self.context, record, Purpose::Put)?;
        let stored = stored(&self.context, &given, Purpose::Put)?;
        let condition = self.condition(self.newer(&stored.row)?.and(self.changed(&stored.row)?))?;
        Ok(self.conditional_put(stored, condition))
    }

    /// The new value is greater than the stored one, or there is none stored.
    fn newer(&self, row: &Row) -> Result<Checked> {
        let Some(name) = &self.options.check_newer else { return Ok(Checked::Always) };
        let Some(value) = row.get(name).filter(|v| !v.is_null()) else { return Ok(Checked::Never) };
        let older =
            Query::new().op(name.clone(), Op::Lt, value.clone()).op(name.clone(), Op::Null, Value::Null);
        self.check(Query::new().or(older))
    }

    /// One of the columns that the record has differs from the stored one.
    fn changed(&self, row: &Row) -> Result<Checked> {
        let mut differs = Query::new();
        for name in &self.options.check_changed {
            differs = match row.get(name) {
                None => differs,
                Some(Value::Null) => differs.op(name.clone(), Op::NotNull, Value::Null),
                Some(value) => {
                    differs.op(name.clone(), Op::Ne, value.clone()).op(name.clone(), Op::Null, Value::Null)
                }
            };
        }
        match (self.options.check_changed.is_empty(), differs.is_empty()) {
            (true, _) => Ok(Checked::Always),
            (false, true) => Ok(Checked::Never),
            (false, false) => self.check(Query::new().or(differs)),
        }
    }

    fn check(&self, query: Query) -> Result<Checked> {
        check_query(&self.context, query, false)
    }

    /// The caller's condition and another one, as drivers take them.
    fn condition(&self, and: Checked) -> Result<Option<Query>> {
        let given = match &self.options.condition {
            Some(query) => check_query(&self.context, query.clone(), self.options.any)?,
            None => Checked::Always,
        };
        Ok(match given.and(and) {
            Checked::Always => None,
            Checked::Some(query) => Some(query),
            Checked::Never => Some(self.never()),
        })
    }

    /// A condition that no record satisfies: a key column is never null. Unlike leaving the write out, it
    /// lets the driver create the record of an upsert, and fail a transaction.
    fn never(&self) -> Query {
        let column = self.entry.plan.table.keys().next().map(|c| c.name.clone()).unwrap_or_default();
        let never = Condition { column, op: Some(Op::Null), value: Value::Null };
        Query { conditions: vec![never], groups: Vec::new() }
    }

    /// The key given is that of the record, also where adding would have made another.
    fn with_key(&self, mut row: Row, key: &[Value]) -> Row {
        for (column, value) in self.entry.plan.table.keys().zip(key) {
            row.set(column.name.clone(), value.clone());
        }
        row
    }
}

/// Refuses the option where it means nothing.
fn not_as_stored(options: &Options) -> Result<()> {
    if options.as_stored { Err(only_whole()) } else { Ok(()) }
}

fn only_whole() -> Error {
    Error::invalid("as_stored is for writes of a whole record: an add, a put or an update")
}

fn conditional_add() -> Error {
    Error::invalid("add takes no condition: there is no stored record to compare with")
}

fn merged(mut row: Row, defaults: Row) -> Row {
    for (name, value) in defaults {
        row.set(name, value);
    }
    row
}

fn changed(changes: &[Change]) -> Row {
    changes.iter().map(|c| (c.column.clone(), c.value.clone())).collect()
}
