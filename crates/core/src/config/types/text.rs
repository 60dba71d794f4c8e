use std::path::PathBuf;

use super::{ParamType, quoted};
use crate::config::{Decoding, Shape, Spec};

impl ParamType for String {
    fn type_name() -> String {
        "text".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl ParamType for PathBuf {
    const DECODING: Decoding = Decoding::Space;

    fn type_name() -> String {
        "path".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        if text.contains('\0') {
            return Err(format!("{} is not a path", quoted(text)));
        }
        Ok(Self::from(text))
    }
}

impl ParamType for serde_json::Value {
    const DECODING: Decoding = Decoding::Space;

    fn type_name() -> String {
        "json".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        // Without the text: options of a connection may hold a password.
        serde_json::from_str(text).map_err(|e| format!("not valid json: {e}"))
    }
}

/// None when it is not given, or given empty.
impl<T: ParamType> ParamType for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const FLAG: bool = T::FLAG;
    const BARE: Option<&'static str> = T::BARE;
    const SECRET: bool = T::SECRET;
    const DECODING: Decoding = T::DECODING;

    fn type_name() -> String {
        T::type_name()
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text, spec).map(Some) }
    }

    fn parse_all(texts: &[&str], spec: &Spec) -> Result<Self, String> {
        match texts {
            [] | [.., ""] => Ok(None),
            texts => T::parse_all(texts, spec).map(Some),
        }
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        self.as_ref().map_or(Ok(()), |value| value.range(spec))
    }
}
