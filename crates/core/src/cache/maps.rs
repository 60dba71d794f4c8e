//! Maps: several values under one key, with one time to live.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Cache;
use super::facade::{checked, named};
use super::key::{check, check_size};
use crate::Result;

/// Maps. A field is named as a key is. All drivers take maps of up to [`MAX_VALUE`](super::MAX_VALUE) bytes; Redis
/// also larger ones.
impl Cache {
    /// The value of a field.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a name, or a key that holds no map, and as the [type](Self) says.
    pub async fn map_get(&self, key: &str, field: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.map_get_many(key, [field]).await?.pop().flatten())
    }

    /// The values of these fields, in their order.
    ///
    /// # Errors
    /// As [`map_get`](Self::map_get).
    pub async fn map_get_many<F: AsRef<str>>(
        &self,
        key: &str,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let (key, fields) = (named(key)?, all(fields)?);
        if fields.is_empty() { Ok(Vec::new()) } else { self.driver().map_get(&key, &fields).await }
    }

    /// All fields with their values; nothing when there is no map.
    ///
    /// # Errors
    /// As [`map_get`](Self::map_get).
    pub async fn map_all(&self, key: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        self.driver().map_all(&named(key)?).await
    }

    /// Puts fields, all at once. With a `ttl` the whole map lives so long from now; without, it keeps its time.
    ///
    /// # Errors
    /// As [`map_get`](Self::map_get); `TooLarge` for a value, or when the map has no room for it.
    pub async fn map_put<F: AsRef<str>, V: Into<Vec<u8>>>(
        &self,
        key: &str,
        fields: impl IntoIterator<Item = (F, V)>,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<()> {
        let (key, ttl) = (named(key)?, checked(ttl.into())?);
        let field = |(name, value): (F, V)| {
            let (name, value) = (name.as_ref(), value.into());
            check("field", name)?;
            check_size(name, &value)?;
            Ok((name.to_owned(), value))
        };
        let fields = fields.into_iter().map(field).collect::<Result<Vec<_>>>()?;
        if fields.is_empty() { Ok(()) } else { self.driver().map_put(&key, fields, ttl).await }
    }

    /// Adds to the number in a field and gives the sum. What is not there counts as 0; the map keeps its time, or
    /// lives for `ttl` from now when this makes it.
    ///
    /// # Errors
    /// As [`map_get`](Self::map_get); `Invalid` when the field holds no number or the sum has no room in 64 bits.
    pub async fn map_incr(
        &self,
        key: &str,
        field: &str,
        by: i64,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<i64> {
        check("field", field)?;
        self.driver().map_incr(&named(key)?, field, by, checked(ttl.into())?).await
    }

    /// Removes fields, and the map with its last one; gives how many were there. [`del`](Self::del) removes the map.
    ///
    /// # Errors
    /// As [`map_get`](Self::map_get).
    pub async fn map_del<F: AsRef<str>>(
        &self,
        key: &str,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<u64> {
        let (key, fields) = (named(key)?, all(fields)?);
        if fields.is_empty() { Ok(0) } else { self.driver().map_del(&key, &fields).await }
    }
}

fn all<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> Result<Vec<String>> {
    let field = |field: F| check("field", field.as_ref()).map(|()| field.as_ref().to_owned());
    fields.into_iter().map(field).collect()
}
