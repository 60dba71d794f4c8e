//! Changes of records as the server applies them: all of a list, or none.
//!
//! A change says which version of the record it goes by. The script compares, so that what was decided here
//! from a record that was read is applied to that record and to no other.

use rand::Rng as _;

use super::convert::{Stored, encode};
use super::keys::{Base, ORDER, unique_field};
use super::layout::Layout;
use crate::Result;
use crate::connect::redis::{RedisClient, Script};
use crate::db::layout::expiry_of;
use crate::db::plain::Step;
use crate::schema::Table;
use crate::value::Row;

static COMMIT: Script = Script::new(include_str!("scripts/commit.lua"));

/// The greatest time of expiry, in seconds, that the server takes.
const LAST_EXPIRY: i64 = 9_000_000_000_000;

/// What became of a list of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All were applied.
    Done,
    /// The description of the table is another one by now; nothing was applied.
    Layout,
    /// A record has been changed meanwhile; nothing was applied.
    Conflict,
    /// The change of this number would make two records with the same unique value; nothing was applied.
    Taken(usize),
}

/// A change of one record, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Change {
    arguments: Vec<Vec<u8>>,
}

/// What the stored record must be for the change to be applied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected<'a> {
    /// Absent, or of this version.
    Is(Option<&'a Stored>),
    /// As an earlier change of the same list leaves it.
    Changed(Option<&'a Stored>),
}

impl Change {
    /// The change that a step makes; none when it makes none.
    ///
    /// # Errors
    /// `Internal` for a value that cannot be encoded.
    pub(super) fn new(
        base: &Base,
        layout: &Layout,
        table: &Table,
        key: &[u8],
        expected: Expected<'_>,
        step: &Step,
    ) -> Result<Option<Self>> {
        let (old, version) = match expected {
            Expected::Is(old) => (old, old.map_or(&b""[..], |old| &old.version)),
            Expected::Changed(old) => (old, &b"*"[..]),
        };
        let new = match step {
            Step::Leave => return Ok(None),
            Step::Store(row) => Some(row),
            Step::Remove => None,
        };
        let old = old.map(|old| &old.row);
        let mut change = Self::default();
        change.push(base.bytes());
        change.push(layout.version.as_bytes());
        change.push(if new.is_some() { b"S" } else { b"D" });
        change.push(key);
        change.push(version);
        change.push(&new_version());
        change.push(new.map_or_else(|| b"=".to_vec(), |row| expiry(table, row)).as_slice());
        change.push_fields(layout, old, new)?;
        change.push_entries(layout, key, old, new);
        change.push_reservations(layout, old, new);
        Ok(Some(change))
    }

    fn push(&mut self, argument: &[u8]) {
        self.arguments.push(argument.to_vec());
    }

    fn push_pairs(&mut self, pairs: Vec<(Vec<u8>, Vec<u8>)>) {
        self.push(pairs.len().to_string().as_bytes());
        self.arguments.extend(pairs.into_iter().flat_map(|(a, b)| [a, b]));
    }

    /// The fields to set and those to remove.
    fn push_fields(&mut self, layout: &Layout, old: Option<&Row>, new: Option<&Row>) -> Result<()> {
        let (mut set, mut unset) = (Vec::new(), Vec::new());
        for (name, value) in new.into_iter().flat_map(Row::iter) {
            let before = old.and_then(|old| old.get(name));
            let Some(bytes) = encode(value)? else {
                if before.is_some() {
                    unset.push(name.as_bytes().to_vec());
                }
                continue;
            };
            // By form and not by value: the two zeros are equal.
            if before.map(encode).transpose()?.flatten().as_ref() != Some(&bytes) {
                set.push((name.as_bytes().to_vec(), bytes));
            }
        }
        for index in layout.shape.indexes.iter().filter(|index| index.unique && new.is_some()) {
            match new.and_then(|new| index.reservation(new)) {
                Some(value) => set.push((unique_field(&index.name), value)),
                None => unset.push(unique_field(&index.name)),
            }
        }
        self.push_pairs(set);
        self.push(unset.len().to_string().as_bytes());
        self.arguments.extend(unset);
        Ok(())
    }

    /// The members of sorted sets to remove and those to add.
    fn push_entries(&mut self, layout: &Layout, key: &[u8], old: Option<&Row>, new: Option<&Row>) {
        let (mut remove, mut add) = (Vec::new(), Vec::new());
        match new {
            Some(_) => add.push((ORDER.into(), key.to_vec())),
            None => remove.push((ORDER.into(), key.to_vec())),
        }
        for index in &layout.shape.indexes {
            let [before, after] = [old, new].map(|row| row.map(|row| index.member(row, key)));
            if before != after {
                remove.extend(before.map(|member| (index.part().into_bytes(), member)));
            }
            add.extend(after.map(|member| (index.part().into_bytes(), member)));
        }
        self.push_pairs(remove);
        self.push_pairs(add);
    }

    /// The unique values to give up and those to take.
    fn push_reservations(&mut self, layout: &Layout, old: Option<&Row>, new: Option<&Row>) {
        let (mut release, mut reserve) = (Vec::new(), Vec::new());
        for index in layout.shape.indexes.iter().filter(|index| index.unique) {
            let [before, after] = [old, new].map(|row| row.and_then(|row| index.reservation(row)));
            if before != after {
                release.extend(before.map(|value| (index.name.clone().into_bytes(), value)));
            }
            reserve.extend(after.map(|value| (index.name.clone().into_bytes(), value)));
        }
        self.push_pairs(release);
        self.push_pairs(reserve);
    }
}

/// Applies changes, all or none.
///
/// # Errors
/// Those of the connection; then it may not be known whether they were applied.
pub(super) async fn commit(client: &RedisClient, changes: Vec<Change>) -> Result<Outcome> {
    let arguments: Vec<Vec<u8>> = changes.into_iter().flat_map(|change| change.arguments).collect();
    if arguments.is_empty() {
        return Ok(Outcome::Done);
    }
    let (outcome, at): (String, usize) = client.script(&COMMIT, &[], &arguments).await?;
    Ok(match outcome.as_str() {
        "ok" => Outcome::Done,
        "layout" => Outcome::Layout,
        "taken" => Outcome::Taken(at.saturating_sub(1)),
        _ => Outcome::Conflict,
    })
}

/// Never the same twice, also when a record is removed and made again.
fn new_version() -> [u8; 12] {
    rand::rng().random()
}

/// When the server removes the record: never, at a time, or as before when the table does not say.
fn expiry(table: &Table, row: &Row) -> Vec<u8> {
    match expiry_of(table).map(|column| row.int(&column.name)) {
        None => b"=".to_vec(),
        Some(Some(until)) if until <= LAST_EXPIRY => until.max(1).to_string().into_bytes(),
        Some(_) => Vec::new(),
    }
}
