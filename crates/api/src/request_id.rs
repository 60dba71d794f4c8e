//! The id of a request: what log lines, replies and other servers have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use http::HeaderMap;

/// The longest id that is taken from a caller.
const MAX_LENGTH: usize = 64;

/// Random for each process, so that ids of different processes differ.
static PREFIX: LazyLock<u32> = LazyLock::new(rand::random);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The caller's id, when it is one that logs and headers can carry; else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> Arc<str> {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    match given.filter(|id| is_clean(id)) {
        Some(id) => id.into(),
        None => format!("{:08x}-{:x}", *PREFIX, NEXT.fetch_add(1, Ordering::Relaxed)).into(),
    }
}

fn is_clean(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_id_is_kept_and_any_other_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "abc-1".parse().expect("value"));
        assert_eq!(&*request_id(&headers), "abc-1");
        headers.insert("x-request-id", "a b\tc".parse().expect("value"));
        assert_ne!(request_id(&headers), request_id(&headers));
    }
}
