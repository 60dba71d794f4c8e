//! One job, from its message to what came of it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::Value as Json;

use super::{Functions, Job, Running};
use crate::queue::Outcome;
use crate::{Error, ErrorKind, Result, task};

/// How long a cancelled job has to end in its own way.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the job of a message within a time.
pub(super) async fn work(functions: &Functions, body: &str, running: Running, limit: Duration) -> Outcome {
    let job = match Job::from_body(body) {
        Ok(job) => job,
        Err(error) => return Outcome::Useless(error.log_text()),
    };
    let limit = job.max_runtime.map_or(limit, |own| own.min(limit));
    let (title, id, attempt) = (job.title(), running.id.clone(), running.attempt);
    let stop = running.clone();
    let given_up = async move {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let called = AssertUnwindSafe(perform(functions, &job, &running)).catch_unwind();
    let done = tokio::select! {
        called = tokio::time::timeout(limit, called) => match called {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => Err(Error::internal(format!("panicked: {}", task::panic_text(panic.as_ref())))),
            Err(_) => Err(Error::internal(format!("did not end within {} s", limit.as_secs()))),
        },
        () = given_up => Err(Error::internal("cancelled")),
    };
    match done {
        Ok(result) => Outcome::Done(result),
        Err(_) if running.is_cancelled() => {
            tracing::info!(job = title, id = &*id, attempt, "job cancelled");
            Outcome::Cancelled
        }
        Err(error) => {
            let text = error.log_text();
            tracing::warn!(job = title, id = &*id, attempt, error = text, "job failed");
            if may_succeed_later(&error) { Outcome::Failed(text) } else { Outcome::Useless(text) }
        }
    }
}

/// Whether another attempt may end otherwise: what is wrong with the job itself stays wrong.
fn may_succeed_later(error: &Error) -> bool {
    error.status() >= 500
        || matches!(
            error.kind(),
            ErrorKind::OverCapacity
                | ErrorKind::TooManyRequests
                | ErrorKind::ConditionFailed
                | ErrorKind::AlreadyExists
                | ErrorKind::NotTried
        )
}

/// Calls the functions, group after group; the results of all calls, if there are any.
async fn perform(functions: &Functions, job: &Job, running: &Running) -> Result<Option<String>> {
    let mut results = Vec::new();
    for group in &job.groups {
        let calls = group.iter().map(|call| functions.call(&call.name, running.clone(), call.params.clone()));
        let mut failed = None;
        for (call, result) in group.iter().zip(join_all(calls).await) {
            match result {
                Ok(result) => results.push(result),
                Err(error) if job.no_errors => {
                    let (job, id) = (call.name.as_str(), &*running.id);
                    tracing::warn!(job, id, error = error.log_text(), "a call failed, the job goes on");
                    results.push(Json::Null);
                }
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    if results.iter().all(Json::is_null) {
        return Ok(None);
    }
    let result = match results.len() {
        1 => results.pop().unwrap_or_default(),
        _ => Json::Array(results),
    };
    Ok(Some(result.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::jobs::Call;

    fn functions(log: &Arc<Mutex<Vec<&'static str>>>) -> Functions {
        let mut functions = Functions::new();
        for name in ["a", "b", "c"] {
            let log = log.clone();
            functions.add(name, move |_, (): ()| {
                log.lock().expect("is not poisoned").push(name);
                async move { Ok(name) }
            });
        }
        functions.add("fails", |_, (): ()| async { Err::<(), _>(Error::internal("on purpose")) });
        functions.add("refuses", |_, (): ()| async { Err::<(), _>(Error::invalid("never")) });
        functions.add("panics", |_, (): ()| async { if true { panic!("on purpose") } else { Ok(()) } });
        functions.add("hangs", |_, (): ()| async { std::future::pending::<Result<()>>().await });
        functions
    }

    async fn run(functions: &Functions, job: Job) -> Outcome {
        let (_, message) = job.into_message().expect("is a message");
        work(functions, &message.body, Running::alone("1"), Duration::from_millis(50)).await
    }

    fn call(name: &str) -> Call {
        Call { name: name.into(), params: Json::Null }
    }

    #[tokio::test]
    async fn groups_run_in_order_and_give_all_results() {
        let log = Arc::default();
        let functions = functions(&log);
        let job = Job::from_json(json!({"job": ["c", {"a": null, "b": null}]})).expect("is a job");
        assert_eq!(run(&functions, job).await, Outcome::Done(Some(r#"["c","a","b"]"#.into())));
        assert_eq!(*log.lock().expect("is not poisoned"), ["c", "a", "b"]);
    }

    #[tokio::test]
    async fn a_failure_ends_a_series_unless_errors_do_not_count() {
        let log = Arc::default();
        let functions = functions(&log);
        let mut job = Job::series([call("a"), call("fails"), call("b")]);
        assert!(
            matches!(run(&functions, job.clone()).await, Outcome::Failed(text) if text.contains("purpose"))
        );
        assert_eq!(*log.lock().expect("is not poisoned"), ["a"]);
        job.no_errors = true;
        assert!(matches!(run(&functions, job).await, Outcome::Done(Some(_))));
        assert_eq!(*log.lock().expect("is not poisoned"), ["a", "a", "b"]);
    }

    #[tokio::test]
    async fn panics_hangs_and_unknown_functions_are_failures_and_refusals_are_final() {
        let functions = functions(&Arc::default());
        for (name, word) in [("panics", "on purpose"), ("hangs", "did not end"), ("absent", "absent")] {
            let outcome = run(&functions, Job::series([call(name)])).await;
            assert!(matches!(&outcome, Outcome::Failed(text) if text.contains(word)), "{outcome:?}");
        }
        assert!(matches!(run(&functions, Job::series([call("refuses")])).await, Outcome::Useless(_)));
        let outcome = work(&functions, "{}", Running::alone("1"), Duration::from_secs(1)).await;
        assert!(matches!(outcome, Outcome::Useless(_)));
    }

    #[tokio::test]
    async fn side_by_side_all_end_before_the_failure_of_one_counts() {
        let mut functions = functions(&Arc::default());
        let ended = Arc::new(AtomicUsize::new(0));
        let count = ended.clone();
        functions.add("slow", move |_, (): ()| {
            let count = count.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                count.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        });
        let outcome = run(&functions, Job::parallel([call("fails"), call("slow")])).await;
        assert!(matches!(outcome, Outcome::Failed(_)));
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    }
}
