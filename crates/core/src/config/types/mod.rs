//! The types a parameter can have, each with its parser.

use super::{Decoding, Shape, Spec};

mod boolean;
mod duration;
mod family;
mod list;
mod net;
mod number;
mod regexp;
mod secret;
mod size;
mod text;

pub(super) use boolean::is_truth;
pub use family::{Family, FamilyKey};
pub use regexp::{RegexpList, RegexpMap};
pub use secret::Secret;
pub use size::Size;

/// A type that a parameter can have.
///
/// For a type of your own with `FromStr` (an enum of choices) use [`param_from_str!`](crate::param_from_str).
pub trait ParamType: Sized + Send + Sync + 'static {
    /// How repeats combine.
    const SHAPE: Shape = Shape::Single;
    /// Whether it is true or false, so that a word on the command line is its value only if it says so.
    const FLAG: bool = false;
    /// The text that stands for a name given without a value.
    const BARE: Option<&'static str> = None;
    /// Whether values of this type are always masked.
    const SECRET: bool = false;
    /// How texts are decoded.
    const DECODING: Decoding = Decoding::Full;

    /// The type's name for people: `duration`, `list of size`.
    fn type_name() -> String;

    /// Parses one occurrence.
    ///
    /// # Errors
    /// Why not, as the end of the sentence "NAME in SOURCE: ...".
    fn parse(text: &str, spec: &Spec) -> Result<Self, String>;

    /// Makes the value of all occurrences that count, lowest precedence first.
    ///
    /// # Errors
    /// As [`ParamType::parse`].
    fn parse_all(texts: &[&str], spec: &Spec) -> Result<Self, String> {
        Self::parse(texts.last().copied().unwrap_or_default(), spec)
    }

    /// Checks the declared bounds; types without an order have none.
    ///
    /// # Errors
    /// Which bound is broken.
    fn range(&self, _spec: &Spec) -> Result<(), String> {
        Ok(())
    }
}

/// Checks a value against the declared bounds, for types that have an order.
///
/// # Errors
/// Which bound is broken.
pub fn in_range<T: ParamType + PartialOrd>(value: &T, spec: &Spec) -> Result<(), String> {
    let bound =
        |text: Option<&'static str>| text.and_then(|text| T::parse(text, spec).ok().map(|b| (b, text)));
    match (bound(spec.min), bound(spec.max)) {
        (Some((min, text)), _) if *value < min => Err(format!("must be at least {text}")),
        (_, Some((max, text))) if *value > max => Err(format!("must be at most {text}")),
        _ => Ok(()),
    }
}

/// A text as it may stand in a message: short, and without control characters.
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

/// Makes a type with `FromStr` the type of a parameter; `$name` says what it takes.
///
/// ```
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Color { Red, Green }
/// impl std::str::FromStr for Color {
///     type Err = &'static str;
///     fn from_str(text: &str) -> Result<Self, Self::Err> {
///         match text {
///             "red" => Ok(Self::Red),
///             "green" => Ok(Self::Green),
///             _ => Err("expected red or green"),
///         }
///     }
/// }
/// bkjs_core::param_from_str!(Color, "red or green");
/// ```
#[macro_export]
macro_rules! param_from_str {
    ($type:ty, $name:expr) => {
        impl $crate::config::ParamType for $type {
            fn type_name() -> ::std::string::String {
                ::std::string::String::from($name)
            }
            fn parse(
                text: &str,
                _spec: &$crate::config::Spec,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                <$type as ::core::str::FromStr>::from_str(text)
                    .map_err(|e| ::std::format!("{} is not {}: {e}", $crate::config::quoted(text), $name))
            }
        }
    };
}
