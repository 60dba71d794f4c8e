//! Follows the clock and the files, and submits what is due.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use super::entry::shown;
use super::sources::{Sources, queue_of};
use super::tick::{again, submit};
use super::{Entry, Missed};
use crate::config::Handle;
use crate::jobs::{Jobs, JobsParams};
use crate::{Result, task};

/// How often files and the clock are looked at.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// How late a tick may be and still count as met: longer than any pause of a live process.
const LATE: i64 = 30_000;

/// How long the first sight of an entry is known.
const SEEN: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The crontab of a home, followed.
pub struct Cron {
    sources: Sources,
    params: Handle<JobsParams>,
    jobs: Jobs,
    /// What the files were when they were read.
    read: Option<[Option<(SystemTime, u64)>; 2]>,
    schedule: Option<Arc<JobsParams>>,
    entries: Vec<Due>,
}

/// An entry and its next tick.
struct Due {
    entry: Entry,
    next: Option<i64>,
}

impl Cron {
    /// The files of the folder `etc` and the parameters' schedule, submitted to these jobs.
    pub fn new(etc: &std::path::Path, params: Handle<JobsParams>, jobs: Jobs) -> Self {
        let sources = Sources::new(etc);
        Self { sources, params, jobs, read: None, schedule: None, entries: Vec::new() }
    }

    /// Submits what is due, until the future is dropped. Nothing is done while `jobs-cron` is off.
    pub async fn run(mut self) {
        loop {
            self.reload().await;
            let now = now();
            let next = self.entries.iter().filter_map(|due| due.next).min();
            let wait = next.map_or(LOOK, |next| {
                Duration::from_millis(u64::try_from(next.saturating_sub(now)).unwrap_or(0)).min(LOOK)
            });
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            self.tick();
        }
    }

    /// Submits the entries that are due now.
    fn tick(&mut self) {
        let now = now();
        for due in &mut self.entries {
            let Some(next) = due.next.filter(|next| *next <= now) else { continue };
            // After a pause of the whole machine, the last of several.
            let last = due.entry.previous(now + 1).filter(|last| *last >= next).unwrap_or(next);
            due.next = due.entry.next(now.max(last));
            if now - last <= LATE || due.entry.missed == Missed::Once {
                submit(&self.jobs, &self.params, due.entry.clone(), last);
            } else {
                let (name, tick) = (due.entry.name.as_str(), shown(last));
                tracing::warn!(name, tick, "a cron tick was missed and is skipped");
            }
        }
    }

    /// Reads what has changed; what is wrong is told, and the rest takes effect.
    async fn reload(&mut self) {
        let params = self.params.load_full();
        if !params.cron {
            self.entries.clear();
            self.sources.clear();
            (self.read, self.schedule) = (None, None);
            return;
        }
        let found = [changed(&self.sources.files[0]).await, changed(&self.sources.files[1]).await];
        let is_same = self.schedule.as_ref().is_some_and(|known| Arc::ptr_eq(known, &params));
        if self.read == Some(found) && is_same {
            return;
        }
        (self.read, self.schedule) = (Some(found), Some(params.clone()));
        let (all, mistakes) = self.sources.read(&params, &self.jobs).await;
        for mistake in mistakes {
            tracing::error!(error = mistake.log_text(), "a mistake in the crontab, the other entries run");
        }
        let now = now();
        let known = std::mem::take(&mut self.entries);
        tracing::info!(entries = all.len(), "crontab read");
        for entry in all {
            let old = known.iter().find(|due| due.entry.name == entry.name);
            let next = old.map_or_else(|| entry.next(now), |old| old.next);
            if old.is_none() && entry.missed == Missed::Once {
                self.make_up(entry.clone(), now);
            }
            self.entries.push(Due { entry, next });
        }
    }

    /// Submits the last tick before this process, unless it was submitted, or nobody had seen the entry then.
    fn make_up(&self, entry: Entry, now: i64) {
        let (jobs, params) = (self.jobs.clone(), self.params.clone());
        task::spawn("cron", async move {
            let Some(last) = entry.previous(now) else { return };
            let key = format!("cron-seen:{}", entry.name);
            let queue = queue_of(&entry, &params.load_full()).to_owned();
            let take = jobs.clone();
            let take = move || -> BoxFuture<'static, Result<String>> {
                let (jobs, queue, key) = (take.clone(), queue.clone(), key.clone());
                Box::pin(async move { jobs.queue(&queue)?.take_key(&key, &now.to_string(), SEEN).await })
            };
            let seen = again(take).await;
            match seen {
                Ok(seen) => {
                    if seen.parse::<i64>().is_ok_and(|seen| seen <= last) {
                        submit(&jobs, &params, entry, last);
                    }
                }
                Err(error) => {
                    let name = entry.name.as_str();
                    tracing::error!(name, error = error.log_text(), "missed ticks are not made up for");
                }
            }
        });
    }
}

