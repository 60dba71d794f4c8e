//! What a job says, and its form as JSON.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::queue::{Message, PRIORITIES, Unique};
use crate::suggest::nearest;
use crate::{Error, Result};

/// The most calls of one job.
const MAX_CALLS: usize = 1000;

/// How long a unique key is kept that is to be kept, where nobody says.
const KEPT: Duration = Duration::from_secs(3600);

/// One function to call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name, `module.function`.
    pub name: String,
    /// What it is given.
    pub params: Json,
}

/// Functions to call, and when.
///
/// As JSON: `"app.clean"`, or an object whose `job` is a name, an object of names and parameters, which are called
/// side by side, or a list of these, which are called one after the other. The other names of the object:
///
/// | name | |
/// | --- | --- |
/// | `queueName` | the queue, if not the default one |
/// | `delay` | milliseconds before it may begin |
/// | `startTime`, `stime` | milliseconds since 1970 before which it must not begin |
/// | `endTime`, `etime` | milliseconds since 1970 after which it must not begin |
/// | `priority` | 0 to 9, the greater first |
/// | `retryCount` | how often it is tried |
/// | `maxRuntime` | seconds that it may take, at most `jobs-max-runtime` |
/// | `uniqueKey` | of jobs with the same key there is one until it has ended |
/// | `uniqueTtl` | milliseconds for which the key is taken at most |
/// | `uniqueKeep` | the key stays taken for `uniqueTtl` (default an hour) though the job has ended |
/// | `uniqueDrop` | a job whose key is taken is dropped silently; else its submission fails |
/// | `noerrors` | a failed call is logged, and the job goes on |
/// | `disabled` | it is not submitted |
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The calls: those of a group side by side, the groups one after the other.
    pub groups: Vec<Vec<Call>>,
    /// The queue, empty for the default one.
    pub queue: String,
    /// How long after its submission it may begin.
    pub delay: Duration,
    /// Milliseconds since 1970 before which it does not begin.
    pub start: Option<i64>,
    /// Milliseconds since 1970 after which it does not begin.
    pub end: Option<i64>,
    /// From 0 to 9, the greater first.
    pub priority: u8,
    /// How often it is tried, if not as often as the queue says.
    pub attempts: Option<u32>,
    /// How long it may run, if less than others.
    pub max_runtime: Option<Duration>,
    /// Its unique key.
    pub unique: Option<Unique>,
    /// With a unique key that is taken it is dropped silently.
    pub drop_duplicate: bool,
    /// A failed call is logged, and the job goes on.
    pub no_errors: bool,
    /// It is not submitted.
    pub disabled: bool,
}

impl Job {
    /// A job of one call.
    pub fn call(name: impl Into<String>, params: Json) -> Self {
        Self::series([Call { name: name.into(), params }])
    }

    /// A job of calls one after the other.
    pub fn series(calls: impl IntoIterator<Item = Call>) -> Self {
        Self::of(calls.into_iter().map(|call| vec![call]).collect())
    }

    /// A job of calls side by side.
    pub fn parallel(calls: impl IntoIterator<Item = Call>) -> Self {
        Self::of(vec![calls.into_iter().collect()])
    }

    fn of(groups: Vec<Vec<Call>>) -> Self {
        Self {
            groups,
            queue: String::new(),
            delay: Duration::ZERO,
            start: None,
            end: None,
            priority: 0,
            attempts: None,
            max_runtime: None,
            unique: None,
            drop_duplicate: false,
            no_errors: false,
            disabled: false,
        }
    }

    /// With a unique key: a further job with it is refused, or dropped with [`drop_duplicate`](Self::drop_duplicate).
    #[must_use]
    pub fn unique(mut self, unique: Unique) -> Self {
        self.unique = Some(unique);
        self
    }

