//! A message as it travels: its headers, and what its taker keeps of it.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::{HeaderMap, HeaderName, HeaderValue};

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
    let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name));
    let text = |name: &str| header(name).map(|value| value.as_str().to_owned());
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
        if let Some(value) = header(name) {
            copy.insert(name, value.clone());
        }
    }
    set(&mut copy, "Bk-Base", &(attempt - 1).to_string())?;
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
///
/// # Errors
/// `Invalid` for a text that no header can have.
pub(super) fn headers(message: &Message) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let now = now();
    let after = |time: Duration| (now + time.as_millis() as i64).to_string();
    set(&mut headers, "Bk-Id", &message.id)?;
    // The server stores one of the same name once.
    set(&mut headers, "Nats-Msg-Id", &message.id)?;
    set(&mut headers, "Bk-Attempts", &message.attempts.unwrap_or(1).to_string())?;
    if !message.delay.is_zero() {
        set(&mut headers, "Bk-Due", &after(message.delay))?;
    }
    if let Some(time) = message.expires {
        set(&mut headers, "Bk-Expires", &after(time))?;
    }
    if let Some(unique) = &message.unique {
        set(&mut headers, "Bk-Key", &unique.key)?;
        if let Some(ttl) = unique.ttl {
            set(&mut headers, "Bk-Ttl", &ttl.as_millis().to_string())?;
        }
        if unique.keep {
            set(&mut headers, "Bk-Keep", "1")?;
        }
    }
    Ok(headers)
}

/// Sets a header; the library's own way panics for texts that no header can have.
///
/// # Errors
/// `Invalid`, with the name of the header.
pub(super) fn set(headers: &mut HeaderMap, name: &str, text: &str) -> Result<()> {
    let refused = || Error::invalid(format!("a message in nats has no line ends in {name:.40?}"));
    let name: HeaderName = name.parse().map_err(|e| refused().source(e))?;
    let value: HeaderValue = text.parse().map_err(|e| refused().source(e))?;
    headers.insert(name, value);
    Ok(())
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
        set(&mut headers, &name, &value)?;
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

    #[test]
    fn a_text_that_no_header_can_have_is_refused() {
        for key in ["a\nb", "a\rb", "\r\n"] {
            let refused = headers(&Message::new("x").unique(Unique::queued(key))).expect_err(key);
            assert!(refused.message().contains("Bk-Key"), "{refused}");
        }
        assert!(unpack(r#"[[["Bk-Id\n", "a"]], "x"]"#).is_err());
        assert!(unpack(r#"[[["Bk-Id", "a\n"]], "x"]"#).is_err());
    }
}
