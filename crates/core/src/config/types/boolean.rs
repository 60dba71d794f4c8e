use super::{ParamType, quoted};
use crate::config::Spec;

/// Whether a word says true or false.
pub(in crate::config) fn is_truth(text: &str) -> bool {
    word(text).is_some()
}

fn word(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// True when the name stands alone.
impl ParamType for bool {
    const FLAG: bool = true;
    const BARE: Option<&'static str> = Some("true");

    fn type_name() -> String {
        "bool".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        word(text).ok_or_else(|| format!("{} is neither true nor false", quoted(text)))
    }
}
