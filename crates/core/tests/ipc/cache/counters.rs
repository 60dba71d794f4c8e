//! Numbers.

use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::Life;

use super::{Bench, Caches};
use crate::check::{Checked, at_once, equal, fails, holds_that};
use crate::trial::trials;

trials![Caches:
    a_number_that_is_not_there_counts_as_zero,
    a_number_is_read_as_digits_and_written_as_such,
    no_count_of_many_is_lost,
    a_sum_without_room_is_refused_and_changes_nothing,
    what_is_no_number_is_refused_and_stays,
    a_number_keeps_its_time,
    the_greatest_number_stays,
    of_many_the_greatest_number_stays,
];

const HOUR: Duration = Duration::from_secs(3600);

async fn a_number_that_is_not_there_counts_as_zero(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    equal(a.incr("n", 5, None).await?, 5)?;
    equal(b.incr("n", -7, None).await?, -2)?;
    equal(a.incr("n", 0, None).await?, -2)?;
    equal(a.incr("m", 0, None).await?, 0)?;
    equal(b.get("m").await?, Some(b"0".to_vec()))
}

async fn a_number_is_read_as_digits_and_written_as_such(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("n", "41", HOUR).await?;
    equal(cache.incr("n", 1, None).await?, 42)?;
    equal(cache.get("n").await?, Some(b"42".to_vec()))?;
    // With fewer digits than before.
    equal(cache.incr("n", -35, None).await?, 7)?;
    equal(cache.get("n").await?, Some(b"7".to_vec()))
}

async fn no_count_of_many_is_lost(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let counted = at_once(10, |n| {
        let cache = caches[n as usize % 2].clone();
        async move {
            for _ in 0..20 {
                cache.incr("n", 1, HOUR).await?;
                cache.map_incr("m", "f", 1, HOUR).await?;
            }
            bkjs_core::Result::Ok(())
        }
    })
    .await?;
    counted.into_iter().collect::<bkjs_core::Result<Vec<()>>>()?;
    equal(caches[0].incr("n", 0, None).await?, 200)?;
    equal(caches[1].map_incr("m", "f", 0, None).await?, 200)
}

async fn a_sum_without_room_is_refused_and_changes_nothing(bench: Bench) -> Checked {
    let cache = bench.open()?;
    equal(cache.incr("n", i64::MAX, HOUR).await?, i64::MAX)?;
    equal(cache.incr("n", -1, HOUR).await?, i64::MAX - 1)?;
    fails(cache.incr("n", 2, HOUR).await, ErrorKind::Invalid)?;
    equal(cache.get("n").await?, Some((i64::MAX - 1).to_string().into_bytes()))?;
    equal(cache.incr("m", i64::MIN, HOUR).await?, i64::MIN)?;
    fails(cache.incr("m", -1, HOUR).await, ErrorKind::Invalid)?;
    equal(cache.map_incr("h", "f", i64::MAX, HOUR).await?, i64::MAX)?;
    fails(cache.map_incr("h", "f", 1, HOUR).await, ErrorKind::Invalid)?;
    equal(cache.map_incr("h", "f", 0, HOUR).await?, i64::MAX)
}

async fn what_is_no_number_is_refused_and_stays(bench: Bench) -> Checked {
    let cache = bench.open()?;
    for text in ["", "x", "1.5", " 1", "9223372036854775808"] {
        cache.put("k", text, HOUR).await?;
        fails(cache.incr("k", 1, HOUR).await, ErrorKind::Invalid)?;
        fails(cache.set_max("k", 1, HOUR).await, ErrorKind::Invalid)?;
        equal(cache.get("k").await?, Some(text.as_bytes().to_vec()))?;
    }
    cache.map_put("m", [("f", "x")], HOUR).await?;
    fails(cache.incr("m", 1, HOUR).await, ErrorKind::Invalid)?;
    fails(cache.set_max("m", 1, HOUR).await, ErrorKind::Invalid)?;
    fails(cache.map_incr("m", "f", 1, HOUR).await, ErrorKind::Invalid)?;
    equal(cache.map_get("m", "f").await?, Some(b"x".to_vec()))
}

async fn a_number_keeps_its_time(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.incr("n", 1, HOUR).await?;
    cache.incr("n", 1, HOUR * 10).await?;
    within_the_hour(cache.life("n").await?)?;
    cache.incr("n", 1, None).await?;
    within_the_hour(cache.life("n").await?)?;
    cache.map_incr("m", "f", 1, HOUR).await?;
    cache.map_incr("m", "g", 1, HOUR * 10).await?;
    within_the_hour(cache.life("m").await?)
}

#[track_caller]
fn within_the_hour(life: Option<Life>) -> Checked {
    let so = matches!(life, Some(Life::For(left)) if left <= HOUR && left > HOUR / 2);
    holds_that(so, || format!("it lives for {life:?}"))
}

async fn the_greatest_number_stays(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    equal(a.set_max("n", -5, HOUR).await?, -5)?;
    equal(b.set_max("n", -9, None).await?, -5)?;
    within_the_hour(a.life("n").await?)?;
    equal(b.set_max("n", 3, None).await?, 3)?;
    equal(a.life("n").await?, Some(Life::Endless))?;
    equal(a.set_max("n", 3, HOUR).await?, 3)?;
    equal(a.life("n").await?, Some(Life::Endless))?;
    // Where fractions would be the same.
    for (number, expected) in [
        (i64::MAX - 2, i64::MAX - 2),
        (i64::MAX - 3, i64::MAX - 2),
        (i64::MAX - 1, i64::MAX - 1),
        (i64::MIN, i64::MAX - 1),
    ] {
        equal(a.set_max("n", number, None).await?, expected)?;
    }
    equal(a.set_max("m", i64::MIN, None).await?, i64::MIN)?;
    equal(a.set_max("m", i64::MIN + 1, None).await?, i64::MIN + 1)?;
    equal(a.set_max("m", -10, None).await?, -10)?;
    equal(a.set_max("m", -9, None).await?, -9)?;
    equal(a.get("m").await?, Some(b"-9".to_vec()))
}

async fn of_many_the_greatest_number_stays(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let done = at_once(40, |n| {
        let cache = caches[n as usize % 2].clone();
        async move { cache.set_max("n", n * 7 % 40, HOUR).await }
    })
    .await?;
    for (n, reply) in done.into_iter().enumerate() {
        let (reply, own) = (reply?, n as i64 * 7 % 40);
        holds_that(reply >= own, || format!("{own} was put, {reply} is there"))?;
    }
    equal(caches[0].get("n").await?, Some(b"39".to_vec()))
}
