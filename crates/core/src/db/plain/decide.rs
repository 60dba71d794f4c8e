use super::{apply, key_values, project};
use crate::Result;
use crate::db::Returning;
use crate::db::driver::{Affected, Verb, Write};
use crate::db::evaluate::Matcher;
use crate::db::refusal::exists;
use crate::value::{Row, Value};

/// What is to be done to one stored record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing: the write does not concern it, no record is affected.
    Leave,
    /// Store this record, in place of the one that is there.
    Store(Row),
    /// Remove it.
    Remove,
}

/// A write made ready to be asked what it does to stored records.
pub(crate) struct Decider<'a> {
    write: &'a Write,
    condition: Option<Matcher>,
}

impl<'a> Decider<'a> {
    /// Prepares a write.
    ///
    /// # Errors
    /// `Invalid` for a pattern of its condition that does not compile.
    pub(crate) fn new(write: &'a Write) -> Result<Self> {
        let condition = match &write.verb {
            Verb::Add { .. } | Verb::Put { .. } => None,
            Verb::Update { condition, .. } | Verb::Del { condition, .. } => condition.as_ref(),
            Verb::UpdateAll { query, .. } | Verb::DelAll { query } => Some(query),
        };
        let condition = condition.map(|query| Matcher::new(&write.table, query)).transpose()?;
        Ok(Self { write, condition })
    }

    /// The key of the one record that the write is about; none for a write of all that match.
    ///
    /// # Errors
    /// `KeyIncomplete` when the record to be stored lacks a part of it.
    pub(crate) fn key(&self) -> Result<Option<Vec<Value>>> {
        match &self.write.verb {
            Verb::Add { row, .. } | Verb::Put { row, .. } => key_values(&self.write.table, row).map(Some),
            Verb::Update { key, .. } | Verb::Del { key, .. } => Ok(Some(key.clone())),
            Verb::UpdateAll { .. } | Verb::DelAll { .. } => Ok(None),
        }
    }

    /// What the write does, given the record that is stored: none when there is none, or it has expired.
    ///
    /// # Errors
    /// `AlreadyExists` for an add, `Invalid` for a change that cannot be made; then nothing is to be done.
    pub(crate) fn step(&self, stored: Option<&Row>) -> Result<Step> {
        let table = &*self.write.table;
        let stored = match (&self.write.verb, stored) {
            (Verb::Add { row, .. }, None) => return Ok(Step::Store(row.clone())),
            (Verb::Add { do_nothing: true, .. }, Some(_)) => return Ok(Step::Leave),
            (Verb::Add { .. }, Some(_)) => return Err(exists(table)),
            (Verb::Put { row, defaults }, None) => return Ok(Step::Store(merged(defaults, row))),
            (Verb::Put { row, .. }, Some(stored)) => return Ok(Step::Store(merged(stored, row))),
            (Verb::Update { insert: Some(row), .. }, None) => return Ok(Step::Store(row.clone())),
            (_, None) => return Ok(Step::Leave),
            (_, Some(stored)) => stored,
        };
        if self.condition.as_ref().is_some_and(|condition| !condition.matches(stored)) {
            return Ok(Step::Leave);
        }
        match &self.write.verb {
            Verb::Update { changes, .. } | Verb::UpdateAll { changes, .. } => {
                let mut row = stored.clone();
                apply(table, &mut row, changes)?;
                Ok(Step::Store(row))
            }
            _ => Ok(Step::Remove),
        }
    }

    /// Whether an equal value of a unique column means that nothing is done, and is no error.
    pub(crate) fn yields(&self) -> bool {
        matches!(self.write.verb, Verb::Add { do_nothing: true, .. })
    }

    /// The answer of a write of one record, after its step was done.
    pub(crate) fn answer(&self, stored: Option<&Row>, step: &Step) -> Affected {
        let row = match (self.write.returning, step) {
            (_, Step::Leave) => return Affected::default(),
            (Returning::Nothing, _) => None,
            (Returning::New, Step::Store(new)) => Some(new),
            (Returning::Old, _) | (Returning::New, Step::Remove) => stored,
        };
        Affected { count: 1, row: row.map(|row| project(&self.write.table, row, &[], &[])) }
    }
}

/// The first row with the columns of the second in place.
fn merged(base: &Row, over: &Row) -> Row {
    let mut row = base.clone();
    for (name, value) in over.iter() {
        row.set(name.clone(), value.clone());
    }
    row
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ErrorKind;
    use crate::db::driver::Change;
    use crate::db::{Op, Query};
    use crate::schema::{Column, Table};

    fn write(verb: Verb) -> Write {
        let table = Table::new("t").column(Column::text("id").primary()).column(Column::int("n"));
        Write { table: Arc::new(table), verb, returning: Returning::Old }
    }

    fn row(n: i64) -> Row {
        Row::new().with("id", "a").with("n", n)
    }

    fn update(condition: Option<Query>, insert: Option<Row>) -> Write {
        let changes = vec![Change { column: "n".into(), op: Op::Incr, value: 1.into() }];
        write(Verb::Update { key: vec!["a".into()], changes, condition, insert })
    }

    fn step(write: &Write, stored: Option<&Row>) -> Result<Step, ErrorKind> {
        Decider::new(write).and_then(|d| d.step(stored)).map_err(|e| e.kind())
    }

    #[test]
    fn an_add_meets_no_other_record() {
        let add = |do_nothing| write(Verb::Add { row: row(1), do_nothing });
        assert_eq!(step(&add(false), None), Ok(Step::Store(row(1))));
        assert_eq!(step(&add(false), Some(&row(2))), Err(ErrorKind::AlreadyExists));
        assert_eq!(step(&add(true), Some(&row(2))), Ok(Step::Leave));
    }

    #[test]
    fn a_put_merges_and_takes_defaults_for_a_new_record_only() {
        let id = Row::new().with("id", "a");
        let put = write(Verb::Put { row: id, defaults: Row::new().with("n", 7) });
        let Ok(Step::Store(new)) = step(&put, None) else { panic!("not stored") };
        assert_eq!(new.int("n"), Some(7));
        assert_eq!(step(&put, Some(&row(2))), Ok(Step::Store(row(2))));
    }

    #[test]
    fn an_update_changes_what_is_there_and_matches() {
        assert_eq!(step(&update(None, None), None), Ok(Step::Leave));
        assert_eq!(step(&update(None, Some(row(5))), None), Ok(Step::Store(row(5))));
        assert_eq!(step(&update(None, None), Some(&row(1))), Ok(Step::Store(row(2))));
        let one = || Some(Query::new().eq("n", 1));
        assert_eq!(step(&update(one(), None), Some(&row(1))), Ok(Step::Store(row(2))));
        assert_eq!(step(&update(one(), Some(row(5))), Some(&row(2))), Ok(Step::Leave));
    }

    #[test]
    fn the_answer_has_the_row_that_was_asked_for() {
        let write = update(None, None);
        let decider = Decider::new(&write).expect("compiles");
        let answer = decider.answer(Some(&row(1)), &Step::Store(row(2)));
        assert_eq!(answer, Affected { count: 1, row: Some(row(1)) });
        assert_eq!(decider.answer(Some(&row(1)), &Step::Leave), Affected::default());
    }
}
