//! Values that the framework makes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use uuid::Uuid;

use crate::schema::Generate;
use crate::value::Value;

/// Whether every write sets the value anew.
pub(super) fn is_time(rule: &Generate) -> bool {
    matches!(rule, Generate::Now | Generate::Epoch | Generate::Clock)
}

/// Whether the value names the record: it is made once, and no update makes another.
pub(super) fn is_name(rule: &Generate) -> bool {
    matches!(rule, Generate::Uuid { .. } | Generate::ShortUuid { .. })
}

/// A new value.
pub(super) fn make(rule: &Generate) -> Value {
    match rule {
        Generate::Uuid { prefix } => Value::Text(format!("{prefix}{}", Uuid::new_v4().simple())),
        Generate::ShortUuid { prefix } => {
            Value::Text(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())))
        }
        Generate::Random { min, max } => Value::Int(rand::rng().random_range(*min.min(max)..=*min.max(max))),
        Generate::Now => Value::Int(nanos() / 1_000_000),
        Generate::Epoch => Value::Int(now_seconds()),
        Generate::Clock => Value::Int(clock()),
    }
}

/// Whether a given value may stay in place of a generated one.
pub(super) fn accepts(rule: &Generate, value: &Value) -> bool {
    match rule {
        Generate::Uuid { prefix } => {
            let digits = value.as_str().and_then(|t| t.strip_prefix(prefix.as_str()));
            digits.is_some_and(|d| d.len() == 32 && d.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        }
        Generate::ShortUuid { prefix } => {
            let text = value.as_str().and_then(|t| t.strip_prefix(prefix.as_str()));
            text.is_some_and(|t| t.len() == 22 && URL_SAFE_NO_PAD.decode(t).is_ok_and(|b| b.len() == 16))
        }
        _ => !value.is_null(),
    }
}

/// Seconds since 1970.
pub(in crate::db) fn now_seconds() -> i64 {
    nanos() / 1_000_000_000
}

/// Nanoseconds since 1970; a 64-bit integer holds them until the year 2262.
fn nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds that are never the same twice in this process, also when the system clock is set back.
fn clock() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = nanos();
    let next = |last: i64| now.max(last.saturating_add(1));
    match LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))) {
        Ok(last) | Err(last) => next(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_accepted() {
        for rule in [Generate::Uuid { prefix: "u_".into() }, Generate::ShortUuid { prefix: String::new() }] {
            let made = make(&rule);
            assert!(accepts(&rule, &made), "{made:?}");
            assert!(!accepts(&rule, &"a1".into()));
            assert!(!accepts(&rule, &Value::Null));
        }
    }

    #[test]
    fn random_values_stay_within_their_bounds() {
        for _ in 0..1000 {
            assert!(matches!(make(&Generate::Random { min: 5, max: 9 }), Value::Int(5..=9)));
        }
    }

    #[test]
    fn the_clock_strictly_increases() {
        let mut last = 0;
        for _ in 0..10_000 {
            let now = clock();
            assert!(now > last);
            last = now;
        }
    }
}
