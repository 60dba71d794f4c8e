//! Maps.

use std::collections::BTreeMap;
use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::{Life, MAX_VALUE};

use super::{Bench, Caches};
use crate::check::{Checked, at_once, equal, fails, holds_that};
use crate::trial::trials;

trials![Caches:
    fields_are_put_and_found_by_whoever_shares_the_cache,
    fields_that_are_not_named_stay,
    a_map_goes_with_its_last_field,
    a_map_has_one_time,
    no_field_of_many_writers_is_lost,
    what_holds_a_value_is_no_map,
    a_map_of_the_greatest_size_is_kept_whole,
];

const HOUR: Duration = Duration::from_secs(3600);

fn map<const N: usize>(fields: [(&str, &str); N]) -> BTreeMap<String, Vec<u8>> {
    fields.into_iter().map(|(field, value)| (field.to_owned(), value.as_bytes().to_vec())).collect()
}

async fn fields_are_put_and_found_by_whoever_shares_the_cache(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    a.map_put("m", [("f", "1"), ("g", "")], HOUR).await?;
    equal(b.map_get("m", "f").await?, Some(b"1".to_vec()))?;
    equal(b.map_get("m", "no").await?, None)?;
    equal(b.map_get("no", "f").await?, None)?;
    let some = b.map_get_many("m", ["g", "no", "f"]).await?;
    equal(some, vec![Some(Vec::new()), None, Some(b"1".to_vec())])?;
    equal(b.map_get_many::<&str>("m", []).await?, Vec::new())?;
    equal(b.map_all("m").await?, map([("f", "1"), ("g", "")]))?;
    equal(b.map_all("no").await?, BTreeMap::new())?;
    a.map_put::<&str, &str>("m", [], HOUR).await?;
    equal(a.map_incr("m", "n", 3, None).await?, 3)?;
    equal(b.map_get("m", "n").await?, Some(b"3".to_vec()))
}

async fn fields_that_are_not_named_stay(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.map_put("m", [("f", "1"), ("g", "2")], None).await?;
    cache.map_put("m", [("g", "3"), ("h", "4")], None).await?;
    equal(cache.map_all("m").await?, map([("f", "1"), ("g", "3"), ("h", "4")]))
}

async fn a_map_goes_with_its_last_field(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.map_put("m", [("f", "1"), ("g", "2"), ("h", "3")], None).await?;
    equal(cache.map_del("m", ["f", "no"]).await?, 1)?;
    equal(cache.map_all("m").await?, map([("g", "2"), ("h", "3")]))?;
    equal(cache.map_del("m", ["g", "h"]).await?, 2)?;
    equal(cache.life("m").await?, None)?;
    equal(cache.map_del("m", ["g"]).await?, 0)?;
    equal(cache.life("m").await?, None)?;
    equal(cache.put_absent("m", "v", None).await?, true)
}

async fn a_map_has_one_time(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.map_put("m", [("f", "1")], HOUR).await?;
    cache.map_put("m", [("g", "1")], None).await?;
    let life = cache.life("m").await?;
    holds_that(matches!(life, Some(Life::For(left)) if left <= HOUR), || format!("it lives for {life:?}"))?;
    cache.map_put("m", [("g", "1")], HOUR * 10).await?;
    let life = cache.life("m").await?;
    holds_that(matches!(life, Some(Life::For(left)) if left > HOUR), || format!("it lives for {life:?}"))?;
    cache.map_del("m", ["f"]).await?;
    let life = cache.life("m").await?;
    holds_that(matches!(life, Some(Life::For(left)) if left > HOUR), || format!("it lives for {life:?}"))
}

async fn no_field_of_many_writers_is_lost(bench: Bench) -> Checked {
    let caches = [bench.open()?, bench.open()?];
    let done = at_once(20, |n| {
        let cache = caches[n as usize % 2].clone();
        async move { cache.map_put("m", [(n.to_string(), "v")], HOUR).await }
    })
    .await?;
    done.into_iter().collect::<bkjs_core::Result<Vec<()>>>()?;
    equal(caches[0].map_all("m").await?.len(), 20)
}

async fn what_holds_a_value_is_no_map(bench: Bench) -> Checked {
    let cache = bench.open()?;
    cache.put("k", "v", HOUR).await?;
    fails(cache.map_get("k", "f").await, ErrorKind::Invalid)?;
    fails(cache.map_all("k").await, ErrorKind::Invalid)?;
    fails(cache.map_put("k", [("f", "v")], None).await, ErrorKind::Invalid)?;
    fails(cache.map_incr("k", "f", 1, None).await, ErrorKind::Invalid)?;
    fails(cache.map_del("k", ["f"]).await, ErrorKind::Invalid)?;
    equal(cache.get("k").await?, Some(b"v".to_vec()))
}

async fn a_map_of_the_greatest_size_is_kept_whole(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let part = MAX_VALUE / 4 - 1;
    let fields = ["a", "b", "c", "d"].map(|name| (name, name.repeat(part)));
    cache.map_put("m", fields.clone(), HOUR).await?;
    let expected: BTreeMap<String, Vec<u8>> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    holds_that(cache.map_all("m").await? == expected, || "another map came back")?;
    fails(cache.map_put("m", [("e", vec![0; MAX_VALUE + 1])], None).await, ErrorKind::TooLarge)?;
    holds_that(cache.map_all("m").await? == expected, || "the map has changed")
}
