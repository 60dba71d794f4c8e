use std::fmt;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{ParamType, quoted};
use crate::config::{Decoding, Shape, Spec};

/// The most memory one compiled value may take, bytes: an expression is small, or it is a mistake.
const MAX_COMPILED: usize = 2 << 20;
/// The most alternatives of one list.
const MAX_ALTERNATIVES: usize = 1000;

/// Regular expressions of which one must match; every occurrence of the parameter adds one.
///
/// The matching time is linear in the text, whatever the expressions are.
#[derive(Clone)]
pub struct RegexpList(RegexSet);

impl RegexpList {
    /// A list of expressions.
    ///
    /// # Errors
    /// Which one is malformed, or that they are too large together.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, String> {
        if patterns.len() > MAX_ALTERNATIVES {
            return Err(format!("at most {MAX_ALTERNATIVES} expressions fit into one list"));
        }
        for pattern in patterns {
            compile(pattern.as_ref())?;
        }
        let set = RegexSetBuilder::new(patterns).size_limit(MAX_COMPILED).build();
        set.map(Self).map_err(|e| explain(&e))
    }

    /// Whether one of the expressions is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether there is no expression, so that nothing matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The expressions, in order.
    pub fn patterns(&self) -> &[String] {
        self.0.patterns()
    }
}

impl Default for RegexpList {
    fn default() -> Self {
        Self(RegexSet::empty())
    }
}

impl fmt::Debug for RegexpList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns().fmt(f)
    }
}

impl ParamType for RegexpList {
    const SHAPE: Shape = Shape::Adding;

    fn type_name() -> String {
        "regexp list".into()
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        Self::parse_all(&[text], spec)
    }

    fn parse_all(texts: &[&str], _spec: &Spec) -> Result<Self, String> {
        let patterns: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
        Self::new(&patterns)
    }
}

/// One regular expression.
impl ParamType for Regex {
    fn type_name() -> String {
        "regexp".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        compile(text)
    }
}

/// A JSON object from regular expressions to texts, in order.
#[derive(Clone, Debug, Default)]
pub struct RegexpMap(Vec<(Regex, String)>);

impl RegexpMap {
    /// The text of the first expression found in `text`.
    pub fn find(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|(regex, _)| regex.is_match(text)).map(|(_, value)| value.as_str())
    }

    /// All expressions and their texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Regex, &str)> {
        self.0.iter().map(|(regex, value)| (regex, value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ParamType for RegexpMap {
    const DECODING: Decoding = Decoding::Space;

    fn type_name() -> String {
        "regexp map".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json.deserialize_map(Pairs).and_then(|pairs| json.end().map(|()| pairs));
        let pairs = pairs.map_err(|e| format!("{} is not a json object of texts: {e}", quoted(text)))?;
        if pairs.len() > MAX_ALTERNATIVES {
            return Err(format!("at most {MAX_ALTERNATIVES} expressions fit into one map"));
        }
        pairs.into_iter().map(|(p, value)| Ok((compile(&p)?, value))).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads an object in the order it is written, which a map of serde_json does not keep.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED)
        .build()
        .map_err(|e| format!("{} is not a regular expression: {}", quoted(pattern), explain(&e)))
}

/// The reason without the picture of several lines.
fn explain(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => format!("it takes more than {MAX_COMPILED} bytes"),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_or_huge_expression_is_refused_with_the_reason() {
        let spec = Spec::of::<RegexpList>("x");
        assert_eq!(spec.check("^/a("), Err("\"^/a(\" is not a regular expression: unclosed group".into()));
        assert!(spec.check("(?:a{1000}){1000}").unwrap_err().contains("more than"));
        assert!(spec.check("(?!a)").is_err());
    }

    #[test]
    fn occurrences_are_alternatives_and_an_empty_list_matches_nothing() {
        let spec = Spec::of::<RegexpList>("x");
        let list = RegexpList::parse_all(&["^/a", "", "^/b$"], &spec).unwrap();
        assert!(list.is_match("/ax") && list.is_match("/b") && !list.is_match("/bx"));
        assert!(!RegexpList::default().is_match(""));
    }

    #[test]
    fn a_map_keeps_the_order_it_is_written_in() {
        let map = RegexpMap::parse(r#"{"^z":"1","^z+a":"2"}"#, &Spec::of::<RegexpMap>("x")).unwrap();
        assert_eq!(map.find("za"), Some("1"));
        assert!(RegexpMap::parse("[]", &Spec::of::<RegexpMap>("x")).is_err());
    }
}
