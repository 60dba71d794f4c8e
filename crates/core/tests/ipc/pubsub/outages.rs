//! Connections that are lost and made again.

use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::pubsub::{Pubsub, Received, Subscription};

use super::{Bench, Pubsubs, body, next};
use crate::check::{Checked, Problem, equal, holds_that, until};
use crate::trial::trials;

trials![Pubsubs:
    a_subscription_goes_on_after_an_outage_and_is_told,
    what_is_asked_during_an_outage_is_refused_in_time,
];

/// Waits for the note that something may be missing, past what was published before.
async fn told(reader: &mut Subscription) -> Checked {
    while next(reader).await? != Received::Missed {}
    Ok(())
}

/// Publishes until it is answered.
async fn publish(client: &Pubsub, channel: &str, text: &'static str) -> Checked {
    until("something can be published", async || Ok(client.publish(channel, text).await.is_ok())).await
}

async fn a_subscription_goes_on_after_an_outage_and_is_told(bench: Bench) -> Checked {
    let other = bench.open()?;
    let Some((gate, client)) = bench.open_gated().await? else {
        // Between processes of a tree there is no connection to lose, but messages may be.
        let client = bench.open()?;
        let mut reader = client.subscribe("c").await?;
        bench.lose();
        told(&mut reader).await?;
        other.publish("c", "after").await?;
        return equal(body(&mut reader).await?, "after".to_owned());
    };
    let mut readers = Vec::new();
    for n in 0..20 {
        readers.push((format!("c:{n}"), client.subscribe(&format!("c:{n}")).await?));
    }
    for round in 0..3 {
        gate.close().await?;
        other.publish("c:0", "meanwhile").await?;
        // One that leaves during the outage, and one that comes with the next connection.
        readers.pop();
        gate.open().await?;
        for (name, reader) in &mut readers {
            told(reader).await?;
            other.publish(name, "after").await?;
            equal(body(reader).await?, "after".to_owned())?;
        }
        let name = format!("new:{round}");
        let mut reader = client.subscribe(&name).await?;
        publish(&client, &name, "own").await?;
        equal(body(&mut reader).await?, "own".to_owned())?;
        readers.push((name, reader));
    }
    Ok(())
}

async fn what_is_asked_during_an_outage_is_refused_in_time(bench: Bench) -> Checked {
    let Some((gate, client)) = bench.open_gated().await? else { return Ok(()) };
    let mut reader = client.subscribe("c").await?;
    publish(&client, "c", "before").await?;
    equal(body(&mut reader).await?, "before".to_owned())?;
    gate.close().await?;
    let limit = Duration::from_secs(20);
    let refused = |kind| matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout);
    until("publishing is refused", async || {
        let asked = tokio::time::timeout(limit, client.publish("c", "lost")).await;
        let Ok(published) = asked else { return Ok(false) };
        Ok(published.is_err_and(|error| refused(error.kind())))
    })
    .await?;
    let asked = tokio::time::timeout(limit, client.subscribe("d")).await;
    let Err(error) = asked.map_err(Problem::new)? else { return Err(Problem::new("there is no server")) };
    holds_that(refused(error.kind()), || format!("{error:?}"))?;
    gate.open().await?;
    told(&mut reader).await?;
    publish(&client, "c", "after").await?;
    while body(&mut reader).await? != "after" {}
    Ok(())
}
