//! Values to PostgreSQL's types and back.
//!
//! | column | type |
//! | --- | --- |
//! | text, email, phone, decimal | text COLLATE "C" |
//! | int, counter, time, ttl | bigint |
//! | real | double precision |
//! | bool | boolean |
//! | bytes | bytea |
//! | list, set | jsonb |
//! | json, object, array | json, which keeps the order of names and the text of numbers |

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef};
use sqlx::types::BigDecimal;
use sqlx::{Decode, Encode, Postgres, Type, TypeInfo as _, ValueRef as _};

use crate::db::drivers::pooled::damaged;
use crate::db::sql::{Bind, from_json_text, to_json_text};
use crate::schema::ColumnType;
use crate::value::Value;
use crate::{Error, Result};

/// The first byte of the binary form of jsonb.
const JSONB_VERSION: u8 = 1;
/// From 1970 to 2000, where the times of PostgreSQL start, in seconds.
const EPOCH: i64 = 946_684_800;

/// The numbers of the types that are read and written; fixed in every server.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const CHAR: u32 = 18;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const OID: u32 = 26;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const UNKNOWN: u32 = 705;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const VOID: u32 = 2278;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
}

/// The type that stores a column: its name as the server spells it.
pub(super) fn storage(kind: ColumnType) -> &'static str {
    use ColumnType as T;
    match kind {
        T::Int | T::Counter | T::Time | T::Ttl => "bigint",
        T::Real => "double precision",
        T::Bool => "boolean",
        T::Bytes => "bytea",
        T::List | T::Set => "jsonb",
        T::Json | T::Object | T::Array => "json",
        T::Text | T::Email | T::Phone | T::Decimal => "text",
    }
}

/// Whether a column is compared as text, so by its bytes.
pub(super) fn is_text(kind: ColumnType) -> bool {
    storage(kind) == "text"
}

fn oid_of(kind: ColumnType) -> u32 {
    match storage(kind) {
        "bigint" => oid::INT8,
        "double precision" => oid::FLOAT8,
        "boolean" => oid::BOOL,
        "bytea" => oid::BYTEA,
        "jsonb" => oid::JSONB,
        "json" => oid::JSON,
        _ => oid::TEXT,
    }
}

/// The value of a placeholder, in the binary form of the type that its column is stored as.
pub(super) struct Parameter<'a> {
    bind: &'a Bind<'a>,
    oid: u32,
}

impl<'a> Parameter<'a> {
    /// A value of a statement that says the type of its placeholder.
    pub(super) fn typed(bind: &'a Bind<'a>) -> Self {
        Self { bind, oid: oid_of(bind.kind) }
    }

    /// A value of a statement of a caller: the server finds the type of a null.
    pub(super) fn of_caller(bind: &'a Bind<'a>) -> Self {
        match bind.value.is_null() {
            true => Self { bind, oid: oid::UNKNOWN },
            false => Self::typed(bind),
        }
    }

    /// # Errors
    /// `Invalid` for a text with a NUL character, which no type of text of this product can hold.
    pub(super) fn check(&self) -> Result<()> {
        if has_nul(&self.bind.value) {
            return Err(Error::invalid("a text has a NUL character, which postgres cannot store or compare"));
        }
        Ok(())
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.contains('\0'),
        Value::List(list) | Value::Set(list) => list.iter().any(has_nul),
        Value::Map(row) => row.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

impl Type<Postgres> for Parameter<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(oid::TEXT))
    }
}

