//! Readers that do not keep up.

use bkjs_core::ErrorKind;

use super::{Bench, Pubsubs, body};
use crate::check::{Checked, equal, fails, holds_that};
use crate::trial::trials;

trials![Pubsubs:
    a_slow_reader_is_dropped_with_the_reason_and_a_fast_one_goes_on,
    the_bytes_that_wait_are_bounded_as_well,
];

async fn a_slow_reader_is_dropped_with_the_reason_and_a_fast_one_goes_on(bench: Bench) -> Checked {
    let (a, b) = (bench.open_with("&max_waiting=10")?, bench.open()?);
    let (mut slow, mut fast) = (a.subscribe("c").await?, a.subscribe("c").await?);
    for n in 0..50 {
        b.publish("c", n.to_string()).await?;
        equal(body(&mut fast).await?, n.to_string())?;
    }
    for n in 0..10 {
        equal(body(&mut slow).await?, n.to_string())?;
    }
    let error = fails(slow.recv().await, ErrorKind::OverCapacity)?;
    holds_that(error.message().contains("too slow"), || error.message().to_owned())?;
    // It may come again.
    drop(slow);
    let mut again = a.subscribe("c").await?;
    b.publish("c", "new").await?;
    equal(body(&mut again).await?, "new".to_owned())?;
    equal(body(&mut fast).await?, "new".to_owned())
}

async fn the_bytes_that_wait_are_bounded_as_well(bench: Bench) -> Checked {
    let (a, b) = (bench.open_with("&max-waiting-bytes=1000")?, bench.open()?);
    let (mut slow, mut fast) = (a.subscribe("c").await?, a.subscribe("c").await?);
    for _ in 0..3 {
        b.publish("c", "x".repeat(400)).await?;
        body(&mut fast).await?;
    }
    equal((body(&mut slow).await?.len(), body(&mut slow).await?.len()), (400, 400))?;
    fails(slow.recv().await, ErrorKind::OverCapacity).map(drop)
}
