//! What travels with the body of a message through products that keep only texts beside it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::queue::{Delivery, Message, Receipt, Unique};

/// All of a message but its body. Times are milliseconds since 1970, by the clocks of the hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) id: String,
    /// How often it may be tried.
    pub(super) attempts: u32,
    /// How often it was tried before this copy of it was made.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) base: u32,
    /// Not before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) due: Option<i64>,
    /// Not after.
    #[serde(default, skip_serializing_if = "is_default")]
    expires: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    ttl: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    keep: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Envelope {
    /// That of a new message.
    pub(super) fn of(message: &Message, now: i64) -> Self {
        let key = message.unique.as_ref();
        Self {
            id: message.id.clone(),
            attempts: message.attempts.unwrap_or(1),
            base: 0,
            due: (!message.delay.is_zero()).then(|| after(now, message.delay)),
            expires: message.expires.map(|time| after(now, time)),
            key: key.map(|unique| unique.key.clone()),
            ttl: key
                .and_then(|unique| unique.ttl)
                .map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
            keep: key.is_some_and(|unique| unique.keep),
        }
    }

    /// That of a message which another program has put without one.
    pub(super) fn foreign(id: String, attempts: u32) -> Self {
        Self { id, attempts, base: 0, due: None, expires: None, key: None, ttl: None, keep: false }
    }

    /// What [`text`](Self::text) gave.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As it travels.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// That of a copy that was tried so often and rests for a while.
    pub(super) fn again(&self, tried: u32, now: i64, pause: Duration) -> Self {
        let due = (!pause.is_zero()).then(|| after(now, pause));
        Self { base: tried, due, ..self.clone() }
    }

    /// For how long the message must still rest.
    pub(super) fn early(&self, now: i64) -> Option<Duration> {
        let left = u64::try_from(self.due?.saturating_sub(now)).ok().filter(|left| *left > 0)?;
        Some(Duration::from_millis(left))
    }

    /// The message as it is handed out, when this copy was handed out `times` times.
    pub(super) fn delivery(&self, token: String, body: String, times: u32, now: i64) -> Delivery {
        let key = self.key.as_ref().map(|key| Unique {
            key: key.clone(),
            ttl: self.ttl.map(Duration::from_millis),
            keep: self.keep,
        });
        Delivery {
            receipt: Receipt { id: self.id.clone(), token },
            body,
            attempt: self.base.saturating_add(times),
            attempts: self.attempts,
            key,
            expired: self.expires.is_some_and(|time| time <= now),
            cancelled: false,
        }
    }
}

fn after(now: i64, time: Duration) -> i64 {
    now.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// The time of this host.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_travels_as_a_text() {
        let message = Message::new("x").attempts(3).delay(Duration::from_secs(2));
        let message = message.unique(Unique::within("k\u{1}ü", Duration::from_secs(9)));
        let envelope = Envelope::of(&message, 1000);
        assert_eq!(Envelope::parse(&envelope.text()), Some(envelope.clone()));
        assert_eq!((envelope.early(1500), envelope.early(3000)), (Some(Duration::from_millis(1500)), None));
        let delivery = envelope.delivery("t".into(), "x".into(), 1, 3000);
        assert_eq!((delivery.attempt, delivery.attempts, delivery.expired), (1, 3, false));
        assert_eq!(delivery.key, message.unique);
    }

    #[test]
    fn a_copy_knows_how_often_the_message_was_tried() {
        let envelope = Envelope::of(&Message::new("x").expires(Duration::from_secs(1)), 0);
        let copy = envelope.again(2, 0, Duration::from_secs(5));
        assert_eq!((copy.due, envelope.again(2, 0, Duration::ZERO).due), (Some(5000), None));
        let delivery = copy.delivery(String::new(), String::new(), 1, 5000);
        assert_eq!((delivery.attempt, delivery.expired), (3, true));
        assert_eq!(Envelope::parse("{}"), None);
    }
}
