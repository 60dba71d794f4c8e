//! Events of an account: what happened to it, told to its clients that listen.

use std::time::Duration;

use bkjs_core::value::{Row, Value};

use crate::context::now_ms;
use crate::state::Api;

/// How long the teller of an event is kept waiting by a server of events that does not answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The channel of the events of an account.
pub fn account_channel(id: &str) -> String {
    format!("account:{id}")
}

impl Api {
    /// Tells the clients of an account, wherever they are connected, that a request to `path` did something to it.
    ///
    /// The event is a JSON object with `path`, `mtime` (milliseconds since 1970) and what `more` holds. Who does not
    /// listen at this moment misses it, and so does everybody when the server of events is away: what must not be
    /// missed is in the database as well. That it was not sent is logged, and fails nothing.
    pub async fn tell_account(&self, id: &str, path: &str, more: Row) {
        let mut event = Row::new().with("path", path).with("mtime", now_ms());
        for (name, value) in more {
            event.set(name, value);
        }
        let channel = account_channel(id);
        let event = Value::Map(event);
        let failure = match tokio::time::timeout(PATIENCE, self.pubsub().publish_json(&channel, &event)).await
        {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.log_text(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(account = id, path, error = failure, "an event was not sent");
    }
}
