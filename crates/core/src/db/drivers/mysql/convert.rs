//! Values to MySQL's types and back.
//!
//! | column | type |
//! | --- | --- |
//! | text, email, phone, decimal | longtext; varchar for keys, unique columns and decimals |
//! | int, counter, time, ttl | bigint |
//! | real | double |
//! | bool | tinyint(1) |
//! | bytes | longblob; varbinary for keys and unique columns |
//! | list, set, json, object, array | longtext |

use std::borrow::Cow;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlRow, MySqlTypeInfo, MySqlValueRef};
use sqlx::types::BigDecimal;
use sqlx::{Decode, Encode, MySql, Row as _, Type, TypeInfo as _, ValueRef as _};

use crate::db::drivers::pooled::damaged;
use crate::db::sql::{Bind, from_json_text, to_json_text};
use crate::schema::ColumnType;
use crate::value::Value;
use crate::{Error, Result};

/// The most digits of a decimal before its point, and after it: what the server compares exactly.
const DECIMAL_DIGITS: (usize, usize) = (35, 30);

/// The form in which a column is stored and its values are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Letters.
    Text,
    /// 64 bits.
    Integer,
    /// A double.
    Real,
    /// True or false.
    Bool,
    /// Bytes.
    Bytes,
    /// JSON whose elements are found by comparing texts.
    Elements,
    /// Any JSON.
    Json,
}

/// The form of a column of this type.
pub(super) fn form(kind: ColumnType) -> Form {
    use ColumnType as T;
    match kind {
        T::Int | T::Counter | T::Time | T::Ttl => Form::Integer,
        T::Real => Form::Real,
        T::Bool => Form::Bool,
        T::Bytes => Form::Bytes,
        T::List | T::Set => Form::Elements,
        T::Json | T::Object | T::Array => Form::Json,
        T::Text | T::Email | T::Phone | T::Decimal => Form::Text,
    }
}

/// The JSON of a list, in which a comma only ever stands between elements, with a comma before every element and
/// one after each, none around the brackets: `["a","b\u002cc"]`.
pub(super) fn elements_text(value: &Value) -> String {
    let mut text = String::from("[");
    for (at, element) in value.as_list().unwrap_or_default().iter().enumerate() {
        text.push_str(if at > 0 { "," } else { "" });
        text.push_str(&element_text(element));
    }
    text.push(']');
    text
}

/// One element as it stands in [`elements_text`].
pub(super) fn element_text(element: &Value) -> String {
    let text = to_json_text(element);
    // Elements are texts and numbers, so that a comma is always within a text.
    if text.contains(',') { text.replace(',', "\\u002c") } else { text }
}

/// The value of a placeholder, in the binary form of the type that its column is stored as.
pub(super) struct Parameter<'a>(pub(super) &'a Bind<'a>);

impl Parameter<'_> {
    /// # Errors
    /// `Invalid` for a decimal of more digits than the server compares.
    pub(super) fn check(&self) -> Result<()> {
        let (ColumnType::Decimal, Some(text)) = (self.0.kind, self.0.value.as_str()) else { return Ok(()) };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (most_whole, most_fraction) = DECIMAL_DIGITS;
        if whole.trim_start_matches('0').len() > most_whole || fraction.len() > most_fraction {
            return Err(Error::invalid(format!(
                "a decimal has too many digits, mysql compares {most_whole} before the point and {most_fraction} after it"
            )));
        }
        Ok(())
    }
}

impl Type<MySql> for Parameter<'_> {
    fn type_info() -> MySqlTypeInfo {
        <str as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> std::result::Result<IsNull, BoxDynError> {
        let value = &*self.0.value;
        match (form(self.0.kind), value) {
            (_, Value::Null) => Ok(IsNull::Yes),
            (Form::Json, value) => <String as Encode<MySql>>::encode(to_json_text(value), buffer),
            (Form::Elements, value) => <String as Encode<MySql>>::encode(elements_text(value), buffer),
            (Form::Integer, Value::Int(i)) => <i64 as Encode<MySql>>::encode(*i, buffer),
            (Form::Real, Value::Real(r)) => <f64 as Encode<MySql>>::encode(*r, buffer),
            (Form::Real, Value::Int(i)) => <f64 as Encode<MySql>>::encode(*i as f64, buffer),
            (Form::Bool, Value::Bool(b)) => <i64 as Encode<MySql>>::encode(i64::from(*b), buffer),
            (Form::Text, Value::Text(text)) => <&str as Encode<MySql>>::encode(text, buffer),
            (Form::Bytes, Value::Bytes(bytes)) => <&[u8] as Encode<MySql>>::encode(bytes, buffer),
            (_, value) => Err(format!("{} does not fit a {:?} column", value.kind(), self.0.kind).into()),
        }
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        Some(match form(self.0.kind) {
            Form::Text | Form::Elements | Form::Json => <str as Type<MySql>>::type_info(),
            Form::Integer | Form::Bool => <i64 as Type<MySql>>::type_info(),
            Form::Real => <f64 as Type<MySql>>::type_info(),
            Form::Bytes => <[u8] as Type<MySql>>::type_info(),
        })
    }
}

