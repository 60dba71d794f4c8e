//! One memory of used signatures for all web processes: the server process keeps it, they ask.

use bkjs_core::auth::{Admission, LocalReplayGuard, ReplayGuard};
use bkjs_core::{Error, Result};
use bkjs_runtime::Ipc;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the call.
pub(crate) const CALL: &str = "replay";
/// The most signatures that are remembered, about 15 MB.
const CAPACITY: usize = 100_000;

#[derive(Serialize, Deserialize)]
struct Question {
    fingerprint: [u8; 32],
    until_ms: i64,
    now_ms: i64,
}

/// A web process's way to the memory.
#[derive(Debug)]
pub(crate) struct SharedReplayGuard(pub(crate) Ipc);

impl ReplayGuard for SharedReplayGuard {
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<()>> {
        let Admission { fingerprint, until_ms, now_ms } = admission;
        Box::pin(async move {
            let question = serde_json::to_value(Question { fingerprint, until_ms, now_ms });
            let question = question.map_err(|e| Error::internal("a replay question").source(e))?;
            self.0.call(CALL, question).await.map(drop)
        })
    }
}

/// The memory; it takes no room until the first question.
#[derive(Debug)]
pub(crate) struct Memory(LocalReplayGuard);

impl Memory {
    pub(crate) fn new() -> Self {
        Self(LocalReplayGuard::new(CAPACITY))
    }

    /// Answers a call of a web process.
    pub(crate) fn answer(&self, body: Value) -> Result<Value> {
        let Question { fingerprint, until_ms, now_ms } =
            serde_json::from_value(body).map_err(|e| Error::invalid("not a replay question").source(e))?;
        self.0.admit_now(Admission { fingerprint, until_ms, now_ms })?;
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_answers_once_with_yes() {
        let memory = Memory::new();
        let ask = || {
            let question = Question { fingerprint: [7; 32], until_ms: 20, now_ms: 10 };
            memory.answer(serde_json::to_value(question).expect("serializes"))
        };
        assert!(ask().is_ok());
        assert_eq!(ask().expect_err("second").status(), 401);
        assert!(memory.answer(Value::Null).is_err());
    }
}