    /// In another queue than the default one.
    #[must_use]
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = name.into();
        self
    }

    /// Not before so much time has passed.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Tried so often.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// The job that JSON says.
    ///
    /// # Errors
    /// `Invalid`, naming what is unknown or malformed.
    pub fn from_json(json: Json) -> Result<Self> {
        match json {
            Json::String(name) => Self::of(vec![vec![call(name, Json::Null)?]]).checked(),
            Json::Object(object) => Self::from_object(object),
            _ => Err(Error::invalid("a job is a name, or an object with job")),
        }
    }

    fn from_object(mut object: Map<String, Json>) -> Result<Self> {
        let what = object.remove("job").ok_or_else(|| Error::invalid("job is required"))?;
        let mut job = Self::of(groups(what)?);
        let (mut key, mut ttl, mut keep) = (None, None, false);
        for (name, value) in object {
            match name.as_str() {
                "queueName" => job.queue = text(&name, value)?,
                "delay" => job.delay = Duration::from_millis(whole(&name, &value)?),
                "startTime" | "stime" => job.start = Some(time(&name, &value)?),
                "endTime" | "etime" => job.end = Some(time(&name, &value)?),
                "priority" => {
                    let priority = u8::try_from(whole(&name, &value)?).ok().filter(|p| *p < PRIORITIES);
                    job.priority = priority
                        .ok_or_else(|| Error::invalid(format!("priority is from 0 to {}", PRIORITIES - 1)))?;
                }
                "retryCount" => {
                    let count = u32::try_from(whole(&name, &value)?).ok().filter(|n| (1..=1000).contains(n));
                    job.attempts = Some(count.ok_or_else(|| Error::invalid("retryCount is from 1 to 1000"))?);
                }
                "maxRuntime" => {
                    let time = Some(whole(&name, &value)?).filter(|time| *time > 0);
                    let time = time.ok_or_else(|| Error::invalid("maxRuntime is 1 second at least"))?;
                    job.max_runtime = Some(Duration::from_secs(time));
                }
                "uniqueKey" => key = Some(text(&name, value)?),
                "uniqueTtl" => ttl = Some(Duration::from_millis(whole(&name, &value)?)),
                "uniqueKeep" => keep = truth(&name, &value)?,
                "uniqueDrop" => job.drop_duplicate = truth(&name, &value)?,
                "noerrors" => job.no_errors = truth(&name, &value)?,
                "disabled" => job.disabled = truth(&name, &value)?,
                _ => return Err(unknown(&name)),
            }
        }
        match key {
            Some(key) => {
                let ttl = ttl.or(keep.then_some(KEPT));
                job.unique = Some(Unique { key, ttl, keep });
            }
            None if ttl.is_some() || keep || job.drop_duplicate => {
                return Err(Error::invalid("uniqueTtl, uniqueKeep and uniqueDrop need a uniqueKey"));
            }
            None => {}
        }
        job.checked()
    }

    fn checked(self) -> Result<Self> {
        self.unique.as_ref().map(Unique::check).transpose()?;
        let calls = self.groups.iter().map(Vec::len).sum::<usize>();
        match calls {
            0 => Err(Error::invalid("a job calls one function at least")),
            1..=MAX_CALLS => Ok(self),
            _ => Err(Error::invalid(format!("a job of {calls} calls is over the limit of {MAX_CALLS}"))),
        }
    }

    /// The message that stands for it, and the name of its queue.
    ///
    /// # Errors
    /// `Invalid` for calls that cannot be made.
    pub fn into_message(self) -> Result<(String, Message)> {
        let job = self.checked()?;
        for call in job.groups.iter().flatten() {
            check_name(&call.name)?;
        }
        let now = jiff::Timestamp::now().as_millisecond();
        let until = |time: i64| Duration::from_millis(u64::try_from(time.saturating_sub(now)).unwrap_or(0));
        let mut body = Map::new();
        let group = |group: &Vec<Call>| {
            // Two calls of one function in a group cannot be an object.
            Json::Array(group.iter().map(|call| json!([call.name, call.params])).collect())
        };
        body.insert("calls".into(), Json::Array(job.groups.iter().map(group).collect()));
        if let Some(time) = job.max_runtime {
            body.insert("maxRuntime".into(), json!(time.as_secs()));
        }
        if job.no_errors {
            body.insert("noerrors".into(), json!(true));
        }
        let mut message = Message::new(Json::Object(body).to_string());
        message.priority = job.priority;
        message.delay = job.delay.max(job.start.map_or(Duration::ZERO, until));
        message.expires = job.end.map(until);
        message.attempts = job.attempts;
        message.unique = job.unique;
        Ok((job.queue, message))
    }

    /// What a message says: the calls, and what a worker has to know of them. When it is due the queue knows.
    ///
    /// # Errors
    /// `Invalid` for a message that is no job.
    pub(crate) fn from_body(body: &str) -> Result<Self> {
        let no_job = || Error::invalid("the message is no job");
        let json: Json = serde_json::from_str(body).map_err(|e| no_job().source(e))?;
        // Somebody else than this framework may have put it.
        if json.get("calls").is_none() {
            return Self::from_json(json);
        }
        type Calls = Vec<Vec<(String, Json)>>;
        let calls: Calls = serde_json::from_value(json["calls"].clone()).map_err(|e| no_job().source(e))?;
        let groups = calls.into_iter().map(|group| {
            group.into_iter().map(|(name, params)| call(name, params)).collect::<Result<Vec<_>>>()
        });
        let mut job = Self::of(groups.collect::<Result<_>>()?);
        job.max_runtime = json["maxRuntime"].as_u64().map(Duration::from_secs);
        job.no_errors = json["noerrors"].as_bool().unwrap_or_default();
        job.checked()
    }

    /// The names of its functions, for logs.
    pub fn title(&self) -> String {
        let names: Vec<&str> = self.groups.iter().flatten().map(|call| call.name.as_str()).collect();
        match names.as_slice() {
            [one] => (*one).to_owned(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            [] => String::new(),
        }
    }
}

