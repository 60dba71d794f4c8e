//! Expired records are as if absent, long before the service gets to removing them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Terms;
use crate::db::layout::expiry_of;
use crate::schema::Table;

/// The test that a record has expired; none when records of the table do not expire.
pub(super) fn expired(terms: &mut Terms, table: &Table) -> Option<String> {
    let column = expiry_of(table)?;
    let (name, now) = (terms.name(&column.name), terms.value(AttributeValue::N(now().to_string())));
    Some(format!("{name} <= {now}"))
}

/// The test that a record has not expired; none when records of the table do not expire.
pub(super) fn live(terms: &mut Terms, table: &Table) -> Option<String> {
    // Null compares with nothing.
    expired(terms, table).map(|expired| format!("(NOT {expired})"))
}

/// The time that decides what has expired, in seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
