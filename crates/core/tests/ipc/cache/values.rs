//! Values: what is put, by whom it is found, and when it is gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bkjs_core::cache::{Life, MAX_VALUE};
use bkjs_core::{Error, ErrorKind};

use super::{Bench, Caches};
use crate::check::{Checked, at_once, equal, fails, holds_that, until};
use crate::trial::trials;

trials![Caches:
    a_value_is_found_by_whoever_shares_the_cache,
    any_bytes_are_a_value,
    a_value_takes_the_place_of_another,
    what_is_not_there_is_not_found,
    many_values_are_put_and_found_in_the_order_of_their_keys,
    large_values_are_put_and_found_together,
    of_many_who_put_where_nothing_is_one_does,
    what_is_removed_is_gone_and_counted,
    a_value_is_gone_after_its_time,
    a_value_without_a_time_stays,
    a_value_that_is_put_again_has_the_new_time,
    values_are_json_when_asked,
    a_value_is_made_when_it_is_not_there,
    what_fails_to_be_made_is_not_kept,
    a_time_that_is_none_is_refused,
    the_cache_says_how_much_it_holds,
];

const HOUR: Duration = Duration::from_secs(3600);

async fn a_value_is_found_by_whoever_shares_the_cache(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    a.put("k", "v", HOUR).await?;
    equal(b.get("k").await?, Some(b"v".to_vec()))?;
    b.put("k", "w", HOUR).await?;
    equal(a.get("k").await?, Some(b"w".to_vec()))
}

async fn any_bytes_are_a_value(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let all: Vec<u8> = (0..=255).collect();
    for value in
        [all, Vec::new(), b"\r\nEND\r\n".to_vec(), b"0".to_vec(), b" 7 ".to_vec(), vec![0; MAX_VALUE]]
    {
        cache.put("k", value.clone(), HOUR).await?;
        holds_that(cache.get("k").await? == Some(value), || "another value came back")?;
    }
    let large = fails(cache.put("k", vec![0; MAX_VALUE + 1], HOUR).await, ErrorKind::TooLarge)?;
    holds_that(large.message().contains("value of k"), || large.message().to_owned())?;
    equal(cache.get("k").await?.map(|value| value.len()), Some(MAX_VALUE))
}

async fn a_value_takes_the_place_of_another(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("k", "a long value", HOUR).await?;
    cache.put("k", "v", HOUR).await?;
    equal(cache.get("k").await?, Some(b"v".to_vec()))?;
    cache.map_put("m", [("f", "1")], HOUR).await?;
    cache.put("m", "v", HOUR).await?;
    equal(cache.get("m").await?, Some(b"v".to_vec()))
}

async fn what_is_not_there_is_not_found(bench: Bench) -> Checked {
    let cache = bench.open()?;
    equal(cache.get("k").await?, None)?;
    equal(cache.get_many(["k", "l"]).await?, vec![None, None])?;
    equal(cache.get_many::<&str>([]).await?, Vec::new())?;
    equal(cache.life("k").await?, None)?;
    equal(cache.del("k").await?, false)?;
    // A map is no value.
    cache.map_put("m", [("f", "1")], HOUR).await?;
    equal(cache.get("m").await?, None)
}

async fn many_values_are_put_and_found_in_the_order_of_their_keys(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let keys: Vec<String> = (0..300).map(|n| format!("k{n}")).collect();
    cache.put_many(keys.iter().map(|key| (key, key.as_str())), HOUR).await?;
    cache.put_many::<&str, &str>([], HOUR).await?;
    let asked: Vec<&str> = keys.iter().rev().map(String::as_str).chain(["no", "k7", "k7"]).collect();
    let found = cache.get_many(&asked).await?;
    let expected: Vec<Option<Vec<u8>>> =
        asked.iter().map(|key| (*key != "no").then(|| key.as_bytes().to_vec())).collect();
    equal(found, expected)?;
    equal(cache.del_many(&keys[..200]).await?, 200)?;
    equal(cache.get_many(["k0", "k199", "k200"]).await?, vec![None, None, Some(b"k200".to_vec())])
}

async fn large_values_are_put_and_found_together(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let values: Vec<(String, Vec<u8>)> =
        (0..5_u8).map(|n| (format!("k{n}"), vec![n; MAX_VALUE / 2 + usize::from(n)])).collect();
    cache.put_many(values.clone(), HOUR).await?;
    let found = cache.get_many(values.iter().map(|(key, _)| key)).await?;
    holds_that(
        found.into_iter().flatten().eq(values.into_iter().map(|(_, value)| value)),
        || "other values came back",
    )
}

async fn of_many_who_put_where_nothing_is_one_does(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let done = at_once(20, |n| {
        let cache = caches[n as usize % 2].clone();
        async move { cache.put_absent("k", n.to_string(), HOUR).await }
    })
    .await?;
    let winners: Vec<usize> =
        done.into_iter().enumerate().filter_map(|(n, done)| matches!(done, Ok(true)).then_some(n)).collect();
    equal(winners.len(), 1)?;
    equal(caches[0].get("k").await?, Some(winners[0].to_string().into_bytes()))?;
    caches[0].del("k").await?;
    equal(caches[1].put_absent("k", "again", HOUR).await?, true)?;
    // A map is in the way too.
    caches[0].map_put("m", [("f", "1")], HOUR).await?;
    equal(caches[1].put_absent("m", "v", HOUR).await?, false)
}

