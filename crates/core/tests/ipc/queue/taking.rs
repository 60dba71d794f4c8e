//! Messages are handed out at least once, to one taker at a time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bkjs_core::queue::{Bell, Hold, Message, Outcome, Stored};
use futures_util::future::try_join_all;

use super::{Bench, Queues, has_no_effect};
use super::{LONG, none_comes, settle, take_one};
use crate::check::{Checked, equal, holds_that};
use crate::trial::trials;

trials![
    Queues:
    a_message_is_given_once_and_is_gone_when_it_is_done,
    the_put_of_another_process_is_seen,
    queues_of_other_names_are_apart,
    takers_side_by_side_get_every_message_once,
    many_are_taken_at_once,
    a_waiting_taker_is_woken_by_a_put,
    a_delayed_message_comes_when_its_time_has_come,
    a_message_comes_again_when_its_taker_keeps_silent,
    a_taker_that_extends_his_time_keeps_the_message if extend else has_no_effect,
    a_taker_whose_time_was_over_changes_nothing if fenced else has_no_effect,
    a_returned_message_comes_at_once_and_was_no_attempt,
    closing_loses_nothing,
];

async fn a_message_is_given_once_and_is_gone_when_it_is_done(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let message = Message::new("grüße \u{1f600} \"quoted\" \n end");
    let (id, body) = (message.id.clone(), message.body.clone());
    equal(queue.put(message).await?, Stored::New(id.clone()))?;
    let taken = take_one(&queue).await?;
    equal((taken.receipt.id.as_str(), &taken.body, taken.attempt), (id.as_str(), &body, 1))?;
    none_comes(&queue).await?;
    settle(&queue, taken, Outcome::Done(None)).await?;
    none_comes(&queue).await?;
    queue.close().await;
    Ok(())
}

async fn the_put_of_another_process_is_seen(bench: Bench) -> Checked {
    let (one, other) = (bench.queue("&bk-interval=50").await?, bench.queue("").await?);
    none_comes(&one).await?;
    let (taken, stored) = tokio::join!(take_one(&one), other.put(Message::new("x")));
    stored?;
    settle(&one, taken?, Outcome::Done(None)).await
}

async fn queues_of_other_names_are_apart(bench: Bench) -> Checked {
    let (one, other) = (bench.queue("").await?, bench.other_queue().await?);
    other.put(Message::new("other")).await?;
    none_comes(&one).await?;
    one.put(Message::new("one")).await?;
    equal(take_one(&other).await?.body, "other".to_owned())?;
    equal(take_one(&one).await?.body, "one".to_owned())?;
    other.purge().await?;
    Ok(())
}

async fn takers_side_by_side_get_every_message_once(bench: Bench) -> Checked {
    const COUNT: usize = 300;
    let queue = bench.queue("").await?;
    let messages = (0..COUNT).map(|n| Message::new(n.to_string())).collect();
    for stored in queue.put_all(messages).await {
        holds_that(matches!(stored?, Stored::New(_)), || "not stored".to_owned())?;
    }
    let mut takers = Vec::new();
    for _ in 0..4 {
        takers.push(bench.queue("").await?);
    }
    let all = try_join_all(takers.iter().map(async |taker| -> Checked<Vec<String>> {
        let mut bodies = Vec::new();
        loop {
            let taken = taker.take(20, Duration::from_secs(2)).await?;
            if taken.is_empty() {
                return Ok(bodies);
            }
            bodies.extend(taken.iter().map(|t| t.body.clone()));
            let done = taken.into_iter().map(|t| (t, Outcome::Done(None))).collect();
            for mine in taker.settle(done).await {
                holds_that(mine?, || "lost".to_owned())?;
            }
        }
    }))
    .await?;
    let mut times: HashMap<String, usize> = HashMap::new();
    all.into_iter().flatten().for_each(|body| *times.entry(body).or_default() += 1);
    equal(times.len(), COUNT)?;
    holds_that(times.values().all(|times| *times == 1), || "a message was given twice".to_owned())
}

async fn many_are_taken_at_once(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put_all((0..10).map(|n| Message::new(n.to_string())).collect()).await;
    let mut seen = 0;
    let start = Instant::now();
    while seen < 10 && start.elapsed() < LONG {
        let taken = queue.take(10, LONG).await?;
        seen += taken.len();
        queue.settle(taken.into_iter().map(|t| (t, Outcome::Done(None))).collect()).await;
    }
    equal(seen, 10)
}