/// The names in the JSON of a job.
const NAMES: [&str; 16] = [
    "job",
    "queueName",
    "delay",
    "startTime",
    "stime",
    "endTime",
    "etime",
    "priority",
    "retryCount",
    "maxRuntime",
    "uniqueKey",
    "uniqueTtl",
    "uniqueKeep",
    "uniqueDrop",
    "noerrors",
    "disabled",
];

fn unknown(name: &str) -> Error {
    match nearest(name, NAMES) {
        Some(known) => Error::invalid(format!("a job has no {name:.40}: do you mean {known}?")),
        None => Error::invalid(format!("a job has no {name:.40}")),
    }
}

fn groups(what: Json) -> Result<Vec<Vec<Call>>> {
    match what {
        Json::Array(list) => list.into_iter().map(group).collect(),
        one => Ok(vec![group(one)?]),
    }
}

fn group(what: Json) -> Result<Vec<Call>> {
    match what {
        Json::String(name) => Ok(vec![call(name, Json::Null)?]),
        Json::Object(object) if !object.is_empty() => {
            object.into_iter().map(|(name, params)| call(name, params)).collect()
        }
        _ => Err(Error::invalid("job is a name, an object of names and parameters, or a list of these")),
    }
}

fn call(name: String, params: Json) -> Result<Call> {
    check_name(&name)?;
    Ok(Call { name, params })
}

/// Refuses what no function can be called.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match !name.is_empty() && name.len() <= 100 && name.chars().all(plain) {
        true => Ok(()),
        false => Err(Error::invalid(format!("{name:.40?} is no name of a job, such as app.clean"))),
    }
}

fn text(name: &str, value: Json) -> Result<String> {
    match value {
        Json::String(text) => Ok(text),
        _ => Err(Error::invalid(format!("{name} must be a text"))),
    }
}

/// A number, which queries and forms give as text.
fn whole(name: &str, value: &Json) -> Result<u64> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value
        .as_u64()
        .or(text)
        .ok_or_else(|| Error::invalid(format!("{name} must be a whole number that is not negative")))
}

fn time(name: &str, value: &Json) -> Result<i64> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    let time = value.as_i64().or(text).filter(|time| *time >= 0);
    time.ok_or_else(|| Error::invalid(format!("{name} must be milliseconds since 1970")))
}

