//! Messages as the service keeps them, and back.

use std::time::Duration;

use aws_sdk_sqs::types::{Message as Native, MessageAttributeValue, MessageSystemAttributeName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::queue::drivers::envelope::Envelope;
use crate::{Error, ErrorKind, Result};

/// The most bytes of a message with its attributes, and of all those of one call.
pub(super) const LIMIT: usize = 262_144;

/// The longest delay that the service knows.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The attribute with all of a message but its body.
pub(super) const ENVELOPE: &str = "bk";
/// The attribute that says that the body is in base64.
pub(super) const ENCODING: &str = "bk-encoding";
/// The attribute with the reason for which a message was given up.
const REASON: &str = "bk-error";

/// The type of all attributes.
const TEXT: &str = "String";

/// A message as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) body: String,
    attributes: Vec<(&'static str, String)>,
    /// Whole seconds.
    pub(super) delay: i32,
}

impl Outgoing {
    /// One that rests first if it is not due.
    ///
    /// # Errors
    /// `TooLarge` for more than the service takes.
    pub(super) fn new(body: &str, envelope: &Envelope, now: i64) -> Result<Self> {
        let delay = envelope.early(now).unwrap_or_default().min(LONGEST_DELAY);
        let mut attributes = vec![(ENVELOPE, escaped(&envelope.text()))];
        let body = match !body.is_empty() && body.chars().all(is_plain) {
            true => body.to_owned(),
            false => {
                attributes.push((ENCODING, "base64".to_owned()));
                // None may be empty.
                format!("={}", STANDARD.encode(body))
            }
        };
        let outgoing = Self { body, attributes, delay: seconds(delay) };
        match outgoing.size() {
            size if size > LIMIT => Err(Error::new(
                ErrorKind::TooLarge,
                format!("the message has {size} bytes as sqs keeps it, which takes {LIMIT} at most"),
            )),
            _ => Ok(outgoing),
        }
    }

    /// The same with the reason for which it was given up, as much of it as there is room for.
    pub(super) fn given_up(mut self, reason: &str) -> Self {
        let room = LIMIT.saturating_sub(self.size() + REASON.len() + TEXT.len());
        let mut text: String = reason.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        if !text.is_empty() {
            self.attributes.push((REASON, text));
        }
        self
    }

    /// The bytes that count.
    pub(super) fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + TEXT.len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }

    /// As the client library wants them.
    ///
    /// # Errors
    /// `Internal` if it does not.
    pub(super) fn attributes(&self) -> Result<Vec<(String, MessageAttributeValue)>> {
        let each = self.attributes.iter().map(|(name, value)| {
            let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build();
            let value = value.map_err(|e| Error::internal("sqs: an attribute without a type").source(e))?;
            Ok(((*name).to_owned(), value))
        });
        each.collect()
    }
}

/// What a taker needs to settle a message, or to copy it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) handle: String,
    pub(super) envelope: Envelope,
    pub(super) body: String,
    pub(super) attempt: u32,
}

impl Ticket {
    /// Out of a receipt's token.
    ///
    /// # Errors
    /// `Internal` for one of another queue.
    pub(super) fn of(token: &str) -> Result<Self> {
        serde_json::from_str(token).map_err(|e| Error::internal("sqs: a receipt of another queue").source(e))
    }

    /// As a token.
    pub(super) fn token(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message that came.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) ticket: Ticket,
    /// How often it was handed out, this time included.
    pub(super) times: u32,
    /// When this copy of it was sent.
    pub(super) sent: i64,
}

