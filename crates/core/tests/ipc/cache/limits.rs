//! Rate limits.

use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::{Limiter, Rate};

use super::{Bench, Caches};
use crate::check::{Checked, at_once, equal, fails, holds_that, until};
use crate::trial::trials;

trials![Caches:
    a_burst_is_let_in_whoever_asks_and_no_more,
    of_many_at_once_no_more_than_the_burst_is_let_in,
    who_is_refused_is_told_how_long_to_wait,
    tokens_come_back_in_time,
    several_tokens_are_taken_together_or_not_at_all,
    each_name_has_a_bucket_of_its_own,
    a_rate_that_is_none_is_refused,
    any_text_is_the_name_of_a_limit_for_a_limiter,
];

const HOUR: Duration = Duration::from_secs(3600);
const THREE: Rate = Rate { burst: 3.0, rate: 3.0, interval: HOUR };

async fn a_burst_is_let_in_whoever_asks_and_no_more(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let mut let_in = Vec::new();
    for cache in [&a, &b, &a, &b, &a] {
        let_in.push(cache.take("l", THREE, 1).await?.is_zero());
    }
    equal(let_in, vec![true, true, true, false, false])
}

async fn of_many_at_once_no_more_than_the_burst_is_let_in(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let rate = Rate { burst: 10.0, rate: 1.0, interval: HOUR };
    let taken = at_once(40, |n| {
        let cache = caches[n as usize % 2].clone();
        async move { cache.take("l", rate, 1).await }
    })
    .await?;
    let mut let_in = 0;
    for wait in taken {
        let_in += u32::from(wait?.is_zero());
    }
    equal(let_in, 10)
}

async fn who_is_refused_is_told_how_long_to_wait(bench: Bench) -> Checked {
    let cache = bench.open()?;
    for _ in 0..3 {
        cache.take("l", THREE, 1).await?;
    }
    let wait = cache.take("l", THREE, 1).await?;
    let third = HOUR / 3;
    holds_that(wait <= third && wait > third / 2, || format!("{wait:?} to wait"))?;
    let wait = cache.take("l", THREE, 2).await?;
    holds_that(wait <= third * 2 && wait > third, || format!("{wait:?} to wait for two"))
}

async fn tokens_come_back_in_time(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let rate = Rate { burst: 1.0, rate: 1.0, interval: Duration::from_millis(50) };
    cache.take("l", rate, 1).await?;
    until("there is another token", async || Ok(cache.take("l", rate, 1).await?.is_zero())).await
}

async fn several_tokens_are_taken_together_or_not_at_all(bench: Bench) -> Checked {
    let cache = bench.open()?;
    equal(cache.take("l", THREE, 2).await?, Duration::ZERO)?;
    holds_that(!cache.take("l", THREE, 2).await?.is_zero(), || "more than the burst was let in")?;
    equal(cache.take("l", THREE, 1).await?, Duration::ZERO)?;
    equal(cache.take("m", THREE, 3).await?, Duration::ZERO)
}

async fn each_name_has_a_bucket_of_its_own(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let one = Rate { burst: 1.0, rate: 1.0, interval: HOUR };
    for name in ["ip:10.0.0.1", "ip:10.0.0.2", "größe"] {
        equal(cache.take(name, one, 1).await?, Duration::ZERO)?;
        holds_that(!cache.take(name, one, 1).await?.is_zero(), || format!("{name} is let in twice"))?;
    }
    Ok(())
}

async fn a_rate_that_is_none_is_refused(bench: Bench) -> Checked {
    let cache = bench.open()?;
    for (rate, tokens) in [
        (THREE, 0),
        (THREE, 4),
        (Rate { burst: 0.0, ..THREE }, 1),
        (Rate { rate: -1.0, ..THREE }, 1),
        (Rate { rate: f64::INFINITY, ..THREE }, 1),
        (Rate { interval: Duration::ZERO, ..THREE }, 1),
    ] {
        fails(cache.take("l", rate, tokens).await, ErrorKind::Invalid)?;
        fails(Limiter::new(cache.clone()).take("l", rate, tokens).await, ErrorKind::Invalid)?;
    }
    equal(cache.take("l", THREE, 3).await?, Duration::ZERO)
}

async fn any_text_is_the_name_of_a_limit_for_a_limiter(bench: Bench) -> Checked {
    let [a, b] = [Limiter::new(bench.open()?), Limiter::new(bench.open()?)];
    let one = Rate { burst: 1.0, rate: 1.0, interval: HOUR };
    let long = "x".repeat(20_000);
    for name in ["path:/a b:::1", "", "\r\n", &long, "ip:::1"] {
        equal(a.take(name, one, 1).await?, Duration::ZERO)?;
        holds_that(!b.take(name, one, 1).await?.is_zero(), || format!("{name:.20} is let in twice"))?;
    }
    Ok(())
}
