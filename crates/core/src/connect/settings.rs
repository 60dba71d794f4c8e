//! Settings as texts: each becomes what its option asks for.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::de::value::{Error as Refused, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::suggest::nearest;
use crate::{Error, ErrorKind, Result};

/// Settings by the names of options.
pub type Settings = BTreeMap<String, String>;

/// Those of a product that has none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoOptions {}

/// The options of a driver; `product` is what they are of, as in `redis cache`.
///
/// # Errors
/// `Config` for an option that there is not, naming the nearest one, or a text that does not fit, which is not shown.
pub fn options<T: DeserializeOwned>(product: &str, given: Settings) -> Result<T> {
    options_beside(product, given, &[])
}

/// As [`options`], where others have seen to options of these names: one of them may be meant.
pub(crate) fn options_beside<T: DeserializeOwned>(
    product: &str,
    given: Settings,
    beside: &[&str],
) -> Result<T> {
    let settings = given.into_iter().map(|(name, text)| (name.clone(), Setting { name, text }));
    T::deserialize(MapDeserializer::<_, Refused>::new(settings)).map_err(|error| {
        let text = error.to_string();
        // The first name in the text is the one that is not known, the others are those that are.
        let mut names = text.split('`').skip(1).step_by(2);
        let unknown = text.starts_with("unknown field").then(|| names.next()).flatten();
        let meant = unknown.and_then(|name| nearest(name, names.chain(beside.iter().copied())));
        let meant = meant.map(|name| format!(", did you mean {name}")).unwrap_or_default();
        Error::new(ErrorKind::Config, format!("options of the {product}: {text}{meant}"))
    })
}

/// The text of an option.
struct Setting {
    name: String,
    text: String,
}

impl Setting {
    fn parsed<T: FromStr>(&self, what: &str) -> Result<T, Refused>
    where
        T::Err: Display,
    {
        self.text.parse().map_err(|_| Refused::custom(format!("{} is not {what}", self.name)))
    }
}

impl IntoDeserializer<'_, Refused> for Setting {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Deserializes numbers of these types.
macro_rules! numbers {
    ($($method:ident $visit:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            visitor.$visit(self.parsed("a whole number of this size")?)
        })*
    };
}

impl<'de> Deserializer<'de> for Setting {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_string(self.text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.text.as_str() {
            "1" => visitor.visit_bool(true),
            "0" => visitor.visit_bool(false),
            _ => visitor.visit_bool(self.parsed("true or false")?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    numbers! {
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_i64 visit_i64,
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    #[derive(Default)]
    struct Options {
        max: usize,
        password: Option<String>,
        tls: bool,
    }

    fn of(name: &str, text: &str) -> Result<Options> {
        options("test", Settings::from([(name.to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_text_becomes_what_the_option_asks_for() {
        assert_eq!(of("max", "7").expect("fits").max, 7);
        assert_eq!(of("password", "0123").expect("fits").password.as_deref(), Some("0123"));
        assert!(of("tls", "true").expect("fits").tls);
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_shown() {
        assert!(of("maxx", "7").expect_err("unknown").message().ends_with("did you mean max"));
        let error = of("max", "hidden").expect_err("no number");
        assert!(error.message().contains("max is not") && !error.log_text().contains("hidden"), "{error:?}");
    }
}
