//! One cache for all web processes and workers: the server process keeps it, they ask.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bkjs_core::cache::{CacheDriver, LocalCache};
use bkjs_core::config::{Params, Size};
use bkjs_core::{Error, Result};
use bkjs_runtime::Ipc;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the call.
pub(crate) const CALL: &str = "cache";

/// What the server process keeps for the others.
#[derive(Params, Clone, Debug)]
#[params(prefix = "ipc")]
pub(crate) struct CacheParams {
    /// The most entries of the cache that the server process keeps for the others.
    #[param(default = 100000)]
    lru_max: u64,
    /// About how many bytes these entries may take.
    #[param(default = "64m")]
    lru_max_bytes: Size,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Question {
    Get {
        name: String,
    },
    /// The bytes in base64, the time in milliseconds.
    Put {
        name: String,
        bytes: String,
        ttl: u64,
    },
}

/// A process's way to the cache.
#[derive(Debug)]
pub(crate) struct TreeCache(pub(crate) Ipc);

impl TreeCache {
    async fn ask(&self, question: Question) -> Result<Value> {
        let question = serde_json::to_value(question);
        self.0.call(CALL, question.map_err(|e| Error::internal("a question to the cache").source(e))?).await
    }
}

impl CacheDriver for TreeCache {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        Box::pin(async move {
            let answer = self.ask(Question::Get { name: name.to_owned() }).await?;
            answer.as_str().map(decode).transpose()
        })
    }

    fn put<'a>(&'a self, name: &'a str, bytes: Vec<u8>, ttl: Duration) -> BoxFuture<'a, Result<()>> {
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let question = Question::Put { name: name.to_owned(), bytes: STANDARD.encode(bytes), ttl };
        Box::pin(async move { self.ask(question).await.map(drop) })
    }
}

/// The cache; it takes no room until the first question.
#[derive(Debug, Default)]
pub(crate) struct Memory(OnceLock<LocalCache>);

impl Memory {
    /// Answers a call of another process.
    pub(crate) fn answer(&self, body: Value, params: &CacheParams) -> Result<Value> {
        let cache = self.0.get_or_init(|| LocalCache::new(params.lru_max, params.lru_max_bytes.bytes()));
        let question = serde_json::from_value(body)
            .map_err(|e| Error::invalid("not a question to the cache").source(e))?;
        Ok(match question {
            Question::Get { name } => cache.get_now(&name).map(|bytes| STANDARD.encode(bytes)).into(),
            Question::Put { name, bytes, ttl } => {
                cache.put_now(name, decode(&bytes)?, Duration::from_millis(ttl));
                Value::Null
            }
        })
    }
}

fn decode(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|e| Error::invalid("not bytes of a cache").source(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_puts_another_gets() {
        let (memory, params) = (Memory::default(), CacheParams::default());
        let ask = |question: Question| {
            memory.answer(serde_json::to_value(question).expect("serializes"), &params).expect("is answered")
        };
        let get = || ask(Question::Get { name: "a".into() });
        assert_eq!(get(), Value::Null);
        ask(Question::Put { name: "a".into(), bytes: STANDARD.encode([0, 255]), ttl: 60_000 });
        assert_eq!(get().as_str().map(decode).expect("is there").expect("decodes"), [0, 255]);
        ask(Question::Put { name: "a".into(), bytes: String::new(), ttl: 0 });
        assert_eq!(get(), Value::Null);
    }

    #[test]
    fn nonsense_is_refused_and_not_shown() {
        let (memory, params) = (Memory::default(), CacheParams::default());
        for body in [Value::Null, serde_json::json!({"put": {"name": "a", "bytes": "secret!", "ttl": 1}})] {
            let error = memory.answer(body, &params).expect_err("is refused");
            assert!(!error.message().contains("secret"), "{error}");
        }
    }
}
