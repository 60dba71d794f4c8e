//! One cache for all web processes and workers: the server process keeps it, they ask.

use std::sync::{Arc, OnceLock};

use bkjs_core::cache::drivers::local::{LocalDriver, Reply, Request, Store, Way};
use bkjs_core::config::{Params, Size};
use bkjs_core::{Error, Result};
use bkjs_runtime::Ipc;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

/// The name of the call.
pub(crate) const CALL: &str = "cache";

/// What the server process keeps for the others.
#[derive(Params, Clone, Debug)]
#[params(prefix = "ipc")]
pub(crate) struct StoreParams {
    /// The most entries of the cache that the server process keeps for the others.
    #[param(default = 100000)]
    lru_max: u64,
    /// About how many bytes these entries may take.
    #[param(default = "64m")]
    lru_max_bytes: Size,
}

/// The cache that the server process keeps, as this process reaches it.
pub(crate) fn of_tree(ipc: &Ipc) -> LocalDriver {
    LocalDriver::new(Arc::new(TreeWay(ipc.clone())))
}

/// The cache of a process that belongs to no tree.
pub(crate) fn own(params: &StoreParams) -> LocalDriver {
    LocalDriver::in_memory(params.lru_max, params.lru_max_bytes.bytes())
}

/// A process's way to the store.
#[derive(Debug)]
struct TreeWay(Ipc);

impl Way for TreeWay {
    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let answer = self.0.call(CALL, to_value(&request)?).await?;
            serde_json::from_value(answer).map_err(|e| Error::internal("an answer of the cache").source(e))
        })
    }
}

/// The store; it takes no room until the first question.
#[derive(Debug, Default)]
pub(crate) struct Memory(OnceLock<Store>);

impl Memory {
    /// Forgets values and maps.
    pub(crate) fn clear(&self) {
        if let Some(Err(error)) =
            self.0.get().map(|store| store.answer(Request::Clear { prefix: String::new() }))
        {
            tracing::error!(error = error.log_text(), "the cache could not be cleared");
        }
    }

    /// Answers a call of another process.
    pub(crate) fn answer(&self, body: Value, params: &StoreParams) -> Result<Value> {
        let store = self.0.get_or_init(|| Store::new(params.lru_max, params.lru_max_bytes.bytes()));
        let request: Request = serde_json::from_value(body)
            .map_err(|e| Error::invalid("not a question to the cache").source(e))?;
        to_value(&store.answer(request)?)
    }
}

fn to_value<T: Serialize>(said: &T) -> Result<Value> {
    serde_json::to_value(said).map_err(|e| Error::internal("a word to the cache").source(e))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bkjs_core::cache::Cache;

    use super::*;

    /// A process that asks the memory of another one.
    #[derive(Debug)]
    struct Asked(Memory, StoreParams);

    impl Way for Asked {
        fn ask(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
            Box::pin(async move {
                let answer = self.0.answer(to_value(&request)?, &self.1)?;
                Ok(serde_json::from_value(answer).expect("is an answer"))
            })
        }
    }

    #[tokio::test]
    async fn every_question_and_answer_finds_its_way() {
        let asked = Arc::new(Asked(Memory::default(), StoreParams::default()));
        let cache = Cache::new("local", Arc::new(LocalDriver::new(asked)));
        let minute = Duration::from_secs(60);
        cache.put("a", [0, 255], minute).await.expect("puts");
        assert!(!cache.put_absent("a", "b", None).await.expect("is asked"));
        assert_eq!(cache.get("a").await.expect("gets").as_deref(), Some(&[0, 255][..]));
        assert_eq!(cache.incr("n", 2, None).await.expect("counts"), 2);
        assert_eq!(cache.set_max("n", 1, None).await.expect("compares"), 2);
        assert!(cache.life("n").await.expect("is asked").is_some());
        cache.map_put("m", [("f", "v")], None).await.expect("puts");
        assert_eq!(cache.map_incr("m", "g", 3, None).await.expect("counts"), 3);
        assert_eq!(cache.map_get("m", "f").await.expect("gets").as_deref(), Some(&b"v"[..]));
        assert_eq!(cache.map_all("m").await.expect("gets").len(), 2);
        assert_eq!(cache.map_del("m", ["f"]).await.expect("removes"), 1);
        assert_eq!(cache.keys("").await.expect("lists"), ["a", "m", "n"]);
        let mut lock = cache.lock("l", minute).await.expect("locks").expect("is free");
        assert!(lock.renew(minute).await.expect("renews") && lock.release().await.expect("unlocks"));
        let rate = bkjs_core::cache::Rate { burst: 1.0, rate: 1.0, interval: minute };
        assert!(cache.take("r", rate, 1).await.expect("takes").is_zero());
        assert!(!cache.take("r", rate, 1).await.expect("takes").is_zero());
        assert!(cache.stats().await.expect("counts").entries.is_some());
        assert!(cache.del("a").await.expect("removes"));
        assert_eq!(cache.clear("").await.expect("removes"), 2);
    }

    #[test]
    fn nonsense_is_refused_and_not_shown() {
        let (memory, params) = (Memory::default(), StoreParams::default());
        let bytes = serde_json::json!({"put_absent": {"key": "a", "value": "secret!", "ttl": null}});
        for body in [Value::Null, bytes] {
            let error = memory.answer(body, &params).expect_err("is refused");
            assert!(!error.message().contains("secret"), "{error}");
        }
    }
}
