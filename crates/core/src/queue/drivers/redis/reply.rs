//! What the server says, as messages.

use std::collections::HashMap;

use crate::queue::{Info, State};

/// State, time, id, and fields with values.
pub(super) type Looked = (String, f64, String, HashMap<String, String>);

/// What is known of a message.
pub(super) fn info((state, score, id, mut fields): Looked) -> Option<Info> {
    let state = State::named(&state)?;
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<f64>().ok()).map(|n| n as i64);
    let count = |name: &str| u32::try_from(number(name).unwrap_or_default()).unwrap_or_default();
    let waits = matches!(state, State::Scheduled | State::Executing | State::Retryable);
    Some(Info {
        state,
        attempt: count("attempt"),
        attempts: count("attempts"),
        priority: u8::try_from(count("priority")).unwrap_or_default(),
        put: number("created").unwrap_or_default(),
        due: waits.then_some(score as i64),
        ended: number("ended"),
        error: fields.remove("error"),
        result: fields.remove("result"),
        body: fields.remove("body").unwrap_or_default(),
        id,
    })
}
