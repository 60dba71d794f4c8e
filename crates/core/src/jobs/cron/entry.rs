use std::fmt;

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::jobs::Job;
use crate::{Error, Result};

/// What becomes of a tick at which nobody was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// Nothing.
    #[default]
    Skip,
    /// The last one missed is made up for.
    Once,
}

/// A job and when it is due.
#[derive(Clone)]
pub struct Entry {
    /// By which hosts know it as the same.
    pub name: String,
    /// What is submitted.
    pub job: Job,
    /// What becomes of missed ticks.
    pub missed: Missed,
    cron: croner::Cron,
    zone: TimeZone,
}

impl Entry {
    /// The entry that JSON says.
    ///
    /// # Errors
    /// `Invalid`, naming what is unknown or malformed.
    pub fn from_json(json: Json) -> Result<Self> {
        let Json::Object(mut object) = json else {
            return Err(Error::invalid("an entry is an object with cron and job"));
        };
        let own = identity(&object);
        let text = |object: &mut Map<String, Json>, name: &str| match object.remove(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::invalid(format!("{name} must be a text"))),
        };
        let pattern = text(&mut object, "cron")?.ok_or_else(|| Error::invalid("cron is required"))?;
        let zone = match text(&mut object, "tz")? {
            None => TimeZone::system(),
            Some(name) => TimeZone::get(&name).map_err(|_| {
                Error::invalid(format!("tz {name:.60} is no time zone, such as Europe/Berlin"))
            })?,
        };
        let missed = match text(&mut object, "missed")?.as_deref() {
            None | Some("skip") => Missed::Skip,
            Some("once") => Missed::Once,
            Some(other) => return Err(Error::invalid(format!("missed is skip or once, not {other:.20}"))),
        };
        let name = text(&mut object, "name")?.unwrap_or(own);
        if name.is_empty() || name.len() > 100 {
            return Err(Error::invalid("name has from 1 to 100 bytes"));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::invalid("name has no control characters such as line ends"));
        }
        // The original's files may say what an entry is for.
        for remark in ["descr", "comment"] {
            object.remove(remark);
        }
        let entry =
            Self { cron: parse(&pattern)?, zone, missed, name, job: Job::from_json(Json::Object(object))? };
        match entry.next(Timestamp::now().as_millisecond()) {
            Some(_) => Ok(entry),
            None => Err(Error::invalid(format!("cron {pattern:.60?} never comes: there is no such date"))),
        }
    }

    /// The first tick after a time, in milliseconds since 1970; none when there is none any more.
    pub fn next(&self, after: i64) -> Option<i64> {
        let found = self.cron.find_next_occurrence(&self.local(after)?, false).ok()?;
        Some(found.timestamp().as_millisecond())
    }

    /// The last tick before a time.
    pub fn previous(&self, before: i64) -> Option<i64> {
        let found = self.cron.find_previous_occurrence(&self.local(before)?, false).ok()?;
        Some(found.timestamp().as_millisecond())
    }

    fn local(&self, time: i64) -> Option<Zoned> {
        Some(Timestamp::from_millisecond(time).ok()?.to_zoned(self.zone.clone()))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("job", &self.job.title())
            .finish_non_exhaustive()
    }
}

fn parse(pattern: &str) -> Result<croner::Cron> {
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let wrong =
        |error| Error::invalid(format!("cron {pattern:.60?} is no time of five or six fields: {error}"));
    if pattern.len() > 200 {
        return Err(Error::invalid("cron has 200 characters at most"));
    }
    parser.parse(pattern).map_err(wrong)
}

