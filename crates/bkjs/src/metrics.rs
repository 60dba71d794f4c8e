//! What all processes of a tree have counted, added up by the one that answers the others.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bkjs_core::metrics::{self, Gather, Report};
use bkjs_core::{Error, Result, task};
use bkjs_runtime::{Ipc, Role, Tree};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Mutex as Turn, Notify};

/// The name of the call, and of what is told.
pub(crate) const NAME: &str = "metrics";
/// How long is waited for the reports of others.
const WAIT: Duration = Duration::from_secs(1);

/// What is asked of the process that answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Question {
    /// This is what I have counted.
    Report(Box<Report>),
    /// What have all counted?
    Gather,
}

/// What is told to all.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    /// Who has counted something?
    Ask,
    /// This is what a process has counted that cannot call.
    Report(Box<Report>),
}

/// The part of a process in it.
#[derive(Default)]
pub(crate) struct Counts {
    place: OnceLock<(Role, Tree)>,
    leaf: OnceLock<(usize, Ipc)>,
    memory: Memory,
}

impl Counts {
    /// Where this process is.
    pub(crate) fn stand(&self, role: Role, tree: &Tree) {
        if self.place.set((role, tree.clone())).is_ok() && role == Role::Server {
            // Those that are there already.
            let _ = tell(tree, &Told::Ask);
        }
    }

    /// This process works, and tells what it has counted from now on.
    pub(crate) fn work(self: &Arc<Self>, index: usize, ipc: &Ipc) {
        if self.leaf.set((index, ipc.clone())).is_ok() && !ipc.is_alone() {
            self.clone().report();
        }
    }

    /// Another process has told this.
    pub(crate) fn told(self: &Arc<Self>, body: Value) {
        match serde_json::from_value(body) {
            Ok(Told::Ask) => self.clone().report(),
            // Of those that hear it, one is asked.
            Ok(Told::Report(report)) => self.memory.keep(*report),
            Err(error) => tracing::warn!(%error, "another process has told metrics that are none"),
        }
    }

    fn report(self: Arc<Self>) {
        let Some((role, tree)) = self.place.get() else { return };
        let Some((index, ipc)) = self.leaf.get() else {
            if *role != Role::Server
                && let Err(error) = tell(tree, &Told::Report(Box::new(metrics::report(role.name(), 0))))
            {
                tracing::debug!(error = error.log_text(), "a report of metrics was not told");
            }
            return;
        };
        let question = Question::Report(Box::new(metrics::report(role.name(), *index)));
        let ipc = ipc.clone();
        task::spawn("metrics", async move {
            let told = match to_value(&question) {
                Ok(question) => ipc.call(NAME, question).await,
                Err(error) => Err(error),
            };
            if let Err(error) = told {
                tracing::debug!(error = error.log_text(), "a report of metrics was not taken");
            }
        });
    }

    /// Answers a call of another process, or of this one where it is alone.
    pub(crate) async fn answer(&self, body: Value) -> Result<Value> {
        let question = serde_json::from_value(body)
            .map_err(|e| Error::invalid("not a question of metrics").source(e))?;
        match question {
            Question::Report(report) => {
                self.memory.keep(*report);
                Ok(Value::Null)
            }
            Question::Gather => {
                let Some((role, tree)) = self.place.get() else {
                    return Err(Error::internal("a process does not know its place"));
                };
                let mut report = metrics::report(role.name(), self.leaf.get().map_or(0, |(index, _)| *index));
                if !tree.is_alone() {
                    report.add(self.memory.gather(|| tell(tree, &Told::Ask)).await);
                }
                to_value(&report)
            }
        }
    }
}

fn tell(tree: &Tree, told: &Told) -> Result<()> {
    tree.tell(NAME, to_value(told)?)
}

fn to_value<T: Serialize>(said: &T) -> Result<Value> {
    serde_json::to_value(said).map_err(|e| Error::internal("a word about metrics").source(e))
}

/// What others have told.
#[derive(Default)]
struct Memory {
    kept: Mutex<Kept>,
    heard: Notify,
    /// One asks at a time.
    turn: Turn<()>,
}

#[derive(Default)]
struct Kept {
    /// The last report of each process, and whether it came after the last question.
    living: HashMap<u32, (Report, bool)>,
    ended: Report,
}

impl Memory {
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, report: Report) {
        let Some(pid) = report.processes.first().map(|process| process.pid) else { return };
        self.lock().living.insert(pid, (report, true));
        self.heard.notify_waiters();
    }

    /// Asks all, waits for those that are known, and adds up what they say.
    async fn gather(&self, ask: impl Fn() -> Result<()>) -> Report {
        let _turn = self.turn.lock().await;
        self.forget_ended();
        self.lock().living.values_mut().for_each(|(_, is_new)| *is_new = false);
        if let Err(error) = ask() {
            tracing::warn!(error = error.log_text(), "other processes are not asked for their metrics");
        } else {
            let all = async {
                loop {
                    let heard = self.heard.notified();
                    if self.lock().living.values().all(|(_, is_new)| *is_new) {
                        return;
                    }
                    heard.await;
                }
            };
            if tokio::time::timeout(WAIT, all).await.is_err() {
                self.forget_ended();
            }
        }
        let kept = self.lock();
        let mut all = kept.ended.clone();
        let mut living: Vec<&Report> = kept.living.values().map(|(report, _)| report).collect();
        living.sort_by_key(|report| report.processes.first().map(|p| (p.role.clone(), p.index, p.pid)));
        living.into_iter().for_each(|report| all.add(report.clone()));
        all
    }

    /// Adds what processes have counted that are gone to what stays.
    fn forget_ended(&self) {
        let mut kept = self.lock();
        let gone: Vec<u32> = kept.living.keys().copied().filter(|pid| !lives(*pid)).collect();
        for pid in gone {
            if let Some((report, _)) = kept.living.remove(&pid) {
                kept.ended.add(report.ended());
            }
        }
    }
}

fn lives(pid: u32) -> bool {
    let processes = Path::new("/proc");
    // Where the system does not show processes, they are not forgotten.
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}

/// A process's way to what all have counted.
#[derive(Debug)]
pub(crate) struct TreeGather(pub(crate) Ipc);

impl Gather for TreeGather {
    fn gather(&self) -> BoxFuture<'_, Result<Report>> {
        Box::pin(async move {
            let answer = self.0.call(NAME, to_value(&Question::Gather)?).await?;
            serde_json::from_value(answer).map_err(|e| Error::internal("metrics of others").source(e))
        })
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counts")
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::metrics::{Process, Series};

    use super::*;

    fn report(pid: u32, count: u64) -> Report {
        Report {
            processes: vec![Process { role: "web".to_owned(), pid, ..Process::default() }],
            counters: vec![Series { name: "n".to_owned(), labels: Vec::new(), value: count }],
            ..Report::default()
        }
    }

    #[tokio::test]
    async fn counts_of_processes_that_have_ended_stay() {
        let memory = Memory::default();
        let own = std::process::id();
        // No process has this number.
        let gone = u32::MAX;
        memory.keep(report(own, 1));
        memory.keep(report(gone, 4));
        let all = memory
            .gather(|| {
                memory.keep(report(own, 2));
                Ok(())
            })
            .await;
        assert_eq!((all.processes.len(), all.count("n", "", "")), (1, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_there_with_what_it_said_last() {
        let memory = Memory::default();
        memory.keep(report(std::process::id(), 3));
        assert_eq!(memory.gather(|| Ok(())).await.count("n", "", ""), 3);
    }
}
