//! Which events are asked for.

use bkjs_core::{Error, Result};
use regex::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_TEXT: usize = 1024;
/// The most bytes that one takes when it is compiled, and again while it is looked for.
const MAX_COMPILED: usize = 256 << 10;

/// An expression that is looked for in the text of an event; none is in every event.
#[derive(Clone, Debug)]
pub(crate) struct Filter(Option<Regex>);

impl Filter {
    /// The filter of the parameter `match`.
    ///
    /// # Errors
    /// `Invalid` for what is no expression, or too large a one.
    pub(crate) fn new(given: Option<&str>) -> Result<Self> {
        let Some(text) = given else { return Ok(Self(None)) };
        if text.len() > MAX_TEXT {
            return Err(Error::invalid(format!("match is too long, at most {MAX_TEXT} bytes")));
        }
        let compiled =
            RegexBuilder::new(text).size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).build().map_err(
                |error| {
                    let why = match error {
                        regex::Error::CompiledTooBig(_) => "match is too large a regular expression",
                        _ => "match is not a regular expression",
                    };
                    Error::invalid(why).source(error)
                },
            );
        compiled.map(|regex| Self(Some(regex)))
    }

    /// Whether an event is asked for: the expression is in its text as it is, or without quotation marks.
    pub(crate) fn passes(&self, event: &str) -> bool {
        let Some(regex) = &self.0 else { return true };
        regex.is_match(event) || event.contains('"') && regex.is_match(&event.replace('"', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<Filter> {
        Filter::new(Some(text))
    }

    #[test]
    fn an_expression_is_looked_for_with_and_without_quotation_marks() {
        let event = r#"{"path":"/connection/add","mtime":1,"type":"like"}"#;
        for (text, passes) in [
            ("", true),
            ("connection/add", true),
            ("connection/add.*type:*like", true),
            (r#""type":"like""#, true),
            ("type:like", true),
            ("^.path", true),
            ("type:follow", false),
            ("Connection", false),
            ("(?i)Connection", true),
        ] {
            assert_eq!(filter(text).expect(text).passes(event), passes, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_or_too_large_a_one_is_refused_by_name() {
        let long = "a".repeat(MAX_TEXT + 1);
        for text in ["(", "*", "(?=a)", r"(\w{100}){100}", &long] {
            let error = filter(text).expect_err(text);
            assert!(error.status() == 400 && error.message().contains("match"), "{error}");
        }
    }
}
