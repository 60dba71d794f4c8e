//! What is refused, and what is the most that is not.

use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::queue::{MAX_BODY, Message, Outcome, Unique};

use super::{Bench, Queues};
use super::{none_comes, settle, take_one};
use crate::check::{Checked, equal};
use crate::trial::trials;

trials![
    Queues:
    the_largest_body_and_the_empty_one_travel,
    what_no_product_takes_is_refused,
    a_refused_message_keeps_no_other_from_being_stored,
];

async fn the_largest_body_and_the_empty_one_travel(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    for body in ["ü".repeat(MAX_BODY / 2), String::new()] {
        queue.put(Message::new(body.clone())).await?;
        let taken = take_one(&queue).await?;
        equal(taken.body == body, true)?;
        settle(&queue, taken, Outcome::Done(None)).await?;
    }
    Ok(())
}

async fn what_no_product_takes_is_refused(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let mut odd = Message::new("x");
    odd.id = "a b".into();
    let refused = [
        (Message::new("x".repeat(MAX_BODY + 1)), ErrorKind::TooLarge),
        (odd, ErrorKind::Invalid),
        (Message::new("x").priority(10), ErrorKind::Invalid),
        (Message::new("x").attempts(0), ErrorKind::Invalid),
        (Message::new("x").delay(Duration::from_secs(400 * 86_400)), ErrorKind::Invalid),
        (Message::new("x").unique(Unique::queued("")), ErrorKind::Invalid),
        (Message::new("x").unique(Unique::queued("k".repeat(201))), ErrorKind::Invalid),
        (Message::new("x").unique(Unique::queued("k\nx")), ErrorKind::Invalid),
        (Message::new("x").unique(Unique::queued("\rk")), ErrorKind::Invalid),
        (Message::new("x").unique(Unique::queued("k\0")), ErrorKind::Invalid),
    ];
    for (message, kind) in refused {
        equal(queue.put(message).await.map_err(|error| error.kind()), Err(kind))?;
    }
    for key in ["", "k\n", "\u{7f}"] {
        let taken = queue.take_key(key, "a", Duration::from_secs(60)).await;
        equal(taken.map_err(|error| error.kind()), Err(ErrorKind::Invalid))?;
    }
    none_comes(&queue).await
}

async fn a_refused_message_keeps_no_other_from_being_stored(bench: Bench) -> Checked {
    let queue = bench.queue("").await?;
    let all = vec![Message::new("a"), Message::new("b").priority(99), Message::new("c")];
    let stored = queue.put_all(all).await;
    equal(stored.iter().map(|stored| stored.is_ok()).collect::<Vec<_>>(), vec![true, false, true])?;
    for body in ["a", "c"] {
        let taken = take_one(&queue).await?;
        equal(taken.body.as_str(), body)?;
        settle(&queue, taken, Outcome::Done(None)).await?;
    }
    Ok(())
}