/// One stored value as the type of its column.
///
/// # Errors
/// `Internal` when it is of another type.
pub(super) fn decode(stored: MySqlValueRef<'_>, kind: ColumnType) -> Result<Value> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let bytes = |stored| <&[u8] as Decode<MySql>>::decode(stored).map_err(damaged);
    Ok(match form(kind) {
        Form::Integer => Value::Int(Decode::<MySql>::decode(stored).map_err(damaged)?),
        Form::Real => Value::Real(Decode::<MySql>::decode(stored).map_err(damaged)?),
        Form::Bool => Value::Bool(<i64 as Decode<MySql>>::decode(stored).map_err(damaged)? != 0),
        Form::Bytes => Value::Bytes(bytes(stored)?.to_vec()),
        Form::Text => Value::Text(<&str as Decode<MySql>>::decode(stored).map_err(damaged)?.to_owned()),
        Form::Json => from_json_text(bytes(stored)?)?,
        Form::Elements => match (from_json_text(bytes(stored)?)?, kind) {
            // The server only adds at the end.
            (Value::List(mut list), ColumnType::Set) => {
                list.sort_by(|a, b| {
                    crate::db::evaluate::compare(a, b).unwrap_or_else(|| a.kind().cmp(b.kind()))
                });
                Value::Set(list)
            }
            (value, _) => value,
        },
    })
}

/// A value of no declared type.
///
/// # Errors
/// `Invalid` for a type that the framework does not know.
pub(super) fn decode_plain(stored: MySqlValueRef<'_>) -> Result<Value> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let kind: Cow<'_, MySqlTypeInfo> = stored.type_info();
    let kind = kind.into_owned();
    if <str as Type<MySql>>::compatible(&kind) {
        return Ok(Value::Text(<&str as Decode<MySql>>::decode(stored).map_err(damaged)?.to_owned()));
    }
    if <[u8] as Type<MySql>>::compatible(&kind) {
        return Ok(Value::Bytes(<&[u8] as Decode<MySql>>::decode(stored).map_err(damaged)?.to_vec()));
    }
    Ok(match kind.name() {
        "BIGINT UNSIGNED" | "BIT" => {
            let number: u64 = Decode::<MySql>::decode(stored).map_err(damaged)?;
            i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
        }
        name if name.ends_with(" UNSIGNED") || name == "YEAR" => {
            let number: u64 = Decode::<MySql>::decode(stored).map_err(damaged)?;
            Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
        }
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            Value::Int(Decode::<MySql>::decode(stored).map_err(damaged)?)
        }
        "DOUBLE" => Value::Real(Decode::<MySql>::decode(stored).map_err(damaged)?),
        "FLOAT" => Value::Real(<f32 as Decode<MySql>>::decode(stored).map_err(damaged)?.into()),
        "DECIMAL" => {
            let number = <BigDecimal as Decode<MySql>>::decode(stored).map_err(damaged)?;
            let text = number.to_plain_string();
            // Sums and averages of integers are of this type.
            text.parse().map_or(Value::Text(text), Value::Int)
        }
        "NULL" => Value::Null,
        name => return Err(Error::invalid(format!("a result has the type {name:.40}: cast it to char"))),
    })
}

/// A text in a row of the server's own tables, whatever its type there.
///
/// # Errors
/// Of the library, when there is no such column or it holds no text.
pub(super) fn text_at(row: &MySqlRow, at: usize) -> sqlx::Result<&str> {
    let stored = row.try_get_raw(at)?;
    if stored.is_null() {
        return Ok("");
    }
    <&str as Decode<MySql>>::decode(stored).map_err(sqlx::Error::Decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_only_ever_separates_elements() {
        let list = Value::List(vec!["a,b".into(), 5.into(), "\",\"".into()]);
        let text = elements_text(&list);
        assert_eq!(text, r#"["a\u002cb",5,"\"\u002c\""]"#);
        assert_eq!(from_json_text(text.as_bytes()).expect("json"), list);
    }
}
