use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, OptionFuture};
use futures_util::stream::FuturesUnordered;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::work::work;
use super::{Functions, Running};
use crate::queue::{Delivery, Hold, Outcome, Queue, Receipt};
use crate::{Error, Result, task};

/// How long one look into an empty queue lasts.
const LOOK: Duration = Duration::from_secs(10);

/// Jobs are taken ahead that will probably have begun within this time.
const AHEAD: f64 = 0.1;

/// The most jobs taken ahead.
const MOST_AHEAD: f64 = 200.0;

/// The longest time between two signs of life for what was taken.
const BEAT: Duration = Duration::from_secs(5);

/// The pause after what the queue did not take.
const PAUSE: Duration = Duration::from_millis(300);

/// How a worker treats jobs.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// The most jobs at once.
    pub concurrency: usize,
    /// How long a job may run.
    pub max_runtime: Duration,
    /// How long jobs that run may take after the request to stop.
    pub shutdown: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { concurrency: 10, max_runtime: Duration::from_secs(900), shutdown: Duration::from_secs(3) }
    }
}

/// Takes jobs out of one queue and runs them.
#[derive(Debug)]
pub struct Worker {
    queue: Queue,
    functions: Arc<Functions>,
    options: WorkerOptions,
}

/// What of it was still the worker's when the queue was last told.
type Held = (Vec<Receipt>, Result<Vec<Hold>>);

/// A job that runs.
struct Active {
    delivery: Delivery,
    stop: CancellationToken,
    task: AbortHandle,
    since: Instant,
}

/// What came of a job that is not settled yet.
struct Unsettled {
    delivery: Delivery,
    outcome: Outcome,
    /// When settling it is given up: then it has come again anyway.
    until: Instant,
}

/// What a worker has taken.
struct Hands {
    waiting: VecDeque<Delivery>,
    active: HashMap<Receipt, Active>,
    tasks: FuturesUnordered<JoinHandle<Option<(Receipt, Outcome)>>>,
    unsettled: Vec<Unsettled>,
    /// How long jobs take, in seconds.
    usual: Option<f64>,
}

impl Worker {
    /// A worker of a queue.
    pub fn new(queue: Queue, functions: Arc<Functions>, options: WorkerOptions) -> Self {
        Self { queue, functions, options }
    }

