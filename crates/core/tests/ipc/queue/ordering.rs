//! Which message comes first.

use bkjs_core::queue::{Message, Outcome};

use super::LONG;
use super::{Bench, Queues, has_no_effect};
use crate::check::{Checked, equal};
use crate::trial::trials;

trials![Queues: the_greater_priority_comes_first if priorities else has_no_effect, messages_come_in_the_order_of_putting];

async fn bodies(bench: &Bench, messages: Vec<Message>) -> Checked<Vec<String>> {
    let queue = bench.queue("").await?;
    let count = messages.len();
    for message in messages {
        queue.put(message).await?;
    }
    let mut bodies = Vec::new();
    while bodies.len() < count {
        // One at a time: those of one take may be in any order.
        for taken in queue.take(1, LONG).await? {
            bodies.push(taken.body.clone());
            queue.settle(vec![(taken, Outcome::Done(None))]).await;
        }
    }
    Ok(bodies)
}

async fn the_greater_priority_comes_first(bench: Bench) -> Checked {
    let all = [("low", 0), ("high", 9), ("middle", 5), ("low too", 0)];
    let all = all.map(|(body, priority)| Message::new(body).priority(priority)).to_vec();
    equal(bodies(&bench, all).await?, ["high", "middle", "low", "low too"].map(str::to_owned).to_vec())
}

async fn messages_come_in_the_order_of_putting(bench: Bench) -> Checked {
    // With a millisecond between them: that is what orders messages of different processes.
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(Message::new(n.to_string()));
    }
    let expected: Vec<String> = all.iter().map(|m| m.body.clone()).collect();
    equal(bodies(&bench, all).await?, expected)
}