/// What an entry says, as a short text.
fn identity(object: &Map<String, Json>) -> String {
    let text = Json::Object(object.clone()).to_string();
    Sha256::digest(text.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// A point in time for messages.
pub(super) fn shown(time: i64) -> String {
    Timestamp::from_millisecond(time).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Milliseconds of an RFC 3339 time.
    fn millis(text: &str) -> i64 {
        text.parse::<Timestamp>().map(|time| time.as_millisecond()).unwrap_or_default()
    }

    fn check(cron: &str, zone: &str, after: &str, expected: &[&str]) {
        let entry = Entry::from_json(json!({"cron": cron, "tz": zone, "job": "a"})).expect("is an entry");
        let mut time = millis(after);
        for expected in expected {
            time = entry.next(time).expect("there is a tick");
            assert_eq!(shown(time), *expected, "{cron} {zone}");
        }
    }

    #[test]
    fn five_fields_and_six_are_understood() {
        check(
            "*/15 * * * *",
            "UTC",
            "2026-03-01T10:07:00Z",
            &["2026-03-01T10:15:00Z", "2026-03-01T10:30:00Z"],
        );
        check(
            "*/20 * * * * *",
            "UTC",
            "2026-03-01T10:07:01Z",
            &["2026-03-01T10:07:20Z", "2026-03-01T10:07:40Z"],
        );
        check("0 9 * * MON-FRI", "UTC", "2026-03-06T10:00:00Z", &["2026-03-09T09:00:00Z"]);
        check("0 0 L * *", "UTC", "2026-02-03T00:00:00Z", &["2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"]);
        check("0 0 29 2 *", "UTC", "2026-02-03T00:00:00Z", &["2028-02-29T00:00:00Z"]);
        check("@hourly", "UTC", "2026-02-03T00:00:00Z", &["2026-02-03T01:00:00Z"]);
    }

    #[test]
    fn times_are_those_of_the_zone_through_changes_of_its_clocks() {
        check(
            "0 4 * * *",
            "Europe/Berlin",
            "2026-03-28T00:00:00Z",
            &["2026-03-28T03:00:00Z", "2026-03-29T02:00:00Z"],
        );
        // 02:30 does not exist on that day.
        check(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        );
        // 02:30 comes twice.
        check(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        );
    }

    #[test]
    fn what_is_no_entry_is_refused_by_name() {
        for (json, word) in [
            (json!("x"), "object"),
            (json!({"job": "a"}), "cron is required"),
            (json!({"cron": "* * * *", "job": "a"}), "cron"),
            (json!({"cron": "61 * * * *", "job": "a"}), "cron"),
            (json!({"cron": "0 0 12 1 1 * 2099", "job": "a"}), "five or six fields"),
            (json!({"cron": "0 0 31 2 *", "job": "a"}), "never comes"),
            (json!({"cron": "0 0 0 31 2,4,6 *", "job": "a"}), "never comes"),
            (json!({"cron": "* * * * *"}), "job is required"),
            (json!({"cron": "* * * * *", "job": "a", "tz": "Mars/Olympus"}), "Mars"),
            (json!({"cron": "* * * * *", "job": "a", "missed": "all"}), "missed"),
            (json!({"cron": "* * * * *", "job": "a", "misssed": "once"}), "misssed"),
            (json!({"cron": "* * * * *", "job": "a", "name": "a\nb"}), "name has no control characters"),
            (json!({"cron": "* * * * *", "job": "a", "uniqueKey": "a\rb"}), "uniqueKey"),
        ] {
            let error = Entry::from_json(json.clone()).expect_err("refused");
            assert!(error.message().contains(word), "{json}: {error}");
        }
    }

    #[test]
    fn entries_that_say_the_same_are_the_same_on_all_hosts() {
        let entry = |json| Entry::from_json(json).expect("is an entry").name;
        let one = entry(json!({"cron": "* * * * *", "job": {"a": {"x": 1}}}));
        assert_eq!(one, entry(json!({"cron": "* * * * *", "job": {"a": {"x": 1}}})));
        assert_ne!(one, entry(json!({"cron": "* * * * *", "job": {"a": {"x": 2}}})));
        assert_eq!(entry(json!({"cron": "* * * * *", "job": "a", "name": "n"})), "n");
    }
}
