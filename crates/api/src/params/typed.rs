//! Parameters as a type of the handler's own.
//!
//! Values come as text from a query and typed from JSON; the type decides: `"5"` is a number where a
//! number is wanted, `"a,b"` a list where a list is wanted. An empty value counts as absent.

use std::fmt;

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::truthy;

/// Makes a `T` of the parameters.
///
/// # Errors
/// `Invalid`: `name is required` for a field without a default, or `name must be ...` for one that does
/// not fit.
pub fn from_row<T: DeserializeOwned>(row: &Row) -> Result<T> {
    let columns = row.iter().filter(|(_, v)| !v.is_empty());
    let fields = Fields { columns, current: None };
    T::deserialize(FieldsDeserializer(fields)).map_err(|e| Error::invalid(e.0))
}

/// Why a parameter does not fit.
#[derive(Debug)]
struct Misfit(String);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("{field} is required"))
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self(format!("must be {expected}"))
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self(format!("must be {expected}"))
    }
}

struct Fields<'a, I> {
    columns: I,
    current: Option<(&'a str, &'a Value)>,
}

impl<'a, 'de, I: Iterator<Item = (&'a bkjs_core::value::Name, &'a Value)>> MapAccess<'de> for Fields<'a, I> {
    type Error = Misfit;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        self.current = self.columns.next().map(|(name, value)| (&**name, value));
        match self.current {
            Some((name, _)) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (name, value) = self.current.take().ok_or_else(|| Misfit("value without a name".into()))?;
        seed.deserialize(Coerce(value)).map_err(|e| Misfit(format!("{name} {}", e.0)))
    }
}

struct FieldsDeserializer<A>(A);

impl<'de, A: MapAccess<'de, Error = Misfit>> Deserializer<'de> for FieldsDeserializer<A> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value that becomes what the type wants.
struct Coerce<'a>(&'a Value);

impl Coerce<'_> {
    /// The only value where a single one is wanted.
    fn single(&self) -> Result<&Value, Misfit> {
        match self.0 {
            Value::List(_) | Value::Set(_) => Err(Misfit("must be given once".into())),
            value => Ok(value),
        }
    }

    fn integer<T: TryFrom<i64> + std::str::FromStr>(&self) -> Result<T, Misfit> {
        match self.single()? {
            Value::Int(n) => T::try_from(*n).ok(),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| Misfit("must be an integer within its range".into()))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.$visit(self.integer::<$type>()?)
        })*
    };
}

impl<'de> Deserializer<'de> for Coerce<'_> {
    type Error = Misfit;

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let yes = truthy(self.single()?);
        visitor.visit_bool(yes.ok_or_else(|| Misfit("must be true or false".into()))?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let number = match self.single()? {
            Value::Int(n) => Some(*n as f64),
            Value::Real(r) => Some(*r),
            Value::Text(text) => text.trim().parse().ok().filter(|r: &f64| r.is_finite()),
            _ => None,
        };
        visitor.visit_f64(number.ok_or_else(|| Misfit("must be a number".into()))?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.single()? {
            Value::Text(text) => visitor.visit_str(text),
            Value::Int(n) => visitor.visit_string(n.to_string()),
            Value::Real(r) => visitor.visit_string(r.to_string()),
            Value::Bool(b) => visitor.visit_string(b.to_string()),
            _ => Err(Misfit("must be text".into())),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::List(list) | Value::Set(list) => {
                visitor.visit_seq(SeqDeserializer::new(list.iter().map(Coerce)))
            }
            Value::Text(text) => {
                let pieces: Vec<Value> =
                    text.split(',').map(str::trim).filter(|p| !p.is_empty()).map(Value::from).collect();
                visitor.visit_seq(SeqDeserializer::new(pieces.iter().map(Coerce)))
            }
            single => visitor.visit_seq(SeqDeserializer::new(std::iter::once(Coerce(single)))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.single()? {
            Value::Text(text) if variants.contains(&text.as_str()) => {
                visitor.visit_enum(StrDeserializer::<Misfit>::new(text))
            }
            _ => Err(Misfit(format!("must be one of {}", variants.join(", ")))),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Int(n) => visitor.visit_i64(*n),
            Value::Real(r) => visitor.visit_f64(*r),
            Value::Text(text) => visitor.visit_str(text),
            Value::Bytes(bytes) => visitor.visit_bytes(bytes),
            Value::List(list) | Value::Set(list) => {
                visitor.visit_seq(SeqDeserializer::new(list.iter().map(Coerce)))
            }
            Value::Map(row) => {
                visitor.visit_map(MapDeserializer::new(row.iter().map(|(n, v)| (&**n, Coerce(v)))))
            }
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Coerce<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Wanted {
        name: String,
        #[serde(default)]
        num: i32,
        #[serde(default)]
        ids: Vec<String>,
        flag: Option<bool>,
        ratio: Option<f64>,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
        Large,
    }

    fn check(row: &Row, expected: Result<Wanted, &str>) {
        match (from_row::<Wanted>(row), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(e), Err(message)) => assert_eq!(e.message(), message),
            (got, expected) => panic!("{row:?}: {got:?}, not {expected:?}"),
        }
    }

    #[test]
    fn text_becomes_what_the_type_wants() {
        check(
            &Row::new()
                .with("name", 7)
                .with("num", "5")
                .with("ids", "a, b")
                .with("flag", "off")
                .with("ratio", "1.5")
                .with("kind", "large")
                .with("other", 1),
            Ok(Wanted {
                name: "7".into(),
                num: 5,
                ids: vec!["a".into(), "b".into()],
                flag: Some(false),
                ratio: Some(1.5),
                kind: Some(Kind::Large),
            }),
        );
        check(
            &Row::new().with("name", "x").with("ids", vec!["a,b"]),
            Ok(Wanted { name: "x".into(), ids: vec!["a,b".into()], ..Wanted::default() }),
        );
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named() {
        check(&Row::new(), Err("name is required"));
        check(&Row::new().with("name", ""), Err("name is required"));
        check(&Row::new().with("name", vec!["a", "b"]), Err("name must be given once"));
        check(&Row::new().with("name", Row::new().with("a", 1)), Err("name must be text"));
        check(&Row::new().with("name", "x").with("num", "x"), Err("num must be an integer within its range"));
        check(
            &Row::new().with("name", "x").with("num", 1i64 << 40),
            Err("num must be an integer within its range"),
        );
        check(
            &Row::new().with("name", "x").with("flag", Row::new().with("a", 1)),
            Err("flag must be true or false"),
        );
        check(&Row::new().with("name", "x").with("kind", "huge"), Err("kind must be one of small, large"));
    }
}
