//! Expired records are as if absent, long before the service gets to removing them.

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Terms;
use crate::db::layout::expiry_of;
use crate::db::prepare::now_seconds;
use crate::schema::Table;

/// The test that a record has expired; none when records of the table do not expire.
pub(super) fn expired(terms: &mut Terms, table: &Table) -> Option<String> {
    let column = expiry_of(table)?;
    let (name, now) = (terms.name(&column.name), terms.value(AttributeValue::N(now_seconds().to_string())));
    Some(format!("{name} <= {now}"))
}

/// The test that a record has not expired; none when records of the table do not expire.
pub(super) fn live(terms: &mut Terms, table: &Table) -> Option<String> {
    // Null compares with nothing.
    expired(terms, table).map(|expired| format!("(NOT {expired})"))
}
