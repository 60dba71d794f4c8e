//! Where entries come from: two files and a parameter.

use std::path::{Path, PathBuf};

use super::Entry;
use super::tab::{Placed, Tab, entries, parse, told_apart};
use crate::jobs::{Jobs, JobsParams};
use crate::{Error, Result};

/// The crontab of a home, as it was last read.
pub(super) struct Sources {
    /// `crontab` and `crontab.local`.
    pub(super) files: [PathBuf; 2],
    /// What the files and the parameter held when they were lists.
    kept: [Vec<Placed>; 3],
}

impl Sources {
    /// The files of the folder `etc`, and the parameter.
    pub(super) fn new(etc: &Path) -> Self {
        Self { files: [etc.join("crontab"), etc.join("crontab.local")], kept: Default::default() }
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        self.kept = Default::default();
    }

    /// All entries that can be submitted, and what is wrong with the others: an entry with a mistake is left out, a file
    /// that is no list at all leaves its entries as they were.
    pub(super) async fn read(&mut self, params: &JobsParams, jobs: &Jobs) -> (Vec<Entry>, Vec<Error>) {
        let [first, second] = &self.files;
        let read = [
            (first.display().to_string(), read(first).await),
            (second.display().to_string(), read(second).await),
            ("jobs-schedule".to_owned(), entries(params.schedule.clone())),
        ];
        let (mut all, mut mistakes) = (Vec::new(), Vec::new());
        let mut nameless = Vec::new();
        for ((place, tab), kept) in read.into_iter().zip(&mut self.kept) {
            let mut wrong = |error: &Error| {
                mistakes.push(Error::invalid(format!("{place}: {}", error.message())));
            };
            match tab {
                Ok(tab) => {
                    tab.mistakes.iter().for_each(&mut wrong);
                    *kept = tab.entries;
                }
                Err(error) => wrong(&error),
            }
            for Placed { at, entry } in kept.iter() {
                // A queue that there is not is a mistake of now, not of the first tick.
                match jobs.queue(queue_of(entry, params)) {
                    Ok(_) => all.push(entry.clone()),
                    Err(_) if entry.job.queue.is_empty() => nameless.push(format!("{place}: {at}")),
                    Err(error) => {
                        wrong(&Error::invalid(format!("{at}: queueName: {}", error.message())));
                    }
                }
            }
        }
        if let (Some(first), Err(error)) = (nameless.first(), jobs.queue(&params.cron_queue)) {
            let others = match nameless.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let text = format!("jobs-cron-queue: {}; left out: {first}{others}", error.message());
            mistakes.push(Error::invalid(text));
        }
        (told_apart(all), mistakes)
    }
}

/// The queue of an entry.
pub(super) fn queue_of<'a>(entry: &'a Entry, params: &'a JobsParams) -> &'a str {
    if entry.job.queue.is_empty() { &params.cron_queue } else { &entry.job.queue }
}

async fn read(file: &Path) -> Result<Tab> {
    match tokio::fs::read_to_string(file).await {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Tab::default()),
        Err(error) => Err(Error::invalid(format!("cannot be read: {error}"))),
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::queue::{Bell, QueueParams, Queues, Site};

    /// What runs, and what is told, of these files and a schedule, with this queue for entries without one.
    async fn read(files: [&str; 2], queue: &str) -> std::io::Result<(Vec<String>, Vec<String>)> {
        let folder = tempfile::tempdir()?;
        let mut queues = QueueParams::default();
        for name in ["", "slow"] {
            queues.queue.insert(name.into(), crate::config::Secret::new("local://"));
        }
        let site = Site { db: None, folder: folder.path(), bell: Bell::default() };
        let jobs = Jobs::new(Queues::open(&queues, &site).map_err(std::io::Error::other)?);
        let mut sources = Sources::new(folder.path());
        for (file, text) in sources.files.iter().zip(files) {
            std::fs::write(file, text)?;
        }
        let schedule = json!([{"cron": "@daily", "job": "c", "queueName": "slow"}]);
        let params = JobsParams { cron_queue: queue.into(), schedule, ..JobsParams::default() };
        let (all, mistakes) = sources.read(&params, &jobs).await;
        let here = format!("{}/", folder.path().display());
        let told = mistakes.iter().map(|error| error.message().replace(&here, "")).collect();
        Ok((all.iter().map(|entry| entry.job.title()).collect(), told))
    }

    #[tokio::test]
    async fn a_mistake_is_told_with_its_place_and_the_others_run() {
        let good = r#"[{"cron": "@daily", "job": "a"},
            {"cron": "@daily", "job": "b", "name": "bad", "queueName": "nowhere"},
            {"cron": "0 0 31 2 *", "job": "d"}]"#;
        let (run, told) = read([good, "[broken"], "").await.expect("reads");
        assert_eq!(run, ["a", "c"]);
        assert!(told[0].starts_with("crontab: entry 3: cron \"0 0 31 2 *\" never comes"), "{told:?}");
        assert!(told[1].starts_with("crontab: entry 2 (bad): queueName: no queue nowhere"), "{told:?}");
        assert!(told[2].starts_with("crontab.local: not JSON: "), "{told:?}");
        assert_eq!(told.len(), 3);
    }

    #[tokio::test]
    async fn a_wrong_queue_of_cron_leaves_out_who_names_none_only() {
        let two = r#"[{"cron": "@daily", "job": "a"}, {"cron": "@hourly", "job": "b"}]"#;
        let (run, told) = read([two, ""], "sloow").await.expect("reads");
        assert_eq!(run, ["c"]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("jobs-cron-queue: no queue sloow"), "{told:?}");
        assert!(told[0].ends_with("; left out: crontab: entry 1 and 1 more"), "{told:?}");
    }
}