/// What tells that a file has changed; none for one that is not there.
async fn changed(file: &std::path::Path) -> Option<(SystemTime, u64)> {
    let meta = tokio::fs::metadata(file).await.ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jobs::cron::tick::Tick;
    use crate::queue::{Bell, QueueParams, Queues, Site, State};

    fn jobs(folder: &std::path::Path) -> Jobs {
        let mut params = QueueParams::default();
        params.queue.insert(String::new(), crate::config::Secret::new("local://"));
        let site = Site { db: None, folder, bell: Bell::default() };
        Jobs::new(Queues::open(&params, &site).expect("opens"))
    }

    fn entry(json: serde_json::Value) -> Entry {
        Entry::from_json(json).expect("is an entry")
    }

    async fn waiting(jobs: &Jobs) -> usize {
        jobs.queue("").expect("is there").list(State::Available, 100).await.expect("answers").len()
    }

    #[tokio::test]
    async fn files_are_read_again_when_they_change_and_what_is_broken_keeps_its_entries() {
        let folder = tempfile::tempdir().expect("a folder");
        let params = JobsParams {
            cron: true,
            schedule: json!([{"cron": "0 0 1 1 *", "job": "c"}]),
            ..JobsParams::default()
        };
        let mut cron = Cron::new(folder.path(), Handle::fixed(params), jobs(folder.path()));
        let mut names = async |write: Option<(&str, &str)>| {
            if let Some((file, text)) = write {
                std::fs::write(folder.path().join(file), text).expect("writes");
            }
            cron.reload().await;
            cron.entries.iter().map(|due| due.entry.job.title()).collect::<Vec<_>>()
        };
        assert_eq!(names(None).await, ["c"]);
        let one = r#"[{"cron": "0 0 1 1 *", "job": "a"}]"#;
        assert_eq!(names(Some(("crontab", one))).await, ["a", "c"]);
        assert_eq!(
            names(Some(("crontab.local", r#"[{"cron": "0 0 1 1 *", "job": "bb"}]"#))).await,
            ["a", "bb", "c"]
        );
        assert_eq!(names(Some(("crontab", "[broken"))).await, ["a", "bb", "c"]);
        let nowhere = r#"[{"cron": "0 0 1 1 *", "job": "a", "queueName": "nowhere"}]"#;
        assert_eq!(names(Some(("crontab", nowhere))).await, ["bb", "c"]);
        let two = r#"[{"cron": "0 0 1 1 *", "job": "a"}, {"cron": "0 0 31 2 *", "job": "d"}]"#;
        assert_eq!(names(Some(("crontab", two))).await, ["a", "bb", "c"]);
        assert_eq!(names(Some(("crontab", "[]"))).await, ["bb", "c"]);
    }

    #[tokio::test]
    async fn a_missed_tick_is_made_up_for_if_the_entry_was_known_before_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let params = Handle::fixed(JobsParams { cron: true, ..JobsParams::default() });
        let jobs = jobs(folder.path());
        let cron = Cron::new(folder.path(), params.clone(), jobs.clone());
        let daily = entry(json!({"cron": "0 0 * * *", "tz": "UTC", "missed": "once", "job": "a"}));
        let now = now();
        let seen = async |key: &str| {
            for _ in 0..500 {
                let probe =
                    jobs.queue("").expect("is there").take_key(key, "probe", LOOK).await.expect("answers");
                if probe != "probe" {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(12)).await;
            }
            false
        };
        // Nobody has seen it before.
        cron.make_up(daily.clone(), now);
        let last = daily.previous(now).expect("there was one");
        let key = format!("cron-seen:{}", daily.name);
        tokio::time::timeout(Duration::from_secs(10), async {
            while jobs
                .queue("")
                .expect("is there")
                .take_key(&key, &now.to_string(), SEEN)
                .await
                .expect("answers")
                != now.to_string()
            {}
        })
        .await
        .expect("is seen");
        assert_eq!(waiting(&jobs).await, 0);
        // It was seen a week ago, and its last tick never came.
        let older = entry(json!({"cron": "0 0 * * *", "tz": "UTC", "missed": "once", "job": "b"}));
        let week_ago = (now - 7 * 86_400_000).to_string();
        let queue = jobs.queue("").expect("is there");
        queue.take_key(&format!("cron-seen:{}", older.name), &week_ago, SEEN).await.expect("answers");
        cron.make_up(older.clone(), now);
        let mut found = 0;
        for _ in 0..500 {
            found = waiting(&jobs).await;
            if found > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(found, 1);
        assert!(seen(&format!("cron:{}:{last}", older.name)).await);
        cron.make_up(older.clone(), now);
        let tick = Tick::new(jobs.clone(), params.load_full(), older.clone(), last);
        assert!(!tick.submit().await.expect("answers"));
        assert_eq!(waiting(&jobs).await, 1);
    }
}
