//! Servers that are gone for a while and come back.

use std::collections::BTreeSet;
use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::queue::{Delivery, Message, Outcome, Queue, Stored, Unique};

use super::{Bench, Queues, take_one};
use crate::check::{Checked, Problem, equal, holds_that, until};
use crate::trial::trials;

trials![Queues:
    an_outage_loses_nothing_that_was_put_or_taken,
    who_waits_during_an_outage_goes_on_after_it,
    what_is_refused_during_an_outage_is_not_stored_after_it,
];

/// How long messages are their takers' here.
const OPTIONS: &str = "&bk-visibilityTimeout=3000";

/// Longer than any call may take.
const HANG: Duration = Duration::from_secs(60);

fn is_outage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout)
}

/// What is taken, or nothing while the server is gone.
async fn take(queue: &Queue, wait: Duration) -> Checked<Vec<Delivery>> {
    match tokio::time::timeout(HANG, queue.take(10, wait)).await.map_err(Problem::new)? {
        Ok(taken) => Ok(taken),
        Err(error) => {
            holds_that(is_outage(error.kind()), || format!("{error:?}"))?;
            Ok(Vec::new())
        }
    }
}

/// Puts until it is answered.
async fn put(queue: &Queue, body: &str) -> Checked {
    until("something can be put", async || Ok(queue.put(Message::new(body)).await.is_ok())).await
}

async fn an_outage_loses_nothing_that_was_put_or_taken(bench: Bench) -> Checked {
    let Some((gate, queue)) = bench.gated_queue(OPTIONS).await? else { return Ok(()) };
    let mut left = BTreeSet::new();
    for round in 0..3 {
        for n in 0..4 {
            let body = format!("{round}:{n}");
            put(&queue, &body).await?;
            left.insert(body);
        }
        // Somebody has some of them when the server goes.
        let taken = take(&queue, Duration::from_secs(5)).await?;
        gate.close().await?;
        until("a put is refused", async || {
            let put = tokio::time::timeout(HANG, queue.put(Message::new("during"))).await;
            let put = put.map_err(Problem::new)?;
            Ok(put.is_err_and(|error| is_outage(error.kind())))
        })
        .await?;
        // Nothing is said of what was taken, so all of it has to come again.
        drop(taken);
        gate.open().await?;
    }
    let other = bench.queue(OPTIONS).await?;
    let left = tokio::sync::Mutex::new(left);
    until("all have come", async || {
        for taker in [&queue, &other] {
            for taken in take(taker, Duration::from_secs(1)).await? {
                left.lock().await.remove(&taken.body);
                taker.settle(vec![(taken, Outcome::Done(None))]).await;
            }
        }
        Ok(left.lock().await.is_empty())
    })
    .await
}

async fn who_waits_during_an_outage_goes_on_after_it(bench: Bench) -> Checked {
    let Some((gate, queue)) = bench.gated_queue(OPTIONS).await? else { return Ok(()) };
    let other = bench.queue(OPTIONS).await?;
    for body in ["first", "second"] {
        let waits = async {
            loop {
                let taken = take(&queue, Duration::from_secs(20)).await?;
                if let Some(taken) = taken.into_iter().next() {
                    let body = taken.body.clone();
                    queue.settle(vec![(taken, Outcome::Done(None))]).await;
                    return Checked::Ok(body);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let outage = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.close().await?;
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.open().await?;
            other.put(Message::new(body)).await?;
            Checked::Ok(())
        };
        let (came, broken) = tokio::join!(waits, outage);
        broken?;
        equal(came?.as_str(), body)?;
    }
    // And what it puts is seen by others.
    put(&queue, "third").await?;
    equal(take_one(&other).await?.body, "third".to_owned())
}

async fn what_is_refused_during_an_outage_is_not_stored_after_it(bench: Bench) -> Checked {
    let Some((gate, queue)) = bench.gated_queue(OPTIONS).await? else { return Ok(()) };
    let keyed = |body: &str| Message::new(body).unique(Unique::queued("k"));
    let refused = async |message: Message| {
        let put = tokio::time::timeout(HANG, queue.put(message)).await.map_err(Problem::new)?;
        Checked::Ok(put.is_err_and(|error| is_outage(error.kind())))
    };
    put(&queue, "before").await?;
    gate.close().await?;
    // Of what is put in the moment in which the server goes, nobody knows whether it is stored.
    until("a put is refused", async || refused(Message::new("unknown")).await).await?;
    for _ in 0..3 {
        holds_that(refused(keyed("refused")).await?, || "nothing is there to take it".to_owned())?;
    }
    gate.open().await?;
    // The key is that of nobody.
    until("the key is taken", async || Ok(matches!(queue.put(keyed("after")).await, Ok(Stored::New(_)))))
        .await?;
    let other = bench.queue(OPTIONS).await?;
    let came = tokio::sync::Mutex::new(Vec::new());
    until("what was put comes", async || {
        let mut came = came.lock().await;
        for taken in take(&other, Duration::from_secs(1)).await? {
            came.push(taken.body.clone());
            other.settle(vec![(taken, Outcome::Done(None))]).await;
        }
        Ok(came.iter().any(|body| body == "after"))
    })
    .await?;
    let mut came = came.into_inner();
    came.extend(take(&other, Duration::from_secs(1)).await?.into_iter().map(|taken| taken.body));
    holds_that(!came.iter().any(|body| body == "refused"), || format!("came: {came:?}"))
}
