//! A message as it travels: its headers, and what its taker keeps of it.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;

use crate::queue::{Delivery, Message, Receipt, Unique};
use crate::{Error, Result};

/// A message that was handed out.
pub(super) enum Seen {
    Due(Delivery),
    /// It rests for so much longer.
    Early(Duration),
}

/// What was handed out, as a taker gets it.
///
/// # Errors
/// `Internal` for what no queue of ours has put.
pub(super) fn delivery(message: &jetstream::Message) -> Result<Seen> {
    let info = message.info().map_err(|e| Error::internal("nats: no message of a stream").source(e))?;
    let text = |name: &str| message.headers.as_ref().and_then(|h| h.get(name)).map(|v| v.as_str().to_owned());
    let number = |name: &str| text(name).and_then(|text| text.parse::<i64>().ok());
    let now = now();
    let due = number("Bk-Due");
    if let Some(left) = due.and_then(|due| u64::try_from(due - now).ok()).filter(|left| *left > 0) {
        return Ok(Seen::Early(Duration::from_millis(left)));
    }
    // A delayed one was handed out before.
    let times = if due.is_some() { (info.delivered - 1).max(1) } else { info.delivered };
    let base = number("Bk-Base").unwrap_or(0);
    let attempt = base + times;
    let reply = message.reply.as_ref().map(ToString::to_string).unwrap_or_default();
    let body = String::from_utf8(message.payload.to_vec())
        .map_err(|e| Error::internal("nats: a message that is no text").source(e))?;
    let mut copy = HeaderMap::new();
    for name in ["Bk-Id", "Bk-Attempts", "Bk-Expires", "Bk-Key", "Bk-Ttl", "Bk-Keep"] {
        if let Some(text) = text(name) {
            copy.insert(name, text.as_str());
        }
    }
    copy.insert("Bk-Base", (attempt - 1).to_string().as_str());
    let key = text("Bk-Key").map(|key| Unique {
        key,
        ttl: number("Bk-Ttl").and_then(|ttl| u64::try_from(ttl).ok()).map(Duration::from_millis),
        keep: text("Bk-Keep").is_some(),
    });
    Ok(Seen::Due(Delivery {
        receipt: Receipt { id: text("Bk-Id").unwrap_or_default(), token: pack(&reply, &copy, &body) },
        attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        attempts: number("Bk-Attempts").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        key,
        expired: number("Bk-Expires").is_some_and(|time| time <= now),
        cancelled: false,
        body,
    }))
}

/// What is sent with a new message.
pub(super) fn headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let now = now();
    let after = |time: Duration| (now + time.as_millis() as i64).to_string();
    headers.insert("Bk-Id", message.id.as_str());
    // The server stores one of the same name once.
    headers.insert("Nats-Msg-Id", message.id.as_str());
    headers.insert("Bk-Attempts", message.attempts.unwrap_or(1).to_string().as_str());
    if !message.delay.is_zero() {
        headers.insert("Bk-Due", after(message.delay).as_str());
    }
    if let Some(time) = message.expires {
        headers.insert("Bk-Expires", after(time).as_str());
    }
    if let Some(unique) = &message.unique {
        headers.insert("Bk-Key", unique.key.as_str());
        if let Some(ttl) = unique.ttl {
            headers.insert("Bk-Ttl", ttl.as_millis().to_string().as_str());
        }
        if unique.keep {
            headers.insert("Bk-Keep", "1");
        }
    }
    headers
}

/// What a taker needs to copy a message, behind the subject to which its fate is told.
fn pack(reply: &str, headers: &HeaderMap, body: &str) -> String {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, values)| Some((name.to_string(), values.first()?.as_str().to_owned())))
        .collect();
    let kept = serde_json::to_string(&(headers, body)).unwrap_or_default();
    format!("{reply}\n{kept}")
}

/// The subject to which the fate is told, and what [`unpack`] takes.
pub(super) fn split(token: &str) -> (&str, &str) {
    token.split_once('\n').unwrap_or((token, ""))
}

/// Headers and body of a copy.
pub(super) fn unpack(kept: &str) -> Result<(HeaderMap, String)> {
    let kept: (Vec<(String, String)>, String) = serde_json::from_str(kept)
        .map_err(|e| Error::internal("nats: a receipt of another queue").source(e))?;
    let mut headers = HeaderMap::new();
    for (name, value) in kept.0 {
        headers.insert(name.as_str(), value.as_str());
    }
    Ok((headers, kept.1))
}

/// A text as a header can have it.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_what_its_taker_was_given() {
        let mut given = HeaderMap::new();
        given.insert("Bk-Id", "a");
        given.insert("Bk-Base", "2");
        let token = pack("$JS.ACK.x", &given, "the\nbody");
        let (subject, kept) = split(&token);
        let (headers, body) = unpack(kept).expect("is one");
        assert_eq!((subject, body.as_str()), ("$JS.ACK.x", "the\nbody"));
        assert_eq!(headers.get("Bk-Base").map(|value| value.as_str()), Some("2"));
        assert!(unpack("of another queue").is_err());
        assert_eq!(one_line("a\nb\u{1}c"), "a b c");
    }
}
