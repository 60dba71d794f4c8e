//! What operators see and can do.

use std::time::{Duration, Instant};

use bkjs_core::queue::{Cancelled, Hold, Message, Outcome, State, Stored, Unique};

use super::{Bench, Queues};
use super::{none_comes, settle, take_one};
use crate::check::{Checked, equal, holds_that};
use crate::trial::trials;

trials![
    Queues:
    every_state_of_a_life_is_seen if inspect,
    a_result_is_seen_while_it_is_kept if inspect,
    what_is_not_kept_is_gone if inspect,
    a_waiting_message_is_cancelled_at_once if inspect,
    the_taker_of_a_cancelled_message_is_told if inspect,
    a_cancelled_message_is_given_to_nobody_when_its_taker_dies if inspect,
    a_cancelled_message_that_is_put_back_is_cancelled if inspect,
    an_unknown_message_cannot_be_cancelled if inspect,
    messages_are_counted if inspect,
    a_purged_queue_is_empty,
];

async fn every_state_of_a_life_is_seen(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-retryInterval=2000").await?;
    let message = Message::new("x").delay(Duration::from_millis(1200)).priority(3);
    let id = message.id.clone();
    let state = async || -> Checked<State> {
        let info = queue.find(&id).await?;
        Ok(info.ok_or_else(|| crate::check::Problem::new("not found".to_owned()))?.state)
    };
    queue.put(message).await?;
    equal(state().await?, State::Scheduled)?;
    let taken = take_one(&queue).await?;
    equal(state().await?, State::Executing)?;
    settle(&queue, taken, Outcome::Failed("once".into())).await?;
    equal(state().await?, State::Retryable)?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Returned).await?;
    equal(state().await?, State::Available)?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Done(None)).await?;
    equal(state().await?, State::Completed)?;
    let info = queue.find(&id).await?;
    holds_that(info.is_some_and(|i| i.priority == 3 && i.attempt == 2 && i.ended >= Some(i.put)), || {
        "its figures are wrong".to_owned()
    })
}

async fn a_result_is_seen_while_it_is_kept(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let message = Message::new("x");
    let id = message.id.clone();
    queue.put(message).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Done(Some("{\"sum\":3}".into()))).await?;
    let info = queue.find(&id).await?;
    equal(info.and_then(|info| info.result).as_deref(), Some("{\"sum\":3}"))
}

async fn what_is_not_kept_is_gone(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-keep=0").await?;
    for outcome in [Outcome::Done(None), Outcome::Done(Some("result".into()))] {
        let message = Message::new("x");
        let id = message.id.clone();
        queue.put(message).await?;
        let taken = take_one(&queue).await?;
        settle(&queue, taken, outcome).await?;
        equal(queue.find(&id).await?, None)?;
    }
    Ok(())
}

async fn a_waiting_message_is_cancelled_at_once(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    for message in [Message::new("now"), Message::new("later").delay(Duration::from_secs(60))] {
        let id = message.id.clone();
        queue.put(message).await?;
        equal(queue.cancel(&id).await?, Cancelled::Now)?;
        equal(queue.cancel(&id).await?, Cancelled::TooLate)?;
        equal(queue.find(&id).await?.map(|info| info.state), Some(State::Cancelled))?;
    }
    none_comes(&queue).await
}

async fn the_taker_of_a_cancelled_message_is_told(bench: Bench) -> Checked {
    let (queue, operator) = (bench.queue("").await?, bench.queue("").await?);
    queue.put(Message::new("x")).await?;
    let taken = take_one(&queue).await?;
    let receipt = taken.receipt.clone();
    equal(queue.extend(vec![receipt.clone()]).await?, vec![Hold::Held])?;
    equal(operator.cancel(&receipt.id).await?, Cancelled::Asked)?;
    equal(queue.extend(vec![receipt.clone()]).await?, vec![Hold::Cancelling])?;
    settle(&queue, taken, Outcome::Cancelled).await?;
    equal(queue.find(&receipt.id).await?.map(|info| info.state), Some(State::Cancelled))
}

async fn a_cancelled_message_is_given_to_nobody_when_its_taker_dies(bench: Bench) -> Checked {
    let dies = bench.queue("&bk-visibilityTimeout=1000").await?;
    let keyed = || Message::new("x").unique(Unique::queued("k"));
    dies.put(keyed()).await?;
    let id = take_one(&dies).await?.receipt.id;
    let queue = bench.queue("&bk-visibilityTimeout=1000").await?;
    equal(queue.cancel(&id).await?, Cancelled::Asked)?;
    let state = async || -> Checked<_> { Ok(queue.find(&id).await?.map(|info| info.state)) };
    let end = Instant::now() + Duration::from_secs(20);
    while state().await? != Some(State::Cancelled) && Instant::now() < end {
        let taken = queue.take(1, Duration::from_millis(200)).await?;
        holds_that(taken.is_empty(), || format!("somebody else got it: {taken:?}"))?;
    }
    equal(state().await?, Some(State::Cancelled))?;
    holds_that(matches!(queue.put(keyed()).await?, Stored::New(_)), || "its key is still taken".to_owned())
}

async fn a_cancelled_message_that_is_put_back_is_cancelled(bench: Bench) -> Checked {
    let (queue, operator) = (bench.queue("&bk-retryInterval=60000").await?, bench.queue("").await?);
    for outcome in [Outcome::Returned, Outcome::Failed("broken".into())] {
        let keyed = || Message::new("x").unique(Unique::queued("k"));
        queue.put(keyed()).await?;
        let taken = take_one(&queue).await?;
        let id = taken.receipt.id.clone();
        equal(operator.cancel(&id).await?, Cancelled::Asked)?;
        settle(&queue, taken, outcome).await?;
        equal(queue.find(&id).await?.map(|info| info.state), Some(State::Cancelled))?;
        none_comes(&queue).await?;
        let again = keyed();
        let next = again.id.clone();
        holds_that(matches!(queue.put(again).await?, Stored::New(_)), || "its key is taken".to_owned())?;
        queue.cancel(&next).await?;
    }
    Ok(())
}

async fn an_unknown_message_cannot_be_cancelled(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    equal(queue.cancel("nobody").await?, Cancelled::TooLate)?;
    equal(queue.find("nobody").await?, None)
}

async fn messages_are_counted(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    equal(queue.list(State::Available, 10).await?.len(), 0)?;
    queue.put_all((0..4).map(|n| Message::new(n.to_string())).collect()).await;
    queue.put(Message::new("later").delay(Duration::from_secs(60))).await?;
    let taken = queue.take(2, Duration::ZERO).await?;
    equal(taken.len(), 2)?;
    let counts = queue.counts().await?;
    let seen = [State::Available, State::Scheduled, State::Executing].map(|state| counts.get(state));
    equal(seen, [Some(2), Some(1), Some(2)])
}

async fn a_purged_queue_is_empty(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put_all((0..4).map(|n| Message::new(n.to_string())).collect()).await;
    queue.purge().await?;
    none_comes(&queue).await
}