fn truth(name: &str, value: &Json) -> Result<bool> {
    match value {
        Json::Bool(truth) => Ok(*truth),
        Json::Number(number) if number.as_u64() == Some(1) => Ok(true),
        Json::Number(number) if number.as_u64() == Some(0) => Ok(false),
        Json::String(text) if text == "1" || text == "true" => Ok(true),
        Json::String(text) if text == "0" || text == "false" => Ok(false),
        _ => Err(Error::invalid(format!("{name} must be true or false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_forms_give_numbers_and_truth_as_text() {
        let json = serde_json::json!({"job": "a", "delay": "1000", "uniqueKey": "k", "uniqueDrop": "1"});
        let job = Job::from_json(json).expect("a job");
        assert_eq!((job.delay, job.drop_duplicate), (Duration::from_secs(1), true));
    }

    fn names(job: &Job) -> Vec<Vec<&str>> {
        job.groups.iter().map(|group| group.iter().map(|call| call.name.as_str()).collect()).collect()
    }

    #[test]
    fn every_form_of_the_calls_is_understood() {
        for (json, expected) in [
            (json!("a.b"), vec![vec!["a.b"]]),
            (json!({"job": "a"}), vec![vec!["a"]]),
            (json!({"job": {"a": {"x": 1}, "b": 2}}), vec![vec!["a", "b"]]),
            (
                json!({"job": ["a", {"b": 1, "c": null}, {"d": []}]}),
                vec![vec!["a"], vec!["b", "c"], vec!["d"]],
            ),
        ] {
            let job = Job::from_json(json).expect("is a job");
            assert_eq!(names(&job), expected);
            let (_, message) = job.clone().into_message().expect("is a message");
            assert_eq!(Job::from_body(&message.body).expect("is a job").groups, job.groups);
        }
    }

    #[test]
    fn options_become_those_of_the_message() {
        let job = Job::from_json(json!({
            "job": "a", "queueName": "slow", "delay": 1500, "priority": 3, "retryCount": 2, "maxRuntime": 9,
            "uniqueKey": "k", "uniqueTtl": 60000, "uniqueDrop": true, "uniqueKeep": true, "noerrors": 1,
        }));
        let job = job.expect("is a job");
        assert!(job.drop_duplicate && job.no_errors);
        let (queue, message) = job.into_message().expect("is a message");
        assert_eq!((queue.as_str(), message.priority, message.attempts), ("slow", 3, Some(2)));
        assert_eq!(message.delay, Duration::from_millis(1500));
        assert_eq!(message.unique, Some(Unique::within("k", Duration::from_secs(60))));
        let run = Job::from_body(&message.body).expect("is a job");
        assert_eq!((run.max_runtime, run.no_errors), (Some(Duration::from_secs(9)), true));
    }

    #[test]
    fn what_is_no_job_is_refused_by_name() {
        for (json, word) in [
            (json!(1), "a name"),
            (json!({}), "job is required"),
            (json!({"job": []}), "one function"),
            (json!({"job": {}}), "job is a name"),
            (json!({"job": "a b"}), "a b"),
            (json!({"job": "a", "uniqueTTL": 1}), "uniqueTtl"),
            (json!({"job": "a", "delay": "soon"}), "delay"),
            (json!({"job": "a", "priority": 10}), "priority"),
            (json!({"job": "a", "retryCount": 0}), "retryCount"),
            (json!({"job": "a", "maxRuntime": 0}), "maxRuntime"),
            (json!({"job": "a", "uniqueDrop": true}), "uniqueKey"),
            (json!({"job": "a", "uniqueKey": ""}), "uniqueKey"),
            (json!({"job": "a", "uniqueKey": "k\r\nx"}), "uniqueKey"),
            (json!({"job": "a", "noerrors": "yes"}), "noerrors"),
        ] {
            let error = Job::from_json(json.clone()).expect_err("refused");
            assert!(error.message().contains(word), "{json}: {error}");
        }
    }
}
