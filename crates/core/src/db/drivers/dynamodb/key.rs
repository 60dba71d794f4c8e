//! Primary keys as the service has them: one part is hashed, one more may order.
//!
//! The first key column is the hash, the second the range. Of further ones the range is made: an attribute
//! of bytes whose order is that of all key columns but the first.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};

use super::convert::{Item, encode};
use crate::db::plain::push_value;
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;
use crate::{Error, ErrorKind, Result};

/// The range attribute of keys of more than two parts; no column has such a name.
const JOINED: &str = "_range";

/// The key of a table.
pub(super) struct KeyShape<'t> {
    /// The key columns.
    pub(super) columns: Vec<&'t Column>,
}

impl<'t> KeyShape<'t> {
    /// The shape of a table's key.
    ///
    /// # Errors
    /// `Unsupported` for a table without key, or with one that holds other than texts, numbers, bytes.
    pub(super) fn of(table: &'t Table) -> Result<Self> {
        let columns: Vec<&Column> = table.keys().collect();
        let refuse = |text: String| Err(Error::new(ErrorKind::Unsupported, text));
        if columns.is_empty() {
            return refuse(format!("table {} has no primary key, which dynamodb needs", table.name));
        }
        for column in &columns {
            if attribute_type(column).is_none() {
                let (name, kind) = (&column.name, column.column_type());
                return refuse(format!("{name} is {kind:?}, which cannot be in a key of dynamodb"));
            }
        }
        Ok(Self { columns })
    }

    /// The name of the hash attribute.
    pub(super) fn hash(&self) -> &'t str {
        &self.columns[0].name
    }

    /// The name of the range attribute, if there is one.
    pub(super) fn range(&self) -> Option<&'t str> {
        match self.columns.as_slice() {
            [_] => None,
            [_, range] => Some(&range.name),
            _ => Some(JOINED),
        }
    }

    /// Whether the range is made of several columns.
    pub(super) fn is_joined(&self) -> bool {
        self.columns.len() > 2
    }

    /// Names and types of the key attributes.
    pub(super) fn attributes(&self) -> Vec<(&'t str, ScalarAttributeType)> {
        let of =
            |column: &'t Column| (&*column.name, attribute_type(column).unwrap_or(ScalarAttributeType::S));
        let mut attributes = vec![of(self.columns[0])];
        match self.range() {
            Some(JOINED) => attributes.push((JOINED, ScalarAttributeType::B)),
            Some(_) => attributes.push(of(self.columns[1])),
            None => {}
        }
        attributes
    }

    /// The key attributes of a record.
    ///
    /// # Errors
    /// `KeyIncomplete` for a part that is missing, `Invalid` for a number that the service does not have.
    pub(super) fn item(&self, key: &[Value]) -> Result<Item> {
        if key.len() != self.columns.len() {
            return Err(Error::new(ErrorKind::KeyIncomplete, "the primary key is not complete"));
        }
        let mut item = Item::from([(self.hash().to_owned(), self.part(0, &key[0])?)]);
        if self.is_joined() {
            item.insert(JOINED.to_owned(), AttributeValue::B(Blob::new(self.joined(&key[1..]))));
        } else if let Some(range) = self.range() {
            item.insert(range.to_owned(), self.part(1, &key[1])?);
        }
        Ok(item)
    }

    /// One key attribute, of the column at this place.
    ///
    /// # Errors
    /// As [`item`](Self::item).
    pub(super) fn part(&self, at: usize, value: &Value) -> Result<AttributeValue> {
        let column = self.columns[at];
        match encode(column, value) {
            Some(AttributeValue::S(_)) if column.column_type() == ColumnType::Real => {
                Err(Error::invalid(format!("{} is too large or small for a key of dynamodb", column.name)))
            }
            Some(attribute) => Ok(attribute),
            None => {
                Err(Error::new(ErrorKind::KeyIncomplete, format!("{} is missing in the key", column.name)))
            }
        }
    }

    /// The joined range, or its start, of these values of the key columns after the first.
    pub(super) fn joined(&self, values: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(values.len() * 24);
        for (column, value) in self.columns[1..].iter().zip(values) {
            push_value(&mut bytes, value, Some(column));
            // Keys that are equal as numbers and written differently are different keys.
            if column.column_type() == ColumnType::Decimal {
                push_value(&mut bytes, value, None);
            }
        }
        bytes
    }

    /// The key attributes out of a whole item.
    pub(super) fn of_item(&self, item: &Item) -> Item {
        let names = [Some(self.hash()), self.range()];
        let pair = |name: &str| Some((name.to_owned(), item.get(name)?.clone()));
        names.into_iter().flatten().filter_map(pair).collect()
    }
}

fn attribute_type(column: &Column) -> Option<ScalarAttributeType> {
    use ColumnType as T;
    Some(match column.column_type() {
        T::Text | T::Email | T::Phone | T::Decimal => ScalarAttributeType::S,
        T::Int | T::Counter | T::Time | T::Ttl | T::Real | T::Bool => ScalarAttributeType::N,
        T::Bytes => ScalarAttributeType::B,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(parts: usize) -> Table {
        let names = ["a", "b", "c", "d"];
        names[..parts].iter().fold(Table::new("t"), |t, name| t.column(Column::int(*name).primary()))
    }

    #[test]
    fn two_parts_are_attributes_and_more_are_joined() {
        let names = |parts| -> Vec<String> {
            let table = table(parts);
            let shape = KeyShape::of(&table).expect("has a key");
            shape.attributes().into_iter().map(|(name, _)| name.to_owned()).collect()
        };
        assert_eq!(names(1), ["a"]);
        assert_eq!(names(2), ["a", "b"]);
        assert_eq!(names(4), ["a", "_range"]);
    }

    #[test]
    fn joined_ranges_order_as_the_columns_do() {
        let table = table(3);
        let shape = KeyShape::of(&table).expect("has a key");
        let range = |b: i64, c: i64| shape.joined(&[b.into(), c.into()]);
        assert!(range(-1, 9) < range(0, -9) && range(0, -9) < range(0, 3));
        assert!(range(0, 3).starts_with(&shape.joined(&[0.into()])));
    }

    #[test]
    fn keys_that_the_service_does_not_have_are_refused() {
        let json = Table::new("t").column(Column::json("a").primary());
        for table in [json, table(0)] {
            assert_eq!(KeyShape::of(&table).err().map(|e| e.kind()), Some(ErrorKind::Unsupported));
        }
        let real = Table::new("t").column(Column::real("a").primary());
        let shape = KeyShape::of(&real).expect("has a key");
        assert_eq!(shape.item(&[1e300.into()]).expect_err("refused").kind(), ErrorKind::Invalid);
    }
}
