use std::fmt;

use zeroize::Zeroizing;

use super::ParamType;
use crate::config::{Decoding, Spec};

/// A text that is neither printed nor left in memory when it is dropped.
///
/// The source it came from keeps its own copy as long as the configuration lives.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Keep it out of messages and logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "" } else { "***" })
    }
}

impl ParamType for Secret {
    const SECRET: bool = true;
    const DECODING: Decoding = Decoding::Verbatim;

    fn type_name() -> String {
        "secret".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        Ok(Self::new(text))
    }
}