async fn what_is_removed_is_gone_and_counted(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    a.put_many([("k", "v"), ("l", "w")], HOUR).await?;
    a.map_put("m", [("f", "1")], HOUR).await?;
    equal(b.del("k").await?, true)?;
    equal(a.get("k").await?, None)?;
    equal(b.del_many(["k", "l", "m"]).await?, 2)?;
    equal(a.map_all("m").await?, BTreeMap::new())?;
    equal(a.del_many::<&str>([]).await?, 0)
}

async fn a_value_is_gone_after_its_time(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let short = Duration::from_millis(20);
    cache.put_many([("a", "1"), ("b", "2")], short).await?;
    cache.put_absent("c", "3", short).await?;
    cache.incr("d", 1, short).await?;
    cache.map_put("e", [("f", "v")], short).await?;
    cache.set_max("g", 1, short).await?;
    cache.map_incr("h", "f", 1, short).await?;
    for key in ["a", "b", "c", "d", "e", "g", "h"] {
        until("it is gone", async || Ok(cache.life(key).await?.is_none())).await?;
        equal(cache.get(key).await?, None)?;
    }
    equal(cache.map_all("e").await?, BTreeMap::new())?;
    equal(cache.put_absent("c", "3", short).await?, true)
}

async fn a_value_without_a_time_stays(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("k", "v", None).await?;
    equal(cache.life("k").await?, Some(Life::Endless))?;
    cache.incr("n", 1, None).await?;
    equal(cache.life("n").await?, Some(Life::Endless))?;
    // Beyond the thirty days that a product may take for a date.
    let year = Duration::from_secs(365 * 86_400);
    cache.put("k", "v", year).await?;
    match cache.life("k").await? {
        // A product that counts whole seconds may be one ahead.
        Some(Life::For(left)) => {
            let most = year + Duration::from_secs(1);
            holds_that(left <= most && left > year / 2, || format!("{left:?} are left"))
        }
        other => equal(other, Some(Life::For(year))),
    }
}

async fn a_value_that_is_put_again_has_the_new_time(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("k", "v", HOUR).await?;
    cache.put("k", "v", None).await?;
    equal(cache.life("k").await?, Some(Life::Endless))?;
    cache.put("k", "v", HOUR).await?;
    match cache.life("k").await? {
        Some(Life::For(left)) => holds_that(left <= HOUR && left > HOUR / 2, || format!("{left:?} are left")),
        other => equal(other, Some(Life::For(HOUR))),
    }
}

async fn values_are_json_when_asked(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let value = vec![Some("hidden".to_owned()), None];
    cache.put_json("k", &value, HOUR).await?;
    equal(cache.get_json::<Vec<Option<String>>>("k").await?, Some(value))?;
    equal(cache.get("k").await?, Some(b"[\"hidden\",null]".to_vec()))?;
    equal(cache.get_json::<i64>("no").await?, None)?;
    let error = fails(cache.get_json::<i64>("k").await, ErrorKind::Invalid)?;
    holds_that(!error.log_text().contains("hidden"), || error.log_text())?;
    cache.incr("n", 5, HOUR).await?;
    equal(cache.get_json::<i64>("n").await?, Some(5))
}

async fn a_value_is_made_when_it_is_not_there(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let made = AtomicU32::new(0);
    let make = || async { Ok(made.fetch_add(1, Ordering::Relaxed) + 1) };
    equal(a.get_or_put("k", HOUR, make).await?, 1)?;
    equal(b.get_or_put("k", HOUR, make).await?, 1)?;
    // What another version has put.
    a.put("k", "{}", HOUR).await?;
    equal(b.get_or_put("k", HOUR, make).await?, 2)?;
    equal(a.get_or_put("k", HOUR, make).await?, 2)
}

async fn what_fails_to_be_made_is_not_kept(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let fail = || async { Err::<u32, _>(Error::not_found("nothing")) };
    fails(cache.get_or_put("k", HOUR, fail).await, ErrorKind::NotFound)?;
    equal(cache.get_or_put("k", HOUR, || async { Ok(1_u32) }).await?, 1)
}

async fn a_time_that_is_none_is_refused(bench: Bench) -> Checked {
    let cache = bench.open()?;
    for ttl in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
        fails(cache.put("k", "v", ttl).await, ErrorKind::Invalid)?;
        fails(cache.incr("k", 1, ttl).await, ErrorKind::Invalid)?;
        fails(cache.lock("k", ttl).await, ErrorKind::Invalid)?;
    }
    equal(cache.get("k").await?, None)
}

async fn the_cache_says_how_much_it_holds(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("k", "v", HOUR).await?;
    cache.get("k").await?;
    let stats = cache.stats().await?;
    holds_that(stats.entries >= Some(1) && stats.bytes >= Some(1) && stats.hits >= Some(1), || {
        format!("{stats:?}")
    })
}
