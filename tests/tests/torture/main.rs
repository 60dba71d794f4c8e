//! Jobs whose workers are killed at random while their queue comes and goes: every effect is there in the end.
//!
//! Run as a test this is small and stays on SQLite. `cargo xtask chaos jobs` runs it in large on every queue driver, and
//! lets the server of the queue fail when it is told to by the lines that begin with `== outage`.
#![allow(clippy::print_stdout)] // a program for people too

mod load;
mod plan;
mod site;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bkjs_tests::{Call, Process};
use serde_json::{Value, json};

use load::Load;
use plan::Plan;
use site::Site;

/// Without a new effect for so long, what is missing is lost.
const SILENCE: Duration = Duration::from_secs(60);

/// The longest time for one that lives to show it.
const LIMIT: Duration = Duration::from_secs(60);

/// At which parts of the jobs, of a hundred, the queue fails.
const OUTAGES: [usize; 3] = [15, 40, 65];

#[tokio::test]
async fn every_job_is_done_though_workers_are_killed_and_the_queue_fails() -> Result<()> {
    let plan = Plan::from_environment()?;
    let site = Arc::new(Site::start(plan.clone()).await?);
    let begun = Instant::now();
    let load = Arc::new(Load::default());
    let submitting = load.submit(&site);
    let trouble = disturb(&site, &load);
    let (submitted, done) = tokio::join!(submitting, trouble);
    submitted?;
    let Trouble { kills, stall } = done?;
    let seconds = begun.elapsed().as_secs_f64();
    let left = site.until_idle(LIMIT).await;
    let visits = site.visits().await?;
    let acknowledged = load.acknowledged().clone();
    let lost: Vec<&String> = acknowledged.iter().filter(|id| !visits.contains_key(*id)).collect();
    let present = acknowledged.len() - lost.len();
    let duplicates: i64 = visits.values().map(|visit| visit.count - 1).sum();
    println!(
        "{}: {} acknowledged, {present} done, {} lost, {duplicates} done again, {kills} kills, {} restarts, {} refused, \
         longest stall {:.1} s, {seconds:.0} s",
        plan.name,
        acknowledged.len(),
        lost.len(),
        site.outages(),
        load.refused.load(Ordering::Relaxed),
        stall.as_secs_f64(),
    );
    ensure!(
        lost.is_empty(),
        "lost, the first of them {:?}\n{}",
        &lost[..lost.len().min(5)],
        site.log().await
    );
    left?;
    let site = Arc::into_inner(site).ok_or_else(|| anyhow::anyhow!("somebody still works"))?;
    every_worker_works(&site).await?;
    site.stop().await
}

/// What was done to the workers and the queue, and what was seen meanwhile.
struct Trouble {
    kills: usize,
    stall: Duration,
}

/// Kills workers and lets the queue fail as jobs are done, until all are or nothing is done any more.
async fn disturb(site: &Arc<Site>, load: &Load) -> Result<Trouble> {
    let plan = &site.plan;
    let mut dice = plan::Dice::new(plan.seed);
    let mut kills_due: Vec<usize> = (0..plan.kills).map(|_| dice.below(plan.jobs)).collect();
    kills_due.sort_unstable();
    let mut outages_due: Vec<usize> =
        OUTAGES.iter().take(plan.outages).map(|part| plan.jobs * part / 100).collect();
    let (mut kills, mut stall) = (0, Duration::ZERO);
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        // Only a pause between two looks: what happens depends on what was done, not on the time.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = site.count().await.unwrap_or(seen);
        if now > seen {
            stall = stall.max(since.elapsed());
            (seen, since) = (now, Instant::now());
        }
        if outages_due.first().is_some_and(|due| *due <= seen) {
            outages_due.remove(0);
            site.fail().await?;
            // A worker dies while its queue is away.
            kills += usize::from(kill_one(site, &mut dice).await);
        }
        while kills_due.first().is_some_and(|due| *due <= seen) {
            kills_due.remove(0);
            kills += usize::from(kill_one(site, &mut dice).await);
        }
        let all_there = load.is_over() && seen >= load.acknowledged().len() && {
            let visits = site.visits().await.unwrap_or_default();
            load.acknowledged().iter().all(|id| visits.contains_key(id))
        };
        if all_there || since.elapsed() > SILENCE {
            load.stop();
            return Ok(Trouble { kills, stall: stall.max(since.elapsed()) });
        }
    }
}

/// Kills one of the workers; says whether there was one.
async fn kill_one(site: &Site, dice: &mut plan::Dice) -> bool {
    let workers = site.workers().await;
    if workers.is_empty() {
        return false;
    }
    workers[dice.below(workers.len())].kill().is_ok()
}

/// Gives jobs to the workers until each of those that live has done one.
async fn every_worker_works(site: &Site) -> Result<()> {
    let begun = Instant::now();
    let mut round = 0;
    loop {
        let workers: Vec<i64> =
            site.workers().await.iter().map(|worker: &Process| worker.pid.into()).collect();
        for n in 0..site.plan.workers * 8 {
            let job = json!({"job": {"app.visit": {"id": format!("w{round}_{n}"), "pause": 100}}});
            let reply = site.send(Call::post("/jobs/submit").json(&job)).await?;
            ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let visits: HashMap<String, site::Visit> = site.all_visits().await?;
        let busy = |pid: &i64| visits.iter().any(|(id, visit)| id.starts_with('w') && visit.worker == *pid);
        if workers.len() == site.plan.workers && workers.iter().all(busy) {
            return Ok(());
        }
        ensure!(begun.elapsed() < LIMIT, "of the workers {workers:?} one is wedged\n{}", site.log().await);
        round += 1;
    }
}

/// A job that counts a visit of somebody.
fn visit(id: &str, pause: u64) -> Value {
    json!({"job": {"app.visit": {"id": id, "pause": pause}}})
}
