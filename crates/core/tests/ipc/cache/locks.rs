//! Locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bkjs_core::ErrorKind;

use super::{Bench, Caches};
use crate::check::{Checked, Problem, at_once, equal, fails, holds_that, until};
use crate::trial::trials;

trials![Caches:
    a_lock_is_held_by_one_and_given_on_when_it_is_released,
    of_many_who_ask_at_once_one_is_given_the_lock,
    a_lock_ends_with_its_time_and_nobody_takes_it_from_the_next,
    a_lock_is_held_as_long_as_it_is_renewed,
    a_lock_that_is_dropped_is_given_back,
    every_holder_has_a_greater_token,
    who_waits_gets_the_lock_in_the_end,
    who_waits_in_vain_is_told,
    what_many_do_under_a_lock_is_done_one_after_the_other,
    an_owner_that_asks_again_has_the_same_lock,
];

const HOUR: Duration = Duration::from_secs(3600);

fn there<T>(lock: Option<T>) -> Checked<T> {
    lock.ok_or_else(|| Problem::new("the lock was not given"))
}

async fn a_lock_is_held_by_one_and_given_on_when_it_is_released(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let lock = there(a.lock("l", HOUR).await?)?;
    equal((lock.name(), lock.is_held()), ("l", true))?;
    holds_that(lock.remaining() <= HOUR, || format!("{:?}", lock.remaining()))?;
    holds_that(b.lock("l", HOUR).await?.is_none(), || "it is held twice")?;
    holds_that(a.lock("l", HOUR).await?.is_none(), || "it is held twice")?;
    let other = there(b.lock("m", HOUR).await?)?;
    equal(lock.release().await?, true)?;
    let next = there(b.lock("l", HOUR).await?)?;
    equal(other.release().await?, true)?;
    equal(next.release().await?, true)
}

async fn of_many_who_ask_at_once_one_is_given_the_lock(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let locks = at_once(20, |n| {
        let cache = caches[n as usize % 2].clone();
        async move { cache.lock("l", HOUR).await }
    })
    .await?;
    let mut held = 0;
    // All of them are kept until they are counted.
    for lock in &locks {
        held += match lock {
            Ok(lock) => u32::from(lock.is_some()),
            Err(error) => return Err(Problem::new(format!("{error:?}"))),
        };
    }
    equal(held, 1)
}

async fn a_lock_ends_with_its_time_and_nobody_takes_it_from_the_next(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut lock = there(a.lock("l", Duration::from_millis(20)).await?)?;
    let mut next = b.lock_within("l", HOUR, HOUR).await?;
    equal(lock.is_held(), false)?;
    equal(lock.renew(HOUR).await?, false)?;
    equal(lock.is_held(), false)?;
    equal(lock.release().await?, false)?;
    equal(next.renew(HOUR).await?, true)?;
    // Nor does one that is dropped.
    let mut brief = there(a.lock("m", Duration::from_millis(20)).await?)?;
    let other = b.lock_within("m", HOUR, HOUR).await?;
    equal(brief.renew(HOUR).await?, false)?;
    drop(brief);
    holds_that(a.lock("m", HOUR).await?.is_none(), || "the lock was taken from its holder")?;
    equal((next.release().await?, other.release().await?), (true, true))
}

async fn a_lock_is_held_as_long_as_it_is_renewed(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut lock = there(a.lock("l", HOUR).await?)?;
    let token = lock.token();
    equal(lock.renew(HOUR * 2).await?, true)?;
    holds_that(lock.remaining() > HOUR, || format!("{:?}", lock.remaining()))?;
    equal(lock.token(), token)?;
    fails(lock.renew(Duration::ZERO).await, ErrorKind::Invalid)?;
    holds_that(b.lock("l", HOUR).await?.is_none(), || "it is held twice")?;
    // The time may be made shorter too.
    equal(lock.renew(Duration::from_millis(20)).await?, true)?;
    let next = b.lock_within("l", HOUR, HOUR).await?;
    equal(next.release().await?, true)
}

async fn a_lock_that_is_dropped_is_given_back(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let lock = there(a.lock("l", HOUR).await?)?;
    drop(lock);
    until("the lock is free", async || Ok(b.lock("l", HOUR).await?.is_some())).await
}

async fn every_holder_has_a_greater_token(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut last = 0;
    for cache in [&a, &b, &a, &a, &b, &b] {
        for name in ["l", "m"] {
            let lock = there(cache.lock(name, HOUR).await?)?;
            holds_that(lock.token() > last, || format!("{} after {last}", lock.token()))?;
            last = lock.token();
            lock.release().await?;
        }
    }
    // Also after one whose time is over.
    let lock = there(a.lock("l", Duration::from_millis(20)).await?)?;
    let next = b.lock_within("l", HOUR, HOUR).await?;
    holds_that(next.token() > lock.token(), || format!("{} after {}", next.token(), lock.token()))
}

async fn who_waits_gets_the_lock_in_the_end(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let lock = there(a.lock("l", HOUR).await?)?;
    let waiting = bkjs_core::task::spawn("waiting", async move { b.lock_within("l", HOUR, HOUR).await });
    lock.release().await?;
    match waiting.await {
        Ok(Some(got)) => equal(got?.release().await?, true),
        _ => Err(Problem::new("the one who waits panicked")),
    }
}

async fn who_waits_in_vain_is_told(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let lock = there(cache.lock("l", HOUR).await?)?;
    let error = fails(cache.lock_within("l", HOUR, Duration::from_millis(20)).await, ErrorKind::Timeout)?;
    holds_that(error.message().contains("lock l"), || error.message().to_owned())?;
    equal(lock.release().await?, true)
}

async fn what_many_do_under_a_lock_is_done_one_after_the_other(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let (inside, sum) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let done = at_once(10, |n| {
        let (cache, inside, sum) = (caches[n as usize % 2].clone(), inside.clone(), sum.clone());
        async move {
            let lock = cache.lock_within("l", HOUR, HOUR).await?;
            let alone = inside.fetch_add(1, Ordering::SeqCst) == 0;
            let before = sum.load(Ordering::SeqCst);
            tokio::task::yield_now().await;
            sum.store(before + 1, Ordering::SeqCst);
            inside.fetch_sub(1, Ordering::SeqCst);
            lock.release().await?;
            Ok::<_, bkjs_core::Error>(alone)
        }
    })
    .await?;
    for alone in done {
        equal(alone?, true)?;
    }
    equal(sum.load(Ordering::SeqCst), 10)
}

/// As after a question whose answer was lost.
async fn an_owner_that_asks_again_has_the_same_lock(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let first = a.driver().lock("l", "owner", HOUR).await?;
    equal(b.driver().lock("l", "owner", HOUR).await?, first)?;
    equal(b.driver().lock("l", "other", HOUR).await?, None)?;
    equal(b.driver().lock("l", "own", HOUR).await?, None)?;
    equal(b.driver().renew("l", "other", HOUR).await?, false)?;
    equal(b.driver().unlock("l", "other").await?, false)?;
    equal(b.driver().unlock("no", "owner").await?, false)?;
    equal(b.driver().renew("no", "owner", HOUR).await?, false)?;
    equal(a.driver().unlock("l", "owner").await?, true)?;
    equal(a.driver().unlock("l", "owner").await?, false)
}
