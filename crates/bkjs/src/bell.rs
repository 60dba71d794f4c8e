//! One bell for all processes of a tree: who puts something into a queue rings it, and takers hear it at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_core::queue::{Bell, Ring};
use bkjs_core::{Error, Result, task};
use bkjs_runtime::Ipc;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

/// The name of the call.
pub(crate) const CALL: &str = "queue";

/// How long a question waits for its answer: less than a call may take.
const WAIT: Duration = Duration::from_secs(8);

/// The most queues whose takers are told; names come from processes of the tree only.
const MAX_QUEUES: usize = 10_000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Question {
    /// Something was put.
    Ring { queue: String },
    /// How often something was put, as soon as it is not so often.
    Wait { queue: String, known: u64 },
}

/// The bell of a process of the tree.
pub(crate) fn of_tree(tree: Option<&Ipc>) -> Bell {
    match tree {
        Some(tree) if !tree.is_alone() => {
            Bell::shared(Arc::new(TreeRing { ipc: tree.clone(), ringing: Mutex::default() }))
        }
        _ => Bell::default(),
    }
}

/// A process's way to the bell.
#[derive(Debug)]
struct TreeRing {
    ipc: Ipc,
    /// Queues for which a word is on its way, and whether another one must follow it.
    ringing: Mutex<HashMap<String, Arc<AtomicBool>>>,
}

impl Ring for TreeRing {
    fn ring(&self, queue: &str) {
        let mut ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        let again = match ringing.get(queue) {
            // One word is enough for all that is put until it is sent.
            Some(again) if Arc::strong_count(again) > 1 => {
                again.store(true, Ordering::SeqCst);
                return;
            }
            Some(again) => again.clone(),
            None => ringing.entry(queue.to_owned()).or_default().clone(),
        };
        drop(ringing);
        let (ipc, queue) = (self.ipc.clone(), queue.to_owned());
        task::spawn("bell", async move {
            loop {
                again.store(false, Ordering::SeqCst);
                let question = Question::Ring { queue: queue.clone() };
                // Takers look by themselves after a while.
                let told = match serde_json::to_value(question) {
                    Ok(question) => ipc.call(CALL, question).await.is_ok(),
                    Err(_) => false,
                };
                if !told || !again.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
    }

    fn rung<'a>(&'a self, queue: &'a str, known: u64) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let question = serde_json::to_value(Question::Wait { queue: queue.to_owned(), known });
            let question = question.map_err(|e| Error::internal("a question to the bell").source(e))?;
            let answer = self.ipc.call(CALL, question).await?;
            answer.as_u64().ok_or_else(|| Error::internal("an answer of the bell"))
        })
    }
}

/// How often something was put into each queue, in the process that answers the others.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<String, watch::Sender<u64>>>);

impl Memory {
    /// Answers a call of another process.
    pub(crate) async fn answer(&self, body: Value) -> Result<Value> {
        let question = serde_json::from_value(body)
            .map_err(|e| Error::invalid("not a question to the bell").source(e))?;
        match question {
            Question::Ring { queue } => {
                self.with(&queue, |count| count.send_modify(|count| *count = count.wrapping_add(1)))?;
                Ok(Value::Null)
            }
            Question::Wait { queue, known } => {
                let mut count = self.with(&queue, watch::Sender::subscribe)?;
                let changed = tokio::time::timeout(WAIT, count.wait_for(|count| *count != known));
                Ok(changed.await.map_or(known, |count| count.map_or(known, |count| *count)).into())
            }
        }
    }

    fn with<T>(&self, queue: &str, act: impl FnOnce(&watch::Sender<u64>) -> T) -> Result<T> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !queues.contains_key(queue) && queues.len() >= MAX_QUEUES {
            return Err(Error::invalid("too many queues"));
        }
        // Not 0, which is what those know who have never asked: after this process was replaced, they look once.
        Ok(act(queues.entry(queue.to_owned()).or_insert_with(|| watch::Sender::new(start()))))
    }
}

/// A count that no earlier process has come to.
fn start() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |since| u64::try_from(since.as_nanos()).unwrap_or(1).max(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_and_who_comes_late_is_told_at_once() {
        let memory = Arc::new(Memory::default());
        let wait = |known: u64| {
            let memory = memory.clone();
            async move { memory.answer(json!({"wait": {"queue": "a", "known": known}})).await }
        };
        let known = wait(0).await.expect("is answered").as_u64().expect("is a count");
        let ring = async {
            tokio::task::yield_now().await;
            memory.answer(json!({"ring": {"queue": "a"}})).await
        };
        let (told, rung) = tokio::join!(wait(known), ring);
        rung.expect("is answered");
        assert_eq!(told.expect("is told"), known + 1);
        assert_eq!(wait(known).await.expect("is told"), known + 1);
        assert!(memory.answer(json!({"what": 1})).await.is_err());
    }
}
