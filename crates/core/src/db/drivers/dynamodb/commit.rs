//! Writes that need reading first: read, decide, and write if what the decision rests on is still so.
//!
//! The meaning of a write is [`Decider`]'s, the same as on every product without a query language. What
//! it rests on are the columns of its condition and those that it changes; the service compares them with
//! what was read, in the same request that changes them. When they differ, all is done again, until the time
//! for a statement is over.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;

use super::action::{Action, Body, Sent, Together};
use super::change::Update;
use super::client::{Connection, pause};
use super::convert::{Item, decode_row};
use super::error::contended;
use super::expression::Terms;
use super::key::KeyShape;
use super::statement::{columns_of, item};
use super::unique::{reservations, unique_columns};
use crate::db::driver::{Affected, Verb, Write};
use crate::db::layout::expiry_of;
use crate::db::plain::{Decider, Step, is_live, key_bytes};
use crate::db::prepare::now_seconds;
use crate::db::refusal::{exists, unmatched};
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// The most actions of one transaction of the service.
pub(super) const MAX_ACTIONS: usize = 100;

/// A record that writes are about, as it was read and as it shall be.
struct Slot {
    table: Arc<Table>,
    key: Vec<Value>,
    /// As it is stored, even when it has expired.
    stored: Option<Item>,
    /// As it was read; none when it is not there or has expired.
    old: Option<Row>,
    new: Option<Row>,
    /// The columns that decisions rest on.
    watched: Vec<Name>,
    /// The last write that changed it, by place.
    by: usize,
}

/// What was learned in earlier rounds.
#[derive(Default)]
struct Known {
    /// Adds that give way to a record with the same unique value.
    yielding: HashSet<usize>,
    /// Reservations that are not the record's own, though it has the value.
    foreign: HashSet<Vec<u8>>,
}

/// What an action is for.
enum Purpose {
    Record,
    Take { slot: usize, id: Vec<u8> },
    Release { id: Vec<u8> },
}

impl Connection {
    /// Carries out writes of single records, all or none. In a `strict` transaction an update or conditional
    /// removal that matches nothing fails all.
    ///
    /// # Errors
    /// Those of the writes; `ConditionFailed` if strict; `Unsupported` for more actions than a transaction
    /// takes; `OverCapacity` when others kept changing the records. Nothing was done then.
    pub(super) async fn commit(&self, writes: &[Write], strict: bool) -> Result<Vec<Affected>> {
        let deciders: Vec<Decider<'_>> = writes.iter().map(Decider::new).collect::<Result<_>>()?;
        let deadline = Instant::now() + self.options.statement_timeout();
        let mut known = Known::default();
        let mut attempt = 0;
        loop {
            let (mut slots, places) = self.read_slots(writes, &deciders).await?;
            let answers = decide(writes, &deciders, &mut slots, &places, &known, strict)?;
            if self.store(writes, &deciders, &slots, &mut known).await? {
                return Ok(answers);
            }
            if Instant::now() >= deadline {
                let table = writes.first().map(|write| &*write.table.name).unwrap_or_default();
                return Err(contended(table));
            }
            pause(attempt).await;
            attempt += 1;
        }
    }

