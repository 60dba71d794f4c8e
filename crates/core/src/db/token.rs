//! Paging tokens: the position of the last row of a page, sealed so that callers can neither read meaning
//! into them nor make them up.
//!
//! A token is base64url of a nonce and the encrypted JSON list of the row's sort values: callers may sort by
//! columns that they may not see. The table, the condition and the order are authenticated with it, so a
//! token continues only the query that it came from.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::prepare::{Checked, typed};
use super::{Db, Sort};
use crate::auth::secrets;
use crate::schema::{ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// The longest token, in bytes: the values of the sort columns and a fixed part.
const MAX_TOKEN: usize = 64 * 1024;
const NONCE: usize = 12;

/// The query that a token continues.
pub(super) struct Paged<'a> {
    pub(super) key: &'a [u8; 32],
    pub(super) table: &'a Table,
    pub(super) query: &'a Checked,
    pub(super) order: &'a [Sort],
    pub(super) unique: Option<&'a Name>,
}

impl Paged<'_> {
    /// The token that continues after `last`.
    ///
    /// # Errors
    /// `Invalid` when the sort values of the row are too large for a token.
    pub(super) fn seal(&self, last: &Row) -> Result<String> {
        let position: Vec<serde_json::Value> = self
            .order
            .iter()
            .map(|s| last.get(&s.column).map_or(serde_json::Value::Null, Value::to_json))
            .collect();
        seal(self.key, &self.query_text(), position)
    }

    /// The values of the sort columns that a token of this query holds.
    ///
    /// # Errors
    /// `NotMatched` for anything that [`seal`](Self::seal) did not make for the same query.
    pub(super) fn open(&self, token: &str) -> Result<Vec<Value>> {
        self.try_open(token).ok_or_else(not_of_this_query)
    }

    fn try_open(&self, token: &str) -> Option<Vec<Value>> {
        let position = open(self.key, &self.query_text(), token)?;
        if position.len() != self.order.len() {
            return None;
        }
        position.into_iter().zip(self.order).map(|(value, sort)| self.value(value, sort)).collect()
    }

    fn value(&self, json: serde_json::Value, sort: &Sort) -> Option<Value> {
        let value = Value::from_json(json).ok()?;
        let column = self.table.find(&sort.column)?;
        // Bytes are the one kind that JSON does not tell from text.
        if column.column_type() == ColumnType::Bytes { typed(column, value).ok() } else { Some(value) }
    }

    /// What the token is bound to. Debug text quotes and escapes every name and value, so different queries
    /// never look the same.
    fn query_text(&self) -> String {
        format!("{:?}", (&self.table.name, self.query, self.order, self.unique))
    }
}

impl Db {
    /// A token for the position of a search that pages in its own way, sealed as those of [`select`](Db::select) are:
    /// it opens for the same `search` only, with all that the search depends on in its text.
    ///
    /// # Errors
    /// `Invalid` when the position is too large for a token.
    pub fn seal_position(&self, search: &str, position: &[Value]) -> Result<String> {
        let position = position.iter().map(Value::to_json).collect();
        seal(self.token_key(), &own_search(search), position)
    }

    /// The position that [`seal_position`](Db::seal_position) has sealed for the same search.
    ///
    /// # Errors
    /// `NotMatched` for any other text.
    pub fn open_position(&self, search: &str, token: &str) -> Result<Vec<Value>> {
        let position = open(self.token_key(), &own_search(search), token).ok_or_else(not_of_this_query)?;
        position.into_iter().map(Value::from_json).collect()
    }
}

/// Never the text of a query, which is a tuple.
fn own_search(search: &str) -> String {
    format!("search {search}")
}

fn seal(key: &[u8; 32], bound_to: &str, position: Vec<serde_json::Value>) -> Result<String> {
    let json = serde_json::Value::Array(position).to_string();
    let nonce: [u8; NONCE] = secrets::random_bytes()?;
    let payload = Payload { msg: json.as_bytes(), aad: bound_to.as_bytes() };
    let sealed = cipher(key)
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Error::internal("a paging token was not sealed"))?;
    let token = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
    if token.len() > MAX_TOKEN {
        return Err(Error::invalid(
            "the sort values of a row are too long to continue after, sort by another column",
        ));
    }
    Ok(token)
}

fn open(key: &[u8; 32], bound_to: &str, token: &str) -> Option<Vec<serde_json::Value>> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: bound_to.as_bytes() };
    let json = cipher(key).decrypt(&Nonce::from(*nonce), payload).ok()?;
    serde_json::from_slice(&json).ok()
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
}

fn not_of_this_query() -> Error {
    Error::new(
        ErrorKind::NotMatched,
        "the paging token does not belong to this query, start again without it",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::Query;
    use crate::schema::Column;

    fn with_paged<R>(query: Query, test: impl FnOnce(&Paged<'_>) -> R) -> R {
        let table = Table::new("t").column(Column::bytes("id").primary()).column(Column::int("n"));
        let order = ["n", "id"].map(|c| Sort { column: c.into(), descending: false });
        test(&Paged {
            key: &[7; 32],
            table: &table,
            query: &Checked::Some(query),
            order: &order,
            unique: None,
        })
    }

    fn last() -> Row {
        Row::new().with("id", Value::Bytes(vec![0, 255])).with("n", i64::MAX)
    }

    #[test]
    fn a_token_gives_back_the_exact_position() {
        with_paged(Query::new().eq("n", 1), |paged| {
            let token = paged.seal(&last()).expect("seals");
            assert_eq!(paged.open(&token).expect("opens"), [i64::MAX.into(), Value::Bytes(vec![0, 255])]);
        });
    }

    #[test]
    fn a_token_of_another_query_does_not_match() {
        let token = with_paged(Query::new().eq("n", 1), |paged| paged.seal(&last()).expect("seals"));
        let error = with_paged(Query::new().eq("n", 2), |paged| paged.open(&token)).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::NotMatched);
    }

    proptest! {
        #[test]
        fn no_garbage_opens(token in ".{0,200}", flip in 0usize..40) {
            with_paged(Query::new(), |paged| {
                prop_assert!(paged.open(&token).is_err());
                let mut sealed = URL_SAFE_NO_PAD.decode(paged.seal(&last()).expect("seals")).expect("base64");
                sealed[flip] ^= 1;
                prop_assert!(paged.open(&URL_SAFE_NO_PAD.encode(sealed)).is_err());
                Ok(())
            })?;
        }
    }
}
