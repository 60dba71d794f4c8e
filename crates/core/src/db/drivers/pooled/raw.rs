//! Statements of a product's own language.

use std::borrow::Cow;

use super::{Fate, Session};
use crate::db::sql::{Bind, kind_of};
use crate::value::{Row, Value};
use crate::{Error, ErrorKind, Result};

/// Runs a statement of a caller with the values of its placeholders, in order.
///
/// It may start as [`Session::ALLOWED`] says. What is left out would change the connection for those who get it next
/// (transactions, settings, cursors) or reach files and programs of the server.
///
/// # Errors
/// `Invalid` for a statement that is malformed, several, or of a kind that is not allowed.
pub(super) async fn query<S: Session>(session: &mut S, text: &str, values: &[Value]) -> Result<Vec<Row>> {
    let first = first_word(text);
    if !S::ALLOWED.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return Err(Error::invalid(format!(
            "a query cannot start with {first:.20}: transactions and settings are managed by the driver"
        )));
    }
    let binds: Vec<Bind<'_>> =
        values.iter().map(|v| Bind { value: Cow::Borrowed(v), kind: kind_of(v) }).collect();
    let answer = session.run_once(text, &binds).await.map_err(|error| {
        match (error.kind(), session.health().fate) {
            (ErrorKind::Internal, Some(Fate::Refused)) => {
                Error::invalid("the statement is malformed, or its values do not fit").source(error)
            }
            _ => error,
        }
    })?;
    answer.rows.iter().map(S::decode_plain_row).collect()
}

/// The first word after blanks, parentheses and comments.
fn first_word(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            break;
        };
    }
    rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::first_word;

    #[test]
    fn the_first_word_is_found_behind_comments() {
        assert_eq!(first_word(" ( select 1)"), "select");
        assert_eq!(first_word("-- x\n /* begin */ COMMIT;"), "COMMIT");
        assert_eq!(first_word("/* a /* b */ begin */ select"), "begin");
        assert_eq!(first_word("--"), "");
    }
}
