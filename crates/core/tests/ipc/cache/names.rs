//! Names: what can be one, and finding what is there by them.

use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::{MAX_KEY, Rate};

use super::{Bench, Caches};
use crate::check::{Checked, equal, fails, holds_that};
use crate::trial::trials;

trials![Caches:
    any_visible_text_is_a_name,
    what_cannot_be_a_name_is_refused_the_same_everywhere,
    names_are_told_apart_by_every_letter,
    what_is_there_is_listed_by_the_beginning_of_its_name if keys,
    what_begins_with_a_text_is_removed if keys,
    values_locks_and_limits_of_one_name_are_different_things,
];

const HOUR: Duration = Duration::from_secs(3600);

async fn any_visible_text_is_a_name(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let long = "ä".repeat(MAX_KEY / 2);
    let names =
        ["a", "A:b|c/d?e=f&g#h%20", "größe", "*", "a*", "[a]", "\\", "\"'", "{x}", "日本", "~", &long];
    for name in names {
        cache.put(name, name, HOUR).await?;
        cache.map_put(&format!("m{}", &name[..name.floor_char_boundary(100)]), [(name, name)], HOUR).await?;
    }
    for name in names {
        equal(cache.get(name).await?, Some(name.as_bytes().to_vec()))?;
        let map = format!("m{}", &name[..name.floor_char_boundary(100)]);
        equal(cache.map_get(&map, name).await?, Some(name.as_bytes().to_vec()))?;
    }
    equal(cache.get_many(names).await?.into_iter().flatten().count(), names.len())
}

async fn what_cannot_be_a_name_is_refused_the_same_everywhere(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let rate = Rate { burst: 1.0, rate: 1.0, interval: HOUR };
    let long = "x".repeat(MAX_KEY + 1);
    for name in ["", " ", "a b", "a\r\nset b 0 0 1", "\0", "\u{7f}", "\u{2003}", &long] {
        let error = fails(cache.get(name).await, ErrorKind::Invalid)?;
        holds_that(error.message().starts_with("key "), || error.message().to_owned())?;
        fails(cache.get_many(["a", name]).await, ErrorKind::Invalid)?;
        fails(cache.put(name, "v", None).await, ErrorKind::Invalid)?;
        fails(cache.put_many([("a", "v"), (name, "v")], None).await, ErrorKind::Invalid)?;
        fails(cache.put_absent(name, "v", None).await, ErrorKind::Invalid)?;
        fails(cache.incr(name, 1, None).await, ErrorKind::Invalid)?;
        fails(cache.set_max(name, 1, None).await, ErrorKind::Invalid)?;
        fails(cache.del(name).await, ErrorKind::Invalid)?;
        fails(cache.life(name).await, ErrorKind::Invalid)?;
        fails(cache.map_put(name, [("f", "v")], None).await, ErrorKind::Invalid)?;
        fails(cache.map_put("m", [(name, "v")], None).await, ErrorKind::Invalid)?;
        fails(cache.map_get("m", name).await, ErrorKind::Invalid)?;
        fails(cache.map_incr("m", name, 1, None).await, ErrorKind::Invalid)?;
        fails(cache.map_del("m", [name]).await, ErrorKind::Invalid)?;
        fails(cache.map_all(name).await, ErrorKind::Invalid)?;
        let error = fails(cache.lock(name, HOUR).await, ErrorKind::Invalid)?;
        holds_that(error.message().starts_with("lock "), || error.message().to_owned())?;
        fails(cache.take(name, rate, 1).await, ErrorKind::Invalid)?;
    }
    equal(cache.get("a").await?, None)
}

async fn names_are_told_apart_by_every_letter(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let long = "x".repeat(MAX_KEY - 1);
    let names = ["a", "A", "a:", "ä", "a\u{308}", &format!("{long}1"), &format!("{long}2")];
    for name in names {
        cache.put(name, name, HOUR).await?;
    }
    for name in names {
        equal(cache.get(name).await?, Some(name.as_bytes().to_vec()))?;
    }
    Ok(())
}

async fn what_is_there_is_listed_by_the_beginning_of_its_name(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    equal(b.keys("").await?, Vec::new())?;
    a.put_many([("u:2", "v"), ("u:1", "v"), ("u*", "v"), ("v:1", "v"), ("größe", "v")], HOUR).await?;
    a.map_put("u:m", [("f", "v")], HOUR).await?;
    equal(b.keys("u:").await?, ["u:1", "u:2", "u:m"].map(str::to_owned).to_vec())?;
    equal(b.keys("u*").await?, vec!["u*".to_owned()])?;
    equal(b.keys("[uv]").await?, Vec::new())?;
    equal(b.keys("grö").await?, vec!["größe".to_owned()])?;
    equal(b.keys("").await?.len(), 6)?;
    // Locks and limits are not among them.
    let lock = a.lock("u:l", HOUR).await?;
    a.take("u:r", Rate { burst: 2.0, rate: 1.0, interval: HOUR }, 1).await?;
    equal(b.keys("").await?.len(), 6)?;
    drop(lock);
    Ok(())
}

async fn what_begins_with_a_text_is_removed(bench: Bench) -> Checked {
    let (a, b) = (bench.open()?, bench.open()?);
    let many = (0..1500).map(|n| (format!("u:{n}"), "v"));
    a.put_many(many, HOUR).await?;
    a.put_many([("v:1", "v"), ("u", "v")], HOUR).await?;
    equal(b.clear("u:").await?, 1500)?;
    equal(a.keys("").await?, ["u", "v:1"].map(str::to_owned).to_vec())?;
    let lock = a.lock("l", HOUR).await?;
    equal(b.clear("").await?, 2)?;
    equal(a.keys("").await?, Vec::new())?;
    holds_that(b.lock("l", HOUR).await?.is_none(), || "the lock was removed")?;
    drop(lock);
    Ok(())
}

async fn values_locks_and_limits_of_one_name_are_different_things(bench: Bench) -> Checked {
    let cache = bench.open()?;
    let rate = Rate { burst: 2.0, rate: 1.0, interval: HOUR };
    let lock = cache.lock("k", HOUR).await?;
    holds_that(cache.take("k", rate, 1).await?.is_zero(), || "nothing was taken")?;
    equal(cache.get("k").await?, None)?;
    cache.put("k", "v", HOUR).await?;
    holds_that(cache.take("k", rate, 1).await?.is_zero(), || "nothing was taken")?;
    equal(cache.del("k").await?, true)?;
    holds_that(cache.lock("k", HOUR).await?.is_none(), || "the lock is gone")?;
    drop(lock);
    holds_that(!cache.take("k", rate, 1).await?.is_zero(), || "the bucket is full again")
}
