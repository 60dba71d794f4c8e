//! Jobs: functions known by name that worker processes run, as messages of a queue say.
//!
//! A [`Job`] says which functions are called with which parameters, in order or side by side, and when; [`Jobs`]
//! submits it; a [`Worker`] takes it out of its queue and calls the functions of a [`Functions`]. [`cron`]
//! submits jobs by the clock.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! # use bkjs_core::queue::{Bell, QueueParams, Queues, Site};
//! use bkjs_core::jobs::{Functions, Job, Jobs, Worker, WorkerOptions};
//! use serde_json::json;
//! use tokio_util::sync::CancellationToken;
//!
//! # #[cfg(feature = "sqlite")] {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let mut params = QueueParams::default();
//! # params.queue.insert(String::new(), bkjs_core::config::Secret::new("local://"));
//! # let queues = Queues::open(&params, &Site { db: None, folder: folder.path(), bell: Bell::default() })?;
//! let mut functions = Functions::new();
//! functions.add("app.add", |_, p: serde_json::Value| async move {
//!     Ok(json!(p["a"].as_i64().unwrap_or(0) + p["b"].as_i64().unwrap_or(0)))
//! });
//!
//! let jobs = Jobs::new(queues);
//! let id = jobs.submit(Job::call("app.add", json!({"a": 1, "b": 2}))).await?.expect("is new");
//!
//! let stop = CancellationToken::new();
//! let worker = Worker::new(jobs.queue("")?.clone(), Arc::new(functions), WorkerOptions::default());
//! let done = async {
//!     while jobs.queue("")?.find(&id).await?.is_some_and(|info| info.result.is_none()) {
//!         tokio::time::sleep(Duration::from_millis(5)).await;
//!     }
//!     stop.cancel();
//!     Ok::<_, bkjs_core::Error>(())
//! };
//! let (_, done) = tokio::join!(worker.run(stop.clone()), done);
//! done?;
//! assert_eq!(jobs.queue("")?.find(&id).await?.and_then(|info| info.result).as_deref(), Some("3"));
//! # jobs.close().await;
//! # }
//! # Ok::<(), bkjs_core::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! Those of [`queue`](crate::queue): a job that was submitted runs at least once to its end, is tried again when it
//! fails, panics, hangs or its worker is killed, and is kept with its error after its last attempt. A job of several
//! calls is one message: when one of its calls fails it begins anew, from its first call.

pub mod cron;
mod functions;
mod job;
mod params;
mod running;
mod submit;
mod work;
mod worker;

pub use functions::Functions;
pub use job::{Call, Job};
pub use params::JobsParams;
pub use running::Running;
pub use submit::Jobs;
pub use worker::{Worker, WorkerOptions};
