//! Who runs jobs, and who follows the clock.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bkjs_api::HttpService;
use bkjs_core::db::Db;
use bkjs_core::jobs::cron::Cron;
use bkjs_core::jobs::{Jobs, JobsParams, Worker, WorkerOptions};
use bkjs_core::queue::{Queues, Site};
use bkjs_core::{Error, Result, metrics, task};
use bkjs_runtime::{Ipc, RoleContext};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::bell;
use crate::boot::Environment;
use crate::service::Service;

/// How often a worker looks at its own memory.
const LOOK: Duration = Duration::from_secs(5);

impl Environment {
    /// The queues of the configuration; `tree` is the way to what the processes of a server share.
    pub(crate) fn open_jobs(&self, db: &Db, tree: Option<&Ipc>) -> Result<Jobs> {
        let folder = self.params.core.load().var();
        let site = Site { db: Some(db), folder: &folder, bell: bell::of_tree(tree) };
        let queues = Queues::open(&self.params.queue.load(), &site)?;
        let keys = &self.params.jobs.load().unique_queue;
        let queues = match keys.is_empty() {
            true => queues,
            false => queues.with_keys_in(keys).map_err(|error| {
                Error::new(error.kind(), format!("jobs-unique-queue: {}", error.message()))
            })?,
        };
        Ok(Jobs::new(queues))
    }
}

impl Service {
    /// The work of a worker process.
    pub(crate) async fn serve_worker(&self, context: RoleContext) -> Result<()> {
        let setup = std::mem::take(&mut *self.setup.lock().unwrap_or_else(PoisonError::into_inner));
        let service = self.environment.http_service(setup, Some(&self.shared(&context)?))?;
        self.reins.keep(service.api().db());
        let workers = self.workers(&service)?;
        context.ready();
        let stop = context.drain.token().child_token();
        let params = self.environment.params.jobs.load_full();
        let replaced = task::spawn("lifetime", spent(params, stop.clone()));
        self.work(workers, stop.clone()).await;
        replaced.abort();
        let api = service.api();
        api.jobs()?.close().await;
        api.pubsubs().close();
        api.db().close().await;
        Ok(())
    }

    /// What a process without others does beside its requests: jobs, if it is to have workers, and cron.
    pub(crate) fn work_beside(&self, service: &HttpService, stop: CancellationToken) -> Result<Vec<Beside>> {
        let mut beside = Vec::new();
        if self.environment.params.runtime.load().jobs_workers >= 0 {
            let (workers, params) = (self.workers(service)?, self.environment.params.jobs.load_full());
            beside.push(task::spawn("worker", run_all(workers, params, stop)));
        }
        let params = self.environment.params.jobs.clone();
        if params.load().cron {
            let cron =
                Cron::new(&self.environment.params.core.load().etc(), params, service.api().jobs()?.clone());
            task::spawn("cron", cron.run());
        }
        Ok(beside)
    }

    /// Follows the clock, in the master; a failure is tried again.
    pub(crate) async fn follow_cron(&self) {
        let params = self.environment.params.jobs.clone();
        if !params.load().cron {
            return;
        }
        let schema = self.setup.lock().unwrap_or_else(PoisonError::into_inner).schema();
        let mut pause = Duration::from_secs(1);
        loop {
            let opened = self.environment.open(Db::builder(schema.clone()));
            match opened.and_then(|db| self.environment.open_jobs(&db, None)) {
                Ok(jobs) => {
                    Cron::new(&self.environment.params.core.load().etc(), params, jobs).run().await;
                    return;
                }
                Err(error) => {
                    tracing::error!(error = error.log_text(), "cron cannot reach its queue, trying again");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        }
    }

    /// A worker for each queue that this host serves.
    fn workers(&self, service: &HttpService) -> Result<Vec<Worker>> {
        let (params, jobs) = (self.environment.params.jobs.load(), service.api().jobs()?);
        let options = WorkerOptions {
            concurrency: usize::from(params.concurrency),
            max_runtime: params.max_runtime,
            shutdown: params.shutdown_timeout,
        };
        let served = params.served(jobs.queues().names()).into_iter();
        served
            .map(|name| {
                let queue = jobs.queue(&name).map_err(|error| {
                    Error::new(error.kind(), format!("jobs-worker-queue: {}", error.message()))
                })?;
                Ok(Worker::new(queue.clone(), service.functions().clone(), options.clone()))
            })
            .collect()
    }

    async fn work(&self, workers: Vec<Worker>, stop: CancellationToken) {
        run_all(workers, self.environment.params.jobs.load_full(), stop).await;
    }
}

/// What runs beside requests.
pub(crate) type Beside = tokio::task::JoinHandle<Option<()>>;

async fn run_all(workers: Vec<Worker>, params: Arc<JobsParams>, stop: CancellationToken) {
    let begun = tokio::time::timeout(params.worker_delay, stop.cancelled()).await;
    if begun.is_ok() {
        return;
    }
    if workers.is_empty() {
        stop.cancelled().await;
    }
    join_all(workers.iter().map(|worker| worker.run(stop.clone()))).await;
}

/// Ends the work of this process when it has lived its time, or has more memory than it may.
async fn spent(params: Arc<JobsParams>, stop: CancellationToken) {
    let lifetime = async {
        match params.max_lifetime {
            Duration::ZERO => std::future::pending().await,
            // Not all workers at the same moment.
            time => {
                tokio::time::sleep(time.mul_f64(0.9 + 0.2 * f64::from(std::process::id() % 100) / 100.0))
                    .await
            }
        }
    };
    let memory = async {
        let most = params.max_memory.bytes();
        loop {
            tokio::time::sleep(LOOK).await;
            let has = metrics::Process::taken().resident_bytes;
            if most > 0 && has > most {
                return has;
            }
        }
    };
    tokio::select! {
        () = lifetime => tracing::info!("the worker has lived its time"),
        bytes = memory => tracing::warn!(bytes, "the worker has more memory than it may, and is replaced"),
    }
    stop.cancel();
}
