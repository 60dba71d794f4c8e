//! Failures are tried again, and given up after the last attempt.

use std::time::{Duration, Instant};

use bkjs_core::queue::{Message, Outcome, State};

use super::{Bench, Queues, has_no_effect};
use super::{none_comes, settle, take_one};
use crate::check::{Checked, equal, holds_that, until};
use crate::trial::trials;

trials![
    Queues:
    a_failure_is_tried_again_and_counted,
    a_failure_waits_before_it_is_tried_again,
    after_the_last_attempt_a_message_is_given_up,
    what_another_attempt_does_not_cure_is_given_up_at_once,
    who_dies_again_and_again_is_given_up if counts_deaths else has_no_effect,
    a_message_past_its_time_is_not_given,
    what_was_given_up_is_kept_with_its_error if inspect,
    what_is_not_to_be_kept_is_gone_when_it_is_given_up,
    in_nats_a_changed_time_counts_for_what_was_given_up_before,
];

async fn a_failure_is_tried_again_and_counted(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(Message::new("x").attempts(3)).await?;
    for attempt in 1..=2 {
        let taken = take_one(&queue).await?;
        equal((taken.attempt, taken.attempts), (attempt, 3))?;
        settle(&queue, taken, Outcome::Failed("broken".into())).await?;
    }
    let taken = take_one(&queue).await?;
    equal((taken.attempt, taken.body.as_str()), (3, "x"))?;
    settle(&queue, taken, Outcome::Done(None)).await?;
    none_comes(&queue).await
}

async fn a_failure_waits_before_it_is_tried_again(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-retryInterval=3000").await?;
    queue.put(Message::new("x")).await?;
    let start = Instant::now();
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Failed("broken".into())).await?;
    none_comes(&queue).await?;
    let again = take_one(&queue).await?;
    // Up to half of the pause may be taken off.
    holds_that(start.elapsed() >= Duration::from_millis(1400), || "it came too early".to_owned())?;
    settle(&queue, again, Outcome::Done(None)).await
}

async fn after_the_last_attempt_a_message_is_given_up(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(Message::new("x").attempts(2)).await?;
    for _ in 0..2 {
        let taken = take_one(&queue).await?;
        settle(&queue, taken, Outcome::Failed("broken".into())).await?;
    }
    none_comes(&queue).await
}

async fn what_another_attempt_does_not_cure_is_given_up_at_once(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(Message::new("x")).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Useless("no such job".into())).await?;
    none_comes(&queue).await
}

async fn who_dies_again_and_again_is_given_up(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-visibilityTimeout=1000").await?;
    queue.put(Message::new("poison").attempts(2)).await?;
    for attempt in 1..=2 {
        equal(take_one(&queue).await?.attempt, attempt)?;
    }
    // It is discarded by the taker that meets it a third time.
    let taken = queue.take(1, Duration::from_millis(2500)).await?;
    holds_that(taken.is_empty(), || format!("a third attempt of two: {taken:?}"))
}

async fn a_message_past_its_time_is_not_given(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(Message::new("late").expires(Duration::from_millis(1))).await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    none_comes(&queue).await?;
    none_comes(&queue).await
}

async fn what_was_given_up_is_kept_with_its_error(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let message = Message::new("x").attempts(1);
    let id = message.id.clone();
    queue.put(message).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Failed("the reason".into())).await?;
    let dead = queue.list(State::Discarded, 10).await?;
    equal(dead.len(), 1)?;
    for info in dead {
        equal(
            (info.id.as_str(), info.error.as_deref(), info.body.as_str()),
            (&*id, Some("the reason"), "x"),
        )?;
        holds_that(info.ended.is_some(), || "no time of its end".to_owned())?;
    }
    Ok(())
}

async fn what_is_not_to_be_kept_is_gone_when_it_is_given_up(bench: Bench) -> Checked {
    const NOT_KEPT: &str = "&bk-keepFailed=0";
    let queue = bench.queue(NOT_KEPT).await?;
    queue.put(Message::new("x")).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Useless("broken".into())).await?;
    until("nothing is left of it", async || {
        // Where it is a record it goes when somebody takes next.
        let other = bench.queue(NOT_KEPT).await?;
        none_comes(&other).await?;
        Ok(other.counts().await?.discarded.unwrap_or(0) == 0)
    })
    .await
}

async fn in_nats_a_changed_time_counts_for_what_was_given_up_before(bench: Bench) -> Checked {
    // In the others it was noted with the message.
    if bench.backend.name != "nats" {
        return Ok(());
    }
    let queue = bench.queue("").await?;
    queue.put(Message::new("x")).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Useless("broken".into())).await?;
    equal(queue.counts().await?.discarded, Some(1))?;
    let other = bench.queue("&bk-keepFailed=1").await?;
    until("it is gone", async || Ok(other.counts().await?.discarded == Some(0))).await
}
