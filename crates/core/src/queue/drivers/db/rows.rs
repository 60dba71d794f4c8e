//! Messages as records.

use super::now;
use crate::queue::{Delivery, Info, Message, Receipt, State};
use crate::value::{Row, Value};

/// What stands between the token of a message and its unique key in what its taker shows.
const KEY_FOLLOWS: char = '~';

/// One priority's share of the numbers that order messages: longer than milliseconds will be for 300 years.
const PLACES: i64 = 10_000_000_000_000;

/// The order of a message among those that are available.
fn place(priority: u8, due: i64) -> i64 {
    let before = i64::from(crate::queue::PRIORITIES.saturating_sub(priority));
    before * PLACES + due
}

/// A message that was never taken.
pub(super) fn new_row(queue: &str, message: Message) -> Row {
    let Message { id, body, priority, delay, expires, attempts, unique } = message;
    let now = now();
    let after = |time: std::time::Duration| {
        now.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2))
    };
    let waits = !delay.is_zero();
    let due = after(delay);
    let mut row = Row::new()
        .with("id", id)
        .with("queue", queue)
        .with("state", if waits { State::Scheduled } else { State::Available }.name())
        .with("place", place(priority, due))
        .with("attempt", 0)
        .with("attempts", i64::from(attempts.unwrap_or(1)))
        .with("priority", i64::from(priority))
        .with("body", body)
        .with("created", now);
    if waits {
        row.set("due", due);
    }
    if let Some(time) = expires {
        row.set("expires", after(time));
    }
    if let Some(unique) = unique {
        row.set("ukey", unique.key);
    }
    row
}

/// A message as it is handed out, to who has marked it with this token.
pub(super) fn delivery(mut row: Row, token: &str) -> Delivery {
    let token = match row.text("ukey") {
        "" => token.to_owned(),
        key => format!("{token}{KEY_FOLLOWS}{key}"),
    };
    Delivery {
        receipt: Receipt { id: text(&mut row, "id").unwrap_or_default(), token },
        attempt: count(&row, "attempt"),
        attempts: count(&row, "attempts"),
        key: None,
        expired: row.int("expires").is_some_and(|time| time <= now()),
        cancelled: is_cancelled(&row),
        body: text(&mut row, "body").unwrap_or_default(),
    }
}

/// Whether somebody wants it cancelled.
pub(super) fn is_cancelled(row: &Row) -> bool {
    row.get("cancel") == Some(&Value::Bool(true))
}

/// The token that the record has, and the unique key of the message.
pub(super) fn split_token(token: &str) -> (&str, Option<&str>) {
    match token.split_once(KEY_FOLLOWS) {
        Some((token, key)) => (token, Some(key)),
        None => (token, None),
    }
}

/// What is known of a message; nothing for a record of another program.
pub(super) fn info(mut row: Row) -> Option<Info> {
    let state = State::named(row.text("state"))?;
    Some(Info {
        state,
        attempt: count(&row, "attempt"),
        attempts: count(&row, "attempts"),
        priority: u8::try_from(row.int("priority").unwrap_or_default()).unwrap_or_default(),
        put: row.int("created").unwrap_or_default(),
        due: row.int("due"),
        ended: row.int("ended"),
        error: text(&mut row, "error").filter(|text| !text.is_empty()),
        result: text(&mut row, "result").filter(|text| !text.is_empty()),
        body: text(&mut row, "body").unwrap_or_default(),
        id: text(&mut row, "id")?,
    })
}

fn text(row: &mut Row, name: &str) -> Option<String> {
    match row.remove(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn count(row: &Row, name: &str) -> u32 {
    u32::try_from(row.int(name).unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_priority_comes_first_whenever_it_was_put() {
        assert!(place(1, now() + 1_000_000) < place(0, now()));
        assert!(place(0, now()) < place(0, now() + 1));
        assert!(place(9, 0) > 0);
    }

    #[test]
    fn a_key_travels_with_the_token() {
        let row = new_row("q", Message::new("x").unique(crate::queue::Unique::queued("a~b")));
        let taken = delivery(row, "t");
        assert_eq!(split_token(&taken.receipt.token), ("t", Some("a~b")));
        assert_eq!(split_token("t"), ("t", None));
    }
}
