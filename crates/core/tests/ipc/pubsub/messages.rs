//! What arrives, where, and in which order.

use bkjs_core::ErrorKind;
use bkjs_core::pubsub::{MAX_CHANNEL, MAX_MESSAGE, Received};
use futures_util::StreamExt as _;
use serde_json::json;

use super::{Bench, Pubsubs, body, next};
use crate::check::{Checked, Problem, equal, fails};
use crate::trial::trials;

trials![Pubsubs:
    every_subscriber_gets_a_message_once,
    a_channel_hears_its_own_only,
    messages_of_a_publisher_stay_in_order,
    who_comes_later_or_again_hears_what_is_published_then,
    a_message_is_any_bytes,
    the_longest_name_and_message_pass_and_longer_ones_are_refused,
    many_channels_are_subscribed_at_once,
    a_closed_client_ends_its_subscriptions,
];

async fn every_subscriber_gets_a_message_once(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut readers = [a.subscribe("c").await?, a.subscribe("c").await?, b.subscribe("c").await?];
    a.publish("c", "one").await?;
    b.publish_json("c", &json!({"n": 2})).await?;
    a.publish("c", "end").await?;
    for reader in &mut readers {
        let mut got = vec![body(reader).await?, body(reader).await?, body(reader).await?];
        // Of two publishers, either may be first.
        got.sort();
        equal(got, vec!["end".to_owned(), "one".to_owned(), "{\"n\":2}".to_owned()])?;
    }
    Ok(())
}

async fn a_channel_hears_its_own_only(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let names = [
        "a", "A", "a.b", "a.*", "a.>", "*", ">", "#", "a.#", ".", "..", "%61", "a:b", "größe", "[a]", "a?",
        "\\a",
    ];
    let mut readers = Vec::new();
    for name in names {
        readers.push(a.subscribe(name).await?);
    }
    for name in names {
        b.publish(name, name).await?;
    }
    for name in names {
        b.publish(name, "end").await?;
    }
    for (reader, name) in readers.iter_mut().zip(names) {
        let Received::Message(message) = next(reader).await? else { return Err(Problem::new("missed")) };
        equal((&*message.channel, &message.body[..]), (name, name.as_bytes()))?;
        equal(body(reader).await?, "end".to_owned())?;
    }
    Ok(())
}

async fn messages_of_a_publisher_stay_in_order(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut readers = [a.subscribe("c").await?, b.subscribe("c").await?];
    for n in 0..500 {
        a.publish("c", n.to_string()).await?;
    }
    for reader in &mut readers {
        for n in 0..500 {
            equal(body(reader).await?, n.to_string())?;
        }
    }
    Ok(())
}

async fn who_comes_later_or_again_hears_what_is_published_then(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    b.publish("c", "too early").await?;
    for n in 0..20 {
        let mut reader = a.subscribe("c").await?;
        let mut other = a.subscribe("d").await?;
        b.publish("c", n.to_string()).await?;
        equal(body(&mut reader).await?, n.to_string())?;
        drop(reader);
        b.publish("c", "to nobody").await?;
        b.publish("d", n.to_string()).await?;
        equal(body(&mut other).await?, n.to_string())?;
    }
    Ok(())
}

async fn a_message_is_any_bytes(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut reader = a.subscribe("c").await?;
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [Vec::new(), all, b"\r\n\0".to_vec()] {
        b.publish("c", bytes.clone()).await?;
        let Received::Message(message) = next(&mut reader).await? else { return Err(Problem::new("missed")) };
        equal(message.body.to_vec(), bytes)?;
    }
    Ok(())
}

async fn the_longest_name_and_message_pass_and_longer_ones_are_refused(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    // Each of its bytes may become several on the way.
    let name = "ü".repeat(MAX_CHANNEL / 2);
    let mut reader = a.subscribe(&name).await?;
    b.publish(&name, vec![7; MAX_MESSAGE]).await?;
    let Received::Message(message) = next(&mut reader).await? else { return Err(Problem::new("missed")) };
    equal((message.body.len(), message.body.iter().all(|byte| *byte == 7)), (MAX_MESSAGE, true))?;
    fails(b.publish("c", vec![7; MAX_MESSAGE + 1]).await, ErrorKind::TooLarge)?;
    for name in ["", "a b", "a\n", "\0", &"x".repeat(MAX_CHANNEL + 1)] {
        fails(b.publish(name, "").await, ErrorKind::Invalid)?;
        fails(b.subscribe(name).await.map(drop), ErrorKind::Invalid)?;
    }
    Ok(())
}

async fn many_channels_are_subscribed_at_once(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let names: Vec<String> = (0..300).map(|n| format!("c:{n}")).collect();
    let all = names.iter().map(|name| a.subscribe(name));
    let readers = futures_util::future::join_all(all).await;
    let mut readers = readers.into_iter().collect::<bkjs_core::Result<Vec<_>>>()?;
    for name in &names {
        b.publish(name, name.clone()).await?;
    }
    for (reader, name) in readers.iter_mut().zip(&names) {
        equal(&body(reader).await?, name)?;
    }
    Ok(())
}

async fn a_closed_client_ends_its_subscriptions(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut reader = a.subscribe("c").await?;
    let stream = a.subscribe("c").await?;
    b.publish("c", "last").await?;
    equal(body(&mut reader).await?, "last".to_owned())?;
    a.close();
    fails(reader.recv().await, ErrorKind::Unavailable)?;
    fails(reader.recv().await, ErrorKind::Unavailable)?;
    // As a stream: the message, the reason, and nothing more.
    let all: Vec<_> = stream.collect().await;
    equal((all.len(), all[0].is_ok(), all[1].is_err()), (2, true, true))?;
    fails(a.publish("c", "").await, ErrorKind::Unavailable)?;
    fails(a.subscribe("c").await.map(drop), ErrorKind::Unavailable)?;
    Ok(())
}