impl Incoming {
    /// One of the service's; `attempts` is for those that other programs have sent.
    pub(super) fn of(native: &Native, attempts: u32) -> Self {
        let attribute = |name: &str| native.message_attributes()?.get(name)?.string_value();
        let system = |name: MessageSystemAttributeName| native.attributes()?.get(&name)?.parse::<i64>().ok();
        let body = native.body().unwrap_or_default();
        let plain = || body.to_owned();
        let body = match attribute(ENCODING) {
            Some("base64") => {
                let bytes = STANDARD.decode(body.trim_start_matches('=')).ok();
                bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(plain)
            }
            _ => plain(),
        };
        let envelope = attribute(ENVELOPE).and_then(Envelope::parse);
        let id = || native.message_id().unwrap_or_default().to_owned();
        let envelope = envelope.unwrap_or_else(|| Envelope::foreign(id(), attempts));
        let times = system(MessageSystemAttributeName::ApproximateReceiveCount).unwrap_or(1);
        let times = u32::try_from(times).unwrap_or(u32::MAX).max(1);
        let attempt = envelope.base.saturating_add(times);
        let handle = native.receipt_handle().unwrap_or_default().to_owned();
        Self {
            ticket: Ticket { handle, envelope, body, attempt },
            times,
            sent: system(MessageSystemAttributeName::SentTimestamp).unwrap_or(i64::MAX),
        }
    }
}

/// Whole seconds that are not less.
pub(super) fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}

/// The characters that the service takes.
fn is_plain(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// JSON without the characters that the service does not take: the two at the end of the first plane.
fn escaped(json: &str) -> String {
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Message, Unique};

    fn sent(message: &Message) -> Outgoing {
        Outgoing::new(&message.body, &Envelope::of(message, 0), 0).expect("fits")
    }

    fn came(outgoing: &Outgoing) -> Incoming {
        let attributes = outgoing.attributes().expect("fits").into_iter().collect();
        let native = Native::builder()
            .body(&outgoing.body)
            .receipt_handle("h")
            .set_message_attributes(Some(attributes))
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "2")
            .build();
        Incoming::of(&native, 7)
    }

    #[test]
    fn every_body_and_key_travels() {
        for text in ["plain \u{1f600}\n", "", "\u{0}\u{1}", "\u{fffe}x"] {
            let message = Message::new(text).unique(Unique::queued(format!("k{text}"))).attempts(3);
            let outgoing = sent(&message);
            assert!(!outgoing.body.is_empty() && outgoing.body.chars().all(is_plain), "{outgoing:?}");
            assert!(outgoing.attributes.iter().all(|(_, value)| value.chars().all(is_plain)), "{outgoing:?}");
            let incoming = came(&outgoing);
            assert_eq!(
                (incoming.ticket.body.as_str(), incoming.times, incoming.ticket.attempt),
                (text, 2, 2)
            );
            let envelope = Ticket::of(&incoming.ticket.token()).expect("its own").envelope;
            assert_eq!(envelope, Envelope::of(&message, 0));
        }
    }

    #[test]
    fn a_message_of_another_program_is_taken_as_it_is() {
        let native = Native::builder().body("{}").message_id("m").build();
        let incoming = Incoming::of(&native, 7);
        assert_eq!((incoming.ticket.body.as_str(), incoming.ticket.envelope.attempts), ("{}", 7));
        assert_eq!(incoming.ticket.envelope.id, "m");
    }

    #[test]
    fn the_limit_is_named_and_reasons_are_cut_to_it() {
        let body = "\u{1}".repeat(200 * 1024);
        let envelope = Envelope::of(&Message::new(""), 0);
        let error = Outgoing::new(&body, &envelope, 0).expect_err("too large");
        assert!(error.kind() == ErrorKind::TooLarge && error.message().contains("262144"), "{error:?}");
        let full = Outgoing::new(&"x".repeat(LIMIT - 200), &envelope, 0).expect("fits");
        assert!(full.given_up(&"ü".repeat(1000)).size() <= LIMIT);
    }

    #[test]
    fn delays_are_whole_seconds_up_to_a_quarter_of_an_hour() {
        for (delay, expected) in [(0, 0), (1, 1), (1500, 2), (900_000, 900), (86_400_000, 900)] {
            let message = Message::new("x").delay(Duration::from_millis(delay));
            assert_eq!(sent(&message).delay, expected);
        }
    }
}
