//! Unique keys.

use std::time::Duration;

use bkjs_core::queue::{Message, Outcome, Stored, Unique};
use futures_util::future::join_all;

use super::{Bench, Queues};
use super::{none_comes, settle, take_one};
use crate::check::{Checked, equal, holds_that};
use crate::trial::trials;

trials![
    Queues:
    of_a_key_there_is_one_while_it_is_queued_or_runs,
    a_key_that_failed_stays_taken_until_it_is_given_up,
    a_kept_key_stays_taken_for_its_time,
    a_key_with_a_time_is_free_after_it,
    of_many_puts_at_once_one_is_stored,
    the_key_of_a_cancelled_message_is_free if inspect,
    owners_agree_on_who_has_a_key,
];

fn keyed(key: &str) -> Message {
    Message::new("x").unique(Unique::queued(key))
}

async fn of_a_key_there_is_one_while_it_is_queued_or_runs(bench: Bench) -> Checked {
    let (queue, other) = (bench.queue("").await?, bench.queue("").await?);
    holds_that(matches!(queue.put(keyed("k~1 ü")).await?, Stored::New(_)), || "not stored".to_owned())?;
    equal(other.put(keyed("k~1 ü")).await?, Stored::Duplicate)?;
    holds_that(matches!(other.put(keyed("k2")).await?, Stored::New(_)), || "not stored".to_owned())?;
    let (first, second) = (take_one(&queue).await?, take_one(&queue).await?);
    for key in ["k~1 ü", "k2"] {
        equal(other.put(keyed(key)).await?, Stored::Duplicate)?;
    }
    for taken in [first, second] {
        settle(&queue, taken, Outcome::Done(None)).await?;
    }
    for key in ["k~1 ü", "k2"] {
        holds_that(matches!(other.put(keyed(key)).await?, Stored::New(_)), || "still taken".to_owned())?;
    }
    Ok(())
}

async fn a_key_that_failed_stays_taken_until_it_is_given_up(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(keyed("k").attempts(2)).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Failed("once".into())).await?;
    equal(queue.put(keyed("k")).await?, Stored::Duplicate)?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Failed("twice".into())).await?;
    holds_that(matches!(queue.put(keyed("k")).await?, Stored::New(_)), || "still taken".to_owned())
}

async fn a_kept_key_stays_taken_for_its_time(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let once = || Message::new("x").unique(Unique::within("k", Duration::from_secs(3600)));
    queue.put(once()).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Done(None)).await?;
    equal(queue.put(once()).await?, Stored::Duplicate)?;
    none_comes(&queue).await
}

async fn a_key_with_a_time_is_free_after_it(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let soon = || Message::new("x").unique(Unique::within("k", Duration::from_millis(1200)));
    queue.put(soon()).await?;
    equal(queue.put(soon()).await?, Stored::Duplicate)?;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    holds_that(matches!(queue.put(soon()).await?, Stored::New(_)), || "still taken".to_owned())
}

async fn of_many_puts_at_once_one_is_stored(bench: Bench) -> Checked {
    let mut queues = Vec::new();
    for _ in 0..5 {
        queues.push(bench.queue("").await?);
    }
    let puts = join_all(queues.iter().map(|queue| queue.put(keyed("k")))).await;
    let mut new = 0;
    for put in puts {
        new += usize::from(matches!(put?, Stored::New(_)));
    }
    equal(new, 1)
}

async fn the_key_of_a_cancelled_message_is_free(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let message = keyed("k");
    let id = message.id.clone();
    queue.put(message).await?;
    queue.cancel(&id).await?;
    holds_that(matches!(queue.put(keyed("k")).await?, Stored::New(_)), || "still taken".to_owned())
}

async fn owners_agree_on_who_has_a_key(bench: Bench) -> Checked {
    let (one, other) = (bench.queue("").await?, bench.queue("").await?);
    let time = Duration::from_secs(60);
    equal(one.take_key("tick", "a", time).await?, "a".to_owned())?;
    equal(other.take_key("tick", "b", time).await?, "a".to_owned())?;
    equal(one.take_key("tick", "a", time).await?, "a".to_owned())?;
    equal(other.take_key("tock", "b", time).await?, "b".to_owned())?;
    // Only the owner frees it.
    other.free_key("tick", "b").await?;
    equal(other.take_key("tick", "b", time).await?, "a".to_owned())?;
    one.free_key("tick", "a").await?;
    equal(other.take_key("tick", "b", time).await?, "b".to_owned())
}