impl Encode<'_, Postgres> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> std::result::Result<IsNull, BoxDynError> {
        let value = &*self.bind.value;
        match (self.oid, value) {
            (_, Value::Null) => return Ok(IsNull::Yes),
            (oid::JSON, value) => buffer.extend_from_slice(to_json_text(value).as_bytes()),
            (oid::JSONB, value) => {
                buffer.push(JSONB_VERSION);
                buffer.extend_from_slice(to_json_text(value).as_bytes());
            }
            (oid::INT8, Value::Int(i)) => buffer.extend_from_slice(&i.to_be_bytes()),
            (oid::FLOAT8, Value::Real(r)) => buffer.extend_from_slice(&r.to_be_bytes()),
            (oid::FLOAT8, Value::Int(i)) => buffer.extend_from_slice(&(*i as f64).to_be_bytes()),
            (oid::BOOL, Value::Bool(b)) => buffer.push(u8::from(*b)),
            (oid::TEXT, Value::Text(text)) => buffer.extend_from_slice(text.as_bytes()),
            (oid::BYTEA, Value::Bytes(bytes)) => buffer.extend_from_slice(bytes),
            (_, value) => {
                return Err(format!("{} does not fit a {:?} column", value.kind(), self.bind.kind).into());
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.oid)))
    }
}

/// One stored value as the type of its column; of another type, as tables that were not made by this
/// driver may have, as what it is.
///
/// # Errors
/// As [`decode_plain`].
pub(super) fn decode(stored: PgValueRef<'_>, kind: ColumnType) -> Result<Value> {
    Ok(match (decode_plain(stored)?, kind) {
        (Value::List(list), ColumnType::Set) => Value::Set(list),
        (Value::Int(i), ColumnType::Real) => Value::Real(i as f64),
        (Value::Int(i), ColumnType::Decimal) => Value::Text(i.to_string()),
        (Value::Int(i), ColumnType::Bool) => Value::Bool(i != 0),
        (value, _) => value,
    })
}

/// A value of no declared type.
///
/// # Errors
/// `Invalid` for a type that the framework does not know.
pub(super) fn decode_plain(stored: PgValueRef<'_>) -> Result<Value> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let kind = stored.type_info().oid().map_or(0, |oid| oid.0);
    let bytes = stored.as_bytes().map_err(damaged)?;
    Ok(match kind {
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::CHAR | oid::UNKNOWN => {
            Value::Text(text(bytes)?.to_owned())
        }
        oid::INT8 => Value::Int(i64::from_be_bytes(fixed(bytes)?)),
        oid::INT4 => Value::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        oid::INT2 => Value::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        oid::OID => Value::Int(u32::from_be_bytes(fixed(bytes)?).into()),
        oid::FLOAT8 => Value::Real(f64::from_be_bytes(fixed(bytes)?)),
        oid::FLOAT4 => Value::Real(f32::from_be_bytes(fixed(bytes)?).into()),
        oid::BOOL => Value::Bool(bytes.first().is_some_and(|b| *b != 0)),
        oid::BYTEA => Value::Bytes(bytes.to_vec()),
        oid::JSON => from_json_text(bytes)?,
        oid::JSONB => from_json_text(bytes.get(1..).unwrap_or_default())?,
        oid::NUMERIC => {
            let number = <BigDecimal as Decode<Postgres>>::decode(stored).map_err(damaged)?;
            let text = number.normalized().to_plain_string();
            // Sums and averages of integers are of this type.
            text.parse().map_or(Value::Text(text), Value::Int)
        }
        oid::TIMESTAMP | oid::TIMESTAMPTZ => {
            Value::Int(i64::from_be_bytes(fixed(bytes)?).div_euclid(1000).saturating_add(EPOCH * 1000))
        }
        oid::DATE => {
            Value::Int((i64::from(i32::from_be_bytes(fixed(bytes)?)) * 86_400).saturating_add(EPOCH) * 1000)
        }
        oid::UUID => Value::Text(uuid::Uuid::from_bytes(fixed(bytes)?).to_string()),
        oid::VOID => Value::Null,
        _ => {
            let name = stored.type_info().name().to_owned();
            return Err(Error::invalid(format!("a result has the type {name:.40}: cast it to text")));
        }
    })
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| Error::internal("a stored text is not Unicode").source(e))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| Error::internal("a stored value has an unexpected length"))
}
