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
        None => new_id(*PREFIX, NEXT.fetch_add(1, Ordering::Relaxed)),
    }
}

/// Eight digits for the process, sixteen for the request: written by hand, for every request has one.
fn new_id(process: u32, number: u64) -> Arc<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 25];
    for (at, byte) in text.iter_mut().take(8).enumerate() {
        *byte = DIGITS[(process >> (28 - 4 * at)) as usize & 15];
    }
    for (at, byte) in text.iter_mut().skip(9).enumerate() {
        *byte = DIGITS[(number >> (60 - 4 * at)) as usize & 15];
    }
    // The digits are ASCII.
    std::str::from_utf8(&text).unwrap_or("0").into()
}

fn is_clean(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_tells_process_and_request() {
        assert_eq!(&*new_id(0xab, 0x1f), "000000ab-000000000000001f");
    }

    #[test]
    fn a_clean_id_is_kept_and_any_other_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "abc-1".parse().expect("value"));
        assert_eq!(&*request_id(&headers), "abc-1");
        headers.insert("x-request-id", "a b\tc".parse().expect("value"));
        assert_ne!(request_id(&headers), request_id(&headers));
    }
}
