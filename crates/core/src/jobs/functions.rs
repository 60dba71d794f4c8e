use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::Running;
use super::job::check_name;
use crate::{Error, ErrorKind, Result, metrics};

type Function = Arc<dyn Fn(Running, Json) -> BoxFuture<'static, Result<Json>> + Send + Sync>;

/// The functions that jobs may call, by name.
#[derive(Clone, Default)]
pub struct Functions {
    by_name: HashMap<String, Function>,
    mistakes: Vec<String>,
}

impl Functions {
    /// None.
    pub fn new() -> Self {
        metrics::install();
        metrics::describe_counter!(
            "bkjs_job_calls_total",
            "Calls of functions by jobs, by what came of them."
        );
        metrics::describe_histogram!(
            "bkjs_job_call_duration_seconds",
            "How long functions took that jobs called."
        );
        metrics::describe_gauge!("bkjs_job_calls_in_progress", "Functions that run for jobs.");
        Self::default()
    }

    /// A function by name, usually `module.function`. A later one of the same name takes its place.
    ///
    /// Its parameters are any type with serde; what it gives is kept as the result of the job, unless it is `()`.
    pub fn add<F, P, R, T>(&mut self, name: &str, function: F)
    where
        F: Fn(Running, P) -> R + Send + Sync + 'static,
        P: DeserializeOwned + Send,
        R: Future<Output = Result<T>> + Send + 'static,
        T: Serialize,
    {
        if let Err(error) = check_name(name) {
            self.mistakes.push(error.message().to_owned());
            return;
        }
        let title: Arc<str> = name.into();
        let function: Function = Arc::new(move |running, params| match parameters(&title, params) {
            Ok(params) => {
                let result = function(running, params);
                Box::pin(async move {
                    let result = serde_json::to_value(result.await?);
                    result.map_err(|e| Error::internal("the result of a job is no JSON").source(e))
                })
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        });
        self.by_name.insert(name.to_owned(), function);
    }

    /// Takes over the functions of another one.
    pub fn extend(&mut self, other: Self) {
        self.by_name.extend(other.by_name);
        self.mistakes.extend(other.mistakes);
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// What is wrong with the names given.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    pub(super) fn call(
        &self,
        name: &str,
        running: Running,
        params: Json,
    ) -> BoxFuture<'static, Result<Json>> {
        match self.by_name.get(name) {
            Some(function) => Box::pin(counted(name.to_owned(), function(running, params))),
            // Another worker, of a newer version of the application, may have it.
            None => {
                let text = format!("no such function: {name:.100} is registered in no module of this worker");
                Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unavailable, text))))
            }
        }
    }
}

/// Counts and times a call of a function; one that is given up is counted as that.
async fn counted(name: String, call: BoxFuture<'static, Result<Json>>) -> Result<Json> {
    let mut call_of = Counted { name, begun: Instant::now(), outcome: "dropped" };
    metrics::gauge!("bkjs_job_calls_in_progress").increment(1.0);
    let done = call.await;
    call_of.outcome = if done.is_ok() { "done" } else { "failed" };
    done
}

struct Counted {
    name: String,
    begun: Instant,
    outcome: &'static str,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let (function, took) = (std::mem::take(&mut self.name), self.begun.elapsed().as_secs_f64());
        metrics::gauge!("bkjs_job_calls_in_progress").decrement(1.0);
        metrics::histogram!("bkjs_job_call_duration_seconds", "function" => function.clone()).record(took);
        metrics::counter!("bkjs_job_calls_total", "function" => function, "outcome" => self.outcome)
            .increment(1);
    }
}

/// What is given, as the function wants it; nothing is an empty object where null is none.
fn parameters<P: DeserializeOwned>(name: &str, params: Json) -> Result<P> {
    let was_null = params.is_null();
    serde_json::from_value(params).or_else(|error| {
        let again = match was_null {
            true => serde_json::from_value(Json::Object(serde_json::Map::new())),
            false => Err(error),
        };
        again.map_err(|error| Error::invalid(format!("parameters of {name}: {error}")))
    })
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Given {
        #[serde(default)]
        days: u32,
    }

    #[tokio::test]
    async fn parameters_are_of_any_type_and_nothing_is_an_empty_object() {
        let mut functions = Functions::new();
        functions.add("days", |_, given: Given| async move { Ok(given.days) });
        functions.add("nothing", |_, (): ()| async { Ok(()) });
        functions.add("no name", |_, (): ()| async { Ok(()) });
        let call = async |name: &str, params| functions.call(name, Running::alone(name), params).await;
        assert_eq!(call("days", json!({"days": 3})).await.expect("runs"), json!(3));
        assert_eq!(call("days", Json::Null).await.expect("runs"), json!(0));
        assert_eq!(call("nothing", Json::Null).await.expect("runs"), Json::Null);
        let refused = call("days", json!({"days": "x"})).await.expect_err("refused");
        assert!(refused.message().contains("days"), "{refused}");
        let unknown = call("absent", Json::Null).await.expect_err("unknown");
        assert!(unknown.message().starts_with("no such function: absent") && unknown.status() == 503);
        assert_eq!((functions.names().len(), functions.mistakes().len()), (2, 1));
    }
}
