//! The server with its workers, and what it has counted.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Process, Program, Reply, Server, wait};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::plan::Plan;

/// Messages are their taker's for three seconds, and what fails is tried again soon and often: this is not about when a
/// job is given up.
const OPTIONS: &str = "bk-visibilityTimeout=3000&bk-retryInterval=50&bk-maxTimeout=1000&bk-retryCount=100";

/// How often somebody was here, and which process counted last.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) count: i64,
    pub(crate) worker: i64,
}

/// A tree of processes on a home, which is started again when it is killed.
pub(crate) struct Site {
    pub(crate) plan: Plan,
    home: Home,
    program: Program,
    server: Mutex<Option<Server>>,
    port: AtomicU16,
    outages: AtomicUsize,
}

impl Site {
    /// Starts the example with its workers.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn start(plan: Plan) -> Result<Self> {
        let (home, program) = (Home::new()?, Program::example("jobs")?);
        let (server, port, outages) = (Mutex::new(None), AtomicU16::new(0), AtomicUsize::new(0));
        let site = Self { plan, home, program, server, port, outages };
        site.start_again(&mut *site.server.lock().await).await?;
        Ok(site)
    }

    async fn start_again(&self, place: &mut Option<Server>) -> Result<()> {
        let (queue, workers) = (self.queue(), self.plan.workers.to_string());
        let usual = [
            "-db-create-tables",
            "-api-allow-path",
            "/jobs",
            "-server-max-processes",
            "1",
            "-server-crash-delay",
            "1000",
            "-jobs-workers",
            &workers,
            "-ipc-queue",
            &queue,
        ];
        let args: Vec<&str> = usual.into_iter().chain(self.plan.args.iter().map(String::as_str)).collect();
        let server = Server::start_program(&self.program, &self.home, &args).await?;
        self.port.store(server.port, Ordering::SeqCst);
        *place = Some(server);
        Ok(())
    }

    fn queue(&self) -> String {
        let separator = if self.plan.queue.contains('?') { '&' } else { '?' };
        format!("{}{separator}{OPTIONS}", self.plan.queue)
    }

    /// Lets the queue fail: whoever has its server does it, or all processes are killed and started again.
    ///
    /// # Errors
    /// When they do not start again.
    pub(crate) async fn fail(&self) -> Result<()> {
        let number = self.outages.fetch_add(1, Ordering::SeqCst) + 1;
        if self.plan.served {
            println!("== outage {number}");
            return Ok(std::io::stdout().flush()?);
        }
        let mut server = self.server.lock().await;
        if let Some(server) = server.take() {
            server.kill_everything().await?;
        }
        self.start_again(&mut server).await
    }

    /// How often it has failed.
    pub(crate) fn outages(&self) -> usize {
        self.outages.load(Ordering::SeqCst)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When there is no whole reply.
    pub(crate) async fn send(&self, call: Call) -> Result<Reply> {
        call.send(self.port.load(Ordering::SeqCst)).await
    }

    /// How many were here.
    pub(crate) async fn count(&self) -> Option<usize> {
        let reply = self.send(Call::get("/jobs/count")).await.ok()?;
        usize::try_from(reply.json()["count"].as_u64()?).ok()
    }

    /// Everybody who was here of those that count.
    ///
    /// # Errors
    /// When there is no reply.
    pub(crate) async fn visits(&self) -> Result<HashMap<String, Visit>> {
        let mut all = self.all_visits().await?;
        all.retain(|id, _| id.starts_with('v'));
        Ok(all)
    }

    /// Everybody who was here.
    ///
    /// # Errors
    /// When there is no reply.
    pub(crate) async fn all_visits(&self) -> Result<HashMap<String, Visit>> {
        let mut visits = HashMap::new();
        let mut start = String::new();
        loop {
            let reply = self.send(Call::get("/jobs/visits").query(&[("start", &start)])).await?;
            ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
            let page = reply.json();
            let rows = page.as_array().or_else(|| page["data"].as_array()).context("no rows")?;
            for row in rows {
                let number = |name: &str| row[name].as_i64().unwrap_or_default();
                let id = row["id"].as_str().unwrap_or_default();
                visits.insert(id.to_owned(), Visit { count: number("count"), worker: number("worker") });
            }
            match page["next_token"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => token.clone_into(&mut start),
                None => return Ok(visits),
            }
        }
    }

    /// The worker processes.
    pub(crate) async fn workers(&self) -> Vec<Process> {
        self.server.lock().await.as_ref().map(|server| server.role("worker")).unwrap_or_default()
    }

    /// Waits until the queue has nothing to do.
    ///
    /// # Errors
    /// When it has not within a time.
    pub(crate) async fn until_idle(&self, limit: Duration) -> Result<()> {
        let path = self.home.path();
        let home = path.to_str().context("the folder has no name")?;
        let queue = self.queue();
        let usual = ["shell", "-home", home, "-ipc-queue", &queue];
        let args: Vec<&str> = usual.into_iter().chain(self.plan.args.iter().map(String::as_str)).collect();
        let args = [&args[..], &["-jobs-list"]].concat();
        let mut last = String::new();
        let idle = wait::until(limit, "an idle queue", || async {
            let ran = self.home.run(self.program.path(), &args).await.ok()?;
            let counts: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
            let living = ["available", "scheduled", "executing", "retryable"];
            (counts.is_object() && living.iter().all(|state| counts[state].as_u64().unwrap_or(0) == 0))
                .then_some(())
        });
        let done = idle.await;
        if done.is_err() {
            let ran = self.home.run(self.program.path(), &args).await?;
            last = ran.text();
        }
        done.with_context(|| format!("the queue has: {last}"))
    }

    /// What the server has printed.
    pub(crate) async fn log(&self) -> String {
        self.server.lock().await.as_ref().map(Server::log).unwrap_or_default()
    }

    /// Stops it in its own way.
    ///
    /// # Errors
    /// When it does not end.
    pub(crate) async fn stop(self) -> Result<()> {
        let server = self.server.into_inner().context("there is no server")?;
        ensure!(server.stop().await? == 0, "the server ends with an error");
        Ok(())
    }
}