    /// Runs jobs until `stop` is cancelled and all that was taken is done or given back.
    ///
    /// A queue that does not answer is asked again until it does. Dropping the future leaves what was taken to the
    /// next worker, when its time is over.
    pub async fn run(&self, stop: CancellationToken) {
        let mut hands = Hands::new();
        let mut taking: OptionFuture<BoxFuture<'_, Result<Vec<Delivery>>>> = None.into();
        let mut settling: OptionFuture<BoxFuture<'_, Vec<Unsettled>>> = None.into();
        let mut beating: OptionFuture<BoxFuture<'_, Held>> = None.into();
        let (mut is_taking, mut is_settling, mut is_beating) = (false, false, false);
        let (mut failures, mut rest_until) = (0_u32, None::<Instant>);
        let mut beat = tokio::time::interval((self.queue.options().visibility / 3).min(BEAT));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_call: Option<Instant> = None;
        loop {
            let stopping = last_call.is_some();
            while !stopping && hands.active.len() < self.options.concurrency {
                let Some(delivery) = hands.waiting.pop_front() else { break };
                self.begin(&mut hands, delivery);
            }
            let want = hands.wanted(self.options.concurrency);
            let rests = rest_until.is_some_and(|until| until > Instant::now());
            if !is_taking && !stopping && !rests && want > 0 {
                taking = Some(self.take(want, stop.clone())).into();
                is_taking = true;
            }
            if !is_settling && !rests && !hands.unsettled.is_empty() {
                settling = Some(self.settle(std::mem::take(&mut hands.unsettled))).into();
                is_settling = true;
            }
            if stopping && !is_taking && !is_settling && hands.is_empty() {
                return;
            }
            let rest = async {
                match rest_until {
                    Some(until) if rests => tokio::time::sleep_until(until.into()).await,
                    _ => std::future::pending().await,
                }
            };
            let end = async {
                match last_call {
                    Some(end) => tokio::time::sleep_until(end.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(taken) = &mut taking, if is_taking => {
                    (taking, is_taking) = (None.into(), false);
                    match taken {
                        Ok(taken) if stopping => hands.give_back(taken, self.keeps()),
                        Ok(taken) => {
                            failures = 0;
                            hands.waiting.extend(taken);
                        }
                        Err(error) => {
                            failures = failures.saturating_add(1);
                            self.complain(&error, failures);
                            rest_until = Some(Instant::now() + PAUSE * failures.min(16));
                        }
                    }
                }
                Some(left) = &mut settling, if is_settling => {
                    (settling, is_settling) = (None.into(), false);
                    if !left.is_empty() {
                        rest_until = Some(Instant::now() + PAUSE);
                        hands.unsettled.extend(left);
                    }
                }
                Some((receipts, holds)) = &mut beating, if is_beating => {
                    (beating, is_beating) = (None.into(), false);
                    match holds {
                        Ok(holds) => hands.hear(receipts, holds, self.keeps()),
                        Err(error) => self.complain(&error, failures),
                    }
                }
                Some(ended) = hands.tasks.next(), if !hands.tasks.is_empty() => {
                    // An aborted task is one whose message has been seen to already.
                    if let Ok(Some((receipt, outcome))) = ended {
                        hands.end(&receipt, outcome, self.keeps());
                    }
                }
                _ = beat.tick() => if !is_beating {
                    let receipts = hands.receipts();
                    if !receipts.is_empty() {
                        beating = Some(self.extend(receipts)).into();
                        is_beating = true;
                    }
                },
                () = stop.cancelled(), if !stopping => {
                    last_call = Some(Instant::now() + self.options.shutdown);
                    let waiting = std::mem::take(&mut hands.waiting);
                    hands.give_back(waiting, self.keeps());
                }
                () = end => {
                    if Instant::now() > last_call.unwrap_or_else(Instant::now) + self.options.shutdown {
                        tracing::warn!(queue = self.queue.name(), "a worker ends without a word from its queue");
                        return;
                    }
                    hands.drop_all(self.keeps());
                    // Once more as long for the queue to hear of it.
                    last_call = Some(Instant::now() + self.options.shutdown);
                    if hands.unsettled.is_empty() && !is_settling {
                        return;
                    }
                }
                () = rest => {}
            }
        }
    }

    /// How long what came of a job is worth telling.
    fn keeps(&self) -> Duration {
        self.queue.options().visibility
    }

    fn begin(&self, hands: &mut Hands, mut delivery: Delivery) {
        let body = std::mem::take(&mut delivery.body);
        let stop = CancellationToken::new();
        let Delivery { receipt, attempt, attempts, .. } = &delivery;
        let running = Running::new(&receipt.id, *attempt, *attempts, stop.clone());
        let (functions, limit, receipt) = (self.functions.clone(), self.options.max_runtime, receipt.clone());
        let key = receipt.clone();
        let handle = task::spawn("job", async move {
            let outcome = work(&functions, &body, running, limit).await;
            (receipt, outcome)
        });
        let active = Active { delivery, stop, task: handle.abort_handle(), since: Instant::now() };
        hands.active.insert(key, active);
        hands.tasks.push(handle);
    }

    fn take(&self, want: usize, stop: CancellationToken) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move { self.queue.take_until(want, LOOK, stop).await })
    }

    fn extend(&self, receipts: Vec<Receipt>) -> BoxFuture<'_, Held> {
        Box::pin(async move {
            let holds = self.queue.extend(receipts.clone()).await;
            (receipts, holds)
        })
    }

    /// Tells the queue what came of jobs; gives those that it has to be told of again.
    fn settle(&self, unsettled: Vec<Unsettled>) -> BoxFuture<'_, Vec<Unsettled>> {
        Box::pin(async move {
            let outcomes = unsettled.iter().map(|one| (one.delivery.clone(), one.outcome.clone())).collect();
            let answers = self.queue.settle(outcomes).await;
            let mut left = Vec::new();
            for (one, answer) in unsettled.into_iter().zip(answers) {
                let id = one.delivery.receipt.id.as_str();
                match answer {
                    Ok(true) => {}
                    Ok(false) => tracing::warn!(id, "a job took longer than its message was its worker's"),
                    Err(error) if one.until > Instant::now() => {
                        tracing::warn!(
                            id,
                            error = error.log_text(),
                            "the queue is told again what came of a job"
                        );
                        left.push(one);
                    }
                    Err(error) => {
                        tracing::error!(id, error = error.log_text(), "a job will run again");
                    }
                }
            }
            left
        })
    }

    fn complain(&self, error: &Error, failures: u32) {
        // The first time, and now and then.
        if failures.is_power_of_two() {
            tracing::warn!(queue = self.queue.name(), error = error.log_text(), "the queue does not answer");
        }
    }
}

