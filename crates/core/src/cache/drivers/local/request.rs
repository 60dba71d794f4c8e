//! What is said between a process and the one that has the store.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cache::Rate;
use crate::cache::driver::{Item, Life, Stats};

/// Bytes that are text on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(|_| D::Error::custom("not bytes of a cache"))
    }
}

/// Names with bytes under them.
pub(super) fn packed(items: Vec<Item>) -> Vec<(String, Bytes)> {
    items.into_iter().map(|(name, value)| (name, Bytes(value))).collect()
}

/// A question to the store: a call of the [`CacheDriver`](crate::cache::CacheDriver).
#[allow(missing_docs)] // the fields are the parameters of the call
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Get { keys: Vec<String> },
    Put { items: Vec<(String, Bytes)>, ttl: Option<Duration> },
    PutAbsent { key: String, value: Bytes, ttl: Option<Duration> },
    Incr { key: String, field: Option<String>, by: i64, ttl: Option<Duration> },
    SetMax { key: String, number: i64, ttl: Option<Duration> },
    Del { keys: Vec<String> },
    Life { key: String },
    Keys { prefix: String, limit: usize },
    Clear { prefix: String },
    MapGet { key: String, fields: Vec<String> },
    MapAll { key: String },
    MapPut { key: String, fields: Vec<(String, Bytes)>, ttl: Option<Duration> },
    MapDel { key: String, fields: Vec<String> },
    Lock { name: String, owner: String, ttl: Duration },
    Renew { name: String, owner: String, ttl: Duration },
    Unlock { name: String, owner: String },
    Take { name: String, rate: Rate, tokens: u32 },
    Stats,
}

/// The answer of the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// The first values that were asked for, at least one: as many as a message holds.
    Values(Vec<Option<Bytes>>),
    /// A map.
    Map(BTreeMap<String, Bytes>),
    /// A number.
    Number(i64),
    /// How much it was.
    Count(u64),
    /// Whether it is so.
    Truth(bool),
    /// The number of a lock, if it was given.
    Token(Option<u64>),
    /// How long something lives, if it is there.
    Life(Option<Life>),
    /// Names.
    Names(Vec<String>),
    /// How long to wait.
    Wait(Duration),
    /// What the store says of itself.
    Stats(Stats),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_survives_the_way() {
        let request = Request::Put { items: vec![("a".into(), Bytes(vec![0, 255]))], ttl: None };
        let text = serde_json::to_value(&request).expect("is text");
        let back: Request = serde_json::from_value(text).expect("is a request");
        assert_eq!(format!("{back:?}"), format!("{request:?}"));
        let error = serde_json::from_str::<Bytes>("\"secret!\"").expect_err("no bytes").to_string();
        assert!(!error.contains("secret"), "{error}");
        let nested = serde_json::to_value(Reply::Life(Some(Life::Endless))).expect("is text");
        assert!(matches!(serde_json::from_value(nested), Ok(Reply::Life(Some(Life::Endless)))));
    }
}