    /// The records of the writes, each once, and which one each write is about.
    async fn read_slots(
        &self,
        writes: &[Write],
        deciders: &[Decider<'_>],
    ) -> Result<(Vec<Slot>, Vec<usize>)> {
        let mut slots: Vec<Slot> = Vec::new();
        let mut places = Vec::with_capacity(writes.len());
        let mut known: HashMap<(Name, Vec<u8>), usize> = HashMap::new();
        for (write, decider) in writes.iter().zip(deciders) {
            let Some(key) = decider.key()? else {
                return Err(Error::invalid("a transaction writes single records only"));
            };
            let id = (write.table.name.clone(), key_bytes(&write.table, &key)?);
            let place = *known.entry(id).or_insert_with(|| {
                let table = write.table.clone();
                slots.push(Slot {
                    table,
                    key,
                    stored: None,
                    old: None,
                    new: None,
                    watched: Vec::new(),
                    by: 0,
                });
                slots.len() - 1
            });
            places.push(place);
        }
        if let [slot] = slots.as_mut_slice() {
            let key = KeyShape::of(&slot.table)?.item(&slot.key)?;
            slot.stored = self.item(&slot.table, key).await?;
        } else {
            self.read_many(&mut slots, &known).await?;
        }
        let now = now_seconds();
        for slot in &mut slots {
            let stored = slot.stored.as_ref().map(|item| decode_row(&slot.table, item)).transpose()?;
            slot.old = stored.filter(|row| is_live(&slot.table, row, now));
            slot.new = slot.old.clone();
        }
        Ok((slots, places))
    }

    async fn read_many(&self, slots: &mut [Slot], known: &HashMap<(Name, Vec<u8>), usize>) -> Result<()> {
        let mut tables: Vec<Arc<Table>> = Vec::new();
        for slot in slots.iter() {
            if !tables.iter().any(|table| table.name == slot.table.name) {
                tables.push(slot.table.clone());
            }
        }
        for table in tables {
            let shape = KeyShape::of(&table)?;
            let own = slots.iter().filter(|slot| slot.table.name == table.name);
            let keys = own.map(|slot| shape.item(&slot.key)).collect::<Result<Vec<_>>>()?;
            for item in self.items(&table, keys).await? {
                let key = crate::db::plain::key_values(&table, &decode_row(&table, &item)?)?;
                if let Some(at) = known.get(&(table.name.clone(), key_bytes(&table, &key)?)) {
                    slots[*at].stored = Some(item);
                }
            }
        }
        Ok(())
    }

    /// Writes what was decided; false when it has to be decided anew.
    async fn store(
        &self,
        writes: &[Write],
        deciders: &[Decider<'_>],
        slots: &[Slot],
        known: &mut Known,
    ) -> Result<bool> {
        let (actions, purposes) = self.actions(slots, known)?;
        let refused = match actions.as_slice() {
            [] => return Ok(true),
            [one] => return Ok(matches!(self.send(one, None).await?, Sent::Done(_))),
            all if all.len() > MAX_ACTIONS => {
                let message = format!(
                    "{} writes, unique columns included, are over the limit of {MAX_ACTIONS} of a transaction of dynamodb",
                    all.len()
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            all => match self.send_together(all).await? {
                Together::Done => return Ok(true),
                Together::Refused(places) => places,
            },
        };
        for at in refused {
            match purposes.get(at) {
                Some(Purpose::Take { slot, id }) => {
                    let slot = &slots[*slot];
                    if !self.is_taken(&slot.table, id, &slot.key).await? {
                        continue;
                    }
                    if !deciders[slot.by].yields() {
                        return Err(exists(&writes[slot.by].table));
                    }
                    known.yielding.insert(slot.by);
                }
                Some(Purpose::Release { id }) => {
                    known.foreign.insert(id.clone());
                }
                Some(Purpose::Record) | None => {}
            }
        }
        Ok(false)
    }

    fn actions(&self, slots: &[Slot], known: &Known) -> Result<(Vec<Action>, Vec<Purpose>)> {
        let (mut actions, mut purposes) = (Vec::new(), Vec::new());
        let alone = slots.len() == 1;
        for slot in slots {
            if let Some(action) = slot.action(self.table_name(&slot.table), alone)? {
                actions.push(action);
                purposes.push(Purpose::Record);
            }
        }
        // By table and id: who gives it up, and who takes it.
        type Move = (Option<usize>, Option<usize>);
        let mut moves: Vec<(Name, Vec<u8>, Move)> = Vec::new();
        for (at, slot) in slots.iter().enumerate() {
            let table = &slot.table;
            let (old, new) = (reservations(table, slot.old.as_ref()), reservations(table, slot.new.as_ref()));
            let mut note = |id: &Vec<u8>, set: fn(&mut Move, usize)| {
                let place = moves.iter().position(|(name, known, _)| *name == table.name && known == id);
                let place = place.unwrap_or_else(|| {
                    moves.push((table.name.clone(), id.clone(), (None, None)));
                    moves.len() - 1
                });
                set(&mut moves[place].2, at);
            };
            old.iter().filter(|id| !new.contains(id)).for_each(|id| note(id, |m, at| m.0 = Some(at)));
            new.iter().filter(|id| !old.contains(id)).for_each(|id| note(id, |m, at| m.1 = Some(at)));
        }
        for (_, id, (from, to)) in moves {
            match (from, to) {
                (from, Some(to)) => {
                    let from = from.map(|from| slots[from].key.as_slice());
                    actions.push(self.take(&slots[to].table, &id, &slots[to].key, from)?);
                    purposes.push(Purpose::Take { slot: to, id });
                }
                (Some(from), None) if !known.foreign.contains(&id) => {
                    actions.push(self.release(&slots[from].table, &id, &slots[from].key)?);
                    purposes.push(Purpose::Release { id });
                }
                _ => {}
            }
        }
        Ok((actions, purposes))
    }
}

/// What every write does, one after the other, to the records as the ones before leave them.
fn decide(
    writes: &[Write],
    deciders: &[Decider<'_>],
    slots: &mut [Slot],
    places: &[usize],
    known: &Known,
    strict: bool,
) -> Result<Vec<Affected>> {
    let mut answers = Vec::with_capacity(writes.len());
    for (at, (write, decider)) in writes.iter().zip(deciders).enumerate() {
        let place = places[at];
        watch(write, &mut slots[place]);
        let mut step = match known.yielding.contains(&at) {
            true => Step::Leave,
            false => decider.step(slots[place].new.as_ref())?,
        };
        if let Step::Store(row) = &step
            && has_equal(slots, place, row)
        {
            if !decider.yields() {
                return Err(exists(&write.table));
            }
            step = Step::Leave;
        }
        if strict && step == Step::Leave && write.must_match() {
            return Err(unmatched(at, write));
        }
        let slot = &mut slots[place];
        answers.push(decider.answer(slot.new.as_ref(), &step));
        match step {
            Step::Leave => {}
            Step::Store(row) => (slot.new, slot.by) = (Some(row), at),
            Step::Remove => (slot.new, slot.by) = (None, at),
        }
    }
    Ok(answers)
}

/// Whether another record of the same transaction has an equal value of a unique column.
fn has_equal(slots: &[Slot], place: usize, row: &Row) -> bool {
    let table = &slots[place].table;
    let wanted = reservations(table, Some(row));
    !wanted.is_empty()
        && slots.iter().enumerate().any(|(at, other)| {
            at != place
                && other.table.name == table.name
                && reservations(table, other.new.as_ref()).iter().any(|id| wanted.contains(id))
        })
}

fn watch(write: &Write, slot: &mut Slot) {
    let query = match &write.verb {
        Verb::Update { condition, .. } | Verb::Del { condition, .. } => condition.as_ref(),
        _ => None,
    };
    if let Some(query) = query {
        columns_of(query, &write.table, &mut slot.watched);
    }
}

impl Slot {
    /// The action that makes the stored record what it shall be, if it still is what was read; none when
    /// there is nothing to do.
    fn action(&self, stored_in: String, alone: bool) -> Result<Option<Action>> {
        let table = &*self.table;
        let shape = KeyShape::of(table)?;
        let mut terms = Terms::default();
        let mut watched = self.watched.clone();
        let (body, condition) = match (&self.stored, &self.new) {
            (None, None) => return Ok(None),
            (None, Some(row)) => {
                let absent = format!("attribute_not_exists({})", terms.name(shape.hash()));
                (Body::Put(item(&shape, table, row)?), absent)
            }
            (Some(_), None) if self.old.is_none() => return Ok(None),
            (Some(stored), Some(row)) if self.old.is_none() => {
                // An expired record gives way as a whole.
                watched.extend(expiry_of(table).map(|column| column.name.clone()));
                (Body::Put(item(&shape, table, row)?), same(&mut terms, &shape, stored, &watched))
            }
            (Some(stored), None) => {
                watched.extend(unique_columns(table));
                (Body::Delete(shape.of_item(stored)), same(&mut terms, &shape, stored, &watched))
            }
            (Some(stored), Some(row)) => {
                let mut update = Update::default();
                let old = self.old.as_ref();
                for column in table.columns().iter().filter(|c| !c.hidden && c.primary.is_none()) {
                    let value = row.get(&column.name).unwrap_or(&Value::Null);
                    if old.and_then(|old| old.get(&column.name)).unwrap_or(&Value::Null) != value {
                        update.set(&mut terms, column, value);
                        watched.push(column.name.clone());
                    }
                }
                // What is reserved rests on all columns of its index.
                let unique = unique_columns(table);
                if watched.iter().any(|name| unique.contains(name)) {
                    watched.extend(unique);
                }
                let expression = update.expression();
                let key = shape.of_item(stored);
                let body = match expression {
                    Some(expression) => Body::Update(key, Some(expression)),
                    None if alone => return Ok(None),
                    None => Body::Check(key),
                };
                (body, same(&mut terms, &shape, stored, &watched))
            }
        };
        Ok(Some(Action { table: table.name.clone(), stored_in, body, condition: Some(condition), terms }))
    }
}

/// That the record is there, and its columns are as they were read.
fn same(terms: &mut Terms, shape: &KeyShape<'_>, stored: &Item, watched: &[Name]) -> String {
    let mut test = format!("attribute_exists({})", terms.name(shape.hash()));
    let mut done: HashSet<&Name> = shape.columns.iter().map(|column| &column.name).collect();
    for name in watched.iter().filter(|name| done.insert(name)) {
        let placeholder = terms.name(name);
        match stored.get(&**name) {
            Some(AttributeValue::Null(_)) => {
                let null = terms.value(AttributeValue::S("NULL".into()));
                test.push_str(&format!(" AND attribute_type({placeholder}, {null})"));
            }
            Some(value) => test.push_str(&format!(" AND {placeholder} = {}", terms.value(value.clone()))),
            None => test.push_str(&format!(" AND attribute_not_exists({placeholder})")),
        }
    }
    test
}