impl Hands {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            active: HashMap::new(),
            tasks: FuturesUnordered::new(),
            unsettled: Vec::new(),
            usual: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.active.is_empty() && self.unsettled.is_empty()
    }

    /// How many more to take: what can begin at once, and more of jobs that take no time.
    fn wanted(&self, concurrency: usize) -> usize {
        let ahead = match self.usual {
            Some(usual) => (concurrency as f64 * AHEAD / usual.max(1e-6)).min(MOST_AHEAD) as usize,
            None => 0,
        };
        let has = self.waiting.len() + self.active.len();
        let most = concurrency + if ahead < concurrency { 0 } else { ahead };
        // In good portions, but no place stays free.
        if has < concurrency || self.waiting.len() < ahead / 2 { most.saturating_sub(has) } else { 0 }
    }

    fn receipts(&self) -> Vec<Receipt> {
        let waiting = self.waiting.iter().map(|delivery| delivery.receipt.clone());
        let unsettled = self.unsettled.iter().map(|one| one.delivery.receipt.clone());
        waiting.chain(unsettled).chain(self.active.keys().cloned()).collect()
    }

    /// Takes note of who has lost what, and of what somebody wants cancelled.
    fn hear(&mut self, receipts: Vec<Receipt>, holds: Vec<Hold>, keeps: Duration) {
        for (receipt, hold) in receipts.into_iter().zip(holds) {
            match hold {
                Hold::Held => {}
                Hold::Cancelling => match self.active.get(&receipt) {
                    Some(active) => active.stop.cancel(),
                    None => {
                        if let Some(delivery) = self.take_waiting(&receipt) {
                            self.note(delivery, Outcome::Cancelled, keeps);
                        }
                    }
                },
                Hold::Lost => {
                    self.take_waiting(&receipt);
                    if let Some(active) = self.active.remove(&receipt) {
                        tracing::warn!(id = receipt.id, "a job is dropped: its message is another worker's");
                        active.task.abort();
                    }
                }
            }
        }
    }

    fn take_waiting(&mut self, receipt: &Receipt) -> Option<Delivery> {
        let at = self.waiting.iter().position(|delivery| delivery.receipt == *receipt)?;
        self.waiting.remove(at)
    }

    fn end(&mut self, receipt: &Receipt, outcome: Outcome, keeps: Duration) {
        let Some(active) = self.active.remove(receipt) else { return };
        let took = active.since.elapsed().as_secs_f64();
        self.usual = Some(self.usual.map_or(took, |usual| usual * 0.9 + took * 0.1));
        self.note(active.delivery, outcome, keeps);
    }

    fn note(&mut self, mut delivery: Delivery, outcome: Outcome, keeps: Duration) {
        delivery.body = String::new();
        self.unsettled.push(Unsettled { delivery, outcome, until: Instant::now() + keeps });
    }

    fn give_back(&mut self, taken: impl IntoIterator<Item = Delivery>, keeps: Duration) {
        for delivery in taken {
            self.note(delivery, Outcome::Returned, keeps);
        }
    }

    /// Drops what runs, and gives it back.
    fn drop_all(&mut self, keeps: Duration) {
        let active: Vec<Active> = self.active.drain().map(|(_, active)| active).collect();
        for active in active {
            active.task.abort();
            let id = active.delivery.receipt.id.as_str();
            let outcome = match active.stop.is_cancelled() {
                true => {
                    tracing::info!(id, "a cancelled job is dropped");
                    Outcome::Cancelled
                }
                false => {
                    tracing::warn!(id, "a job does not end in time: it is given back");
                    Outcome::Returned
                }
            };
            self.note(active.delivery, outcome, keeps);
        }
    }
}
