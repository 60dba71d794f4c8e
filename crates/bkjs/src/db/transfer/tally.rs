//! What became of the records of a run.

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// What became of one record.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is stored.
    Stored,
    /// The record that was there stays: it was not to be replaced, or is not older; or a hook left this one out.
    Kept,
    /// There is no record to update.
    Absent,
    /// It could not be stored.
    Failed(Error),
}

/// How many records have met each fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Records read, and lines that are none.
    pub(super) records: u64,
    pub(super) stored: u64,
    pub(super) kept: u64,
    pub(super) absent: u64,
    pub(super) failed: u64,
}

impl Tally {
    /// Counts one record.
    pub(super) fn count(&mut self, fate: &Fate) {
        self.records += 1;
        match fate {
            Fate::Stored => self.stored += 1,
            Fate::Kept => self.kept += 1,
            Fate::Absent => self.absent += 1,
            Fate::Failed(_) => self.failed += 1,
        }
    }

    /// Counts a line that is no record.
    pub(super) fn count_bad(&mut self) {
        self.records += 1;
        self.failed += 1;
    }

    /// The counts as columns behind those of `row`.
    pub(super) fn report(&self, row: Row) -> Row {
        let counts = [
            ("records", self.records),
            ("stored", self.stored),
            ("kept", self.kept),
            ("absent", self.absent),
            ("failed", self.failed),
        ];
        counts.into_iter().fold(row, |row, (name, count)| row.with(name, number(count)))
    }

    /// Compares with the number of records that are `missing` in the end.
    ///
    /// # Errors
    /// An error, so that the run does not end well, when records failed, more are missing than could be,
    /// or some were not there to be updated.
    pub(super) fn verify(&self, what: &str, missing: u64) -> Result<()> {
        let explained = self.absent + self.failed;
        if self.records != self.stored + self.kept + explained {
            return Err(Error::internal(format!("{what}: the counts do not add up: {self:?}")));
        }
        if missing > explained {
            let lost = missing - explained;
            return Err(Error::new(
                ErrorKind::ConditionFailed,
                format!(
                    "{what}: {lost} of {} records are not there: removed meanwhile, or lost",
                    self.records
                ),
            ));
        }
        if self.failed > 0 {
            let text = format!("{what}: {} of {} records were not stored", self.failed, self.records);
            return Err(Error::invalid(text));
        }
        if self.absent > 0 {
            let text =
                format!("{what}: {} of {} records are not there to be updated", self.absent, self.records);
            return Err(Error::not_found(text));
        }
        Ok(())
    }
}

/// A count as a value.
pub(super) fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(fates: impl IntoIterator<Item = Fate>) -> Tally {
        let mut tally = Tally::default();
        fates.into_iter().for_each(|fate| tally.count(&fate));
        tally
    }

    #[test]
    fn a_run_ends_well_when_every_record_is_accounted_for() {
        assert!(tally([Fate::Stored, Fate::Kept]).verify("t", 0).is_ok());
        let fates = || [Fate::Stored, Fate::Kept, Fate::Absent];
        // The record that was not there to be updated is not lost besides.
        for missing in [0, 1] {
            let absent = tally(fates()).verify("t", missing).expect_err("one is absent");
            assert_eq!(absent.message(), "t: 1 of 3 records are not there to be updated");
        }
        let lost = tally(fates()).verify("t", 2).expect_err("one is lost");
        assert_eq!(lost.message(), "t: 1 of 3 records are not there: removed meanwhile, or lost");
    }

    #[test]
    fn a_record_that_failed_is_an_error_though_nothing_else_is() {
        let mut tally = tally([Fate::Stored, Fate::Failed(Error::invalid("bad"))]);
        tally.count_bad();
        let failed = tally.verify("t", 1).expect_err("two failed");
        assert_eq!(failed.message(), "t: 2 of 3 records were not stored");
        assert!(Tally { stored: 0, ..tally }.verify("t", 0).is_err());
    }
}