async fn a_waiting_taker_is_woken_by_a_put(bench: Bench) -> Checked {
    let bell = Bell::default();
    // Longer than anybody waits here.
    let (taker, _db) = bench.open("", "&bk-interval=600000", bell.clone()).await?;
    let (putter, _other) = bench.open("", "&bk-interval=600000", bell).await?;
    none_comes(&taker).await?;
    let put = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        putter.put(Message::new("wake")).await
    };
    let (taken, stored) = tokio::join!(take_one(&taker), put);
    stored?;
    settle(&taker, taken?, Outcome::Done(None)).await
}

async fn a_delayed_message_comes_when_its_time_has_come(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let start = Instant::now();
    queue.put(Message::new("later").delay(Duration::from_millis(1500))).await?;
    none_comes(&queue).await?;
    let taken = take_one(&queue).await?;
    holds_that(start.elapsed() >= Duration::from_millis(1400), || "it came too early".to_owned())?;
    equal((taken.body.as_str(), taken.attempt), ("later", 1))?;
    settle(&queue, taken, Outcome::Done(None)).await
}

async fn a_message_comes_again_when_its_taker_keeps_silent(bench: Bench) -> Checked {
    let dies = bench.queue("&bk-visibilityTimeout=1000").await?;
    dies.put(Message::new("x")).await?;
    let first = take_one(&dies).await?;
    // Where a message is its taker's as long as his connection lasts.
    dies.close().await;
    let queue = bench.queue("&bk-visibilityTimeout=1000").await?;
    let again = take_one(&queue).await?;
    equal((&again.receipt.id, again.body.as_str()), (&first.receipt.id, "x"))?;
    if queue.capabilities().counts_deaths {
        equal(again.attempt, 2)?;
    }
    settle(&queue, again, Outcome::Done(None)).await?;
    none_comes(&queue).await
}

async fn a_taker_that_extends_his_time_keeps_the_message(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-visibilityTimeout=2000").await?;
    queue.put(Message::new("long")).await?;
    let taken = take_one(&queue).await?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        equal(queue.extend(vec![taken.receipt.clone()]).await?, vec![Hold::Held])?;
        let others = queue.take(1, Duration::from_millis(300)).await?;
        holds_that(others.is_empty(), || "somebody else got it".to_owned())?;
    }
    settle(&queue, taken, Outcome::Done(None)).await
}

async fn a_taker_whose_time_was_over_changes_nothing(bench: Bench) -> Checked {
    let queue = bench.queue("&bk-visibilityTimeout=1000").await?;
    queue.put(Message::new("x")).await?;
    let late = take_one(&queue).await?;
    let owner = take_one(&queue).await?;
    equal(owner.attempt, 2)?;
    let hold = queue.extend(vec![late.receipt.clone(), owner.receipt.clone()]).await?;
    equal(hold, vec![Hold::Lost, Hold::Held])?;
    for mine in queue.settle(vec![(late, Outcome::Done(None))]).await {
        equal(mine?, false)?;
    }
    settle(&queue, owner, Outcome::Done(None)).await?;
    none_comes(&queue).await
}

async fn a_returned_message_comes_at_once_and_was_no_attempt(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    queue.put(Message::new("x")).await?;
    let taken = take_one(&queue).await?;
    settle(&queue, taken, Outcome::Returned).await?;
    let again = take_one(&queue).await?;
    equal(again.attempt, 1)?;
    settle(&queue, again, Outcome::Done(None)).await
}

async fn closing_loses_nothing(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    for stored in queue.put_all((0..20).map(|n| Message::new(n.to_string())).collect()).await {
        stored?;
    }
    queue.close().await;
    let queue = bench.queue("").await?;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 20 {
        let taken = queue.take(20, LONG).await?;
        holds_that(!taken.is_empty(), || format!("only {} of 20 came", seen.len()))?;
        seen.extend(taken.iter().map(|t| t.body.clone()));
        queue.settle(taken.into_iter().map(|t| (t, Outcome::Done(None))).collect()).await;
    }
    Ok(())
}
