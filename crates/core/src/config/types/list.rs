use std::collections::{BTreeMap, BTreeSet};

use super::{ParamType, quoted};
use crate::config::{Decoding, Shape, Spec};

/// The most elements of a list; what has more belongs into a table.
const MAX_ELEMENTS: usize = 10_000;

/// The elements of one occurrence: at commas or bars, trimmed, empty ones dropped.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '|']).map(str::trim).filter(|e| !e.is_empty())
}

fn all<T: ParamType, L: FromIterator<T>>(texts: &[&str], spec: &Spec) -> Result<L, String> {
    let all: Vec<&str> = texts.iter().flat_map(|text| elements(text)).collect();
    if all.len() > MAX_ELEMENTS {
        return Err(format!("a list has at most {MAX_ELEMENTS} elements"));
    }
    all.into_iter().map(|e| T::parse(e, spec)).collect()
}

/// Elements apart by comma or bar.
impl<T: ParamType> ParamType for Vec<T> {
    const SHAPE: Shape = Shape::List;
    const SECRET: bool = T::SECRET;
    const DECODING: Decoding = T::DECODING;

    fn type_name() -> String {
        format!("list of {}", T::type_name())
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        all(&[text], spec)
    }

    fn parse_all(texts: &[&str], spec: &Spec) -> Result<Self, String> {
        all(texts, spec)
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        self.iter().try_for_each(|value| value.range(spec))
    }
}

/// As a list, each element once.
impl<T: ParamType + Ord> ParamType for BTreeSet<T> {
    const SHAPE: Shape = Shape::List;
    const SECRET: bool = T::SECRET;
    const DECODING: Decoding = T::DECODING;

    fn type_name() -> String {
        format!("set of {}", T::type_name())
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        all(&[text], spec)
    }

    fn parse_all(texts: &[&str], spec: &Spec) -> Result<Self, String> {
        all(texts, spec)
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        self.iter().try_for_each(|value| value.range(spec))
    }
}

/// `key:value,key:value`; a key given again has the later value.
impl<T: ParamType> ParamType for BTreeMap<String, T> {
    const SHAPE: Shape = Shape::List;
    const SECRET: bool = T::SECRET;
    const DECODING: Decoding = T::DECODING;

    fn type_name() -> String {
        format!("map to {}", T::type_name())
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        Self::parse_all(&[text], spec)
    }

    fn parse_all(texts: &[&str], spec: &Spec) -> Result<Self, String> {
        let pairs: Vec<&str> = texts.iter().flat_map(|text| elements(text)).collect();
        if pairs.len() > MAX_ELEMENTS {
            return Err(format!("a map has at most {MAX_ELEMENTS} elements"));
        }
        let pair = |pair: &str| {
            let (key, value) =
                pair.split_once(':').ok_or_else(|| format!("{} is not key:value", quoted(pair)))?;
            Ok((key.trim().to_owned(), T::parse(value.trim(), spec)?))
        };
        pairs.into_iter().map(pair).collect()
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        self.values().try_for_each(|value| value.range(spec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_apart_by_comma_or_bar() {
        let spec = Spec::of::<Vec<i64>>("x").max("9");
        assert_eq!(Vec::parse("1, 2|3,,", &spec), Ok(vec![1, 2, 3]));
        assert!(Vec::<i64>::parse("1,x", &spec).is_err());
        assert_eq!(spec.check("10"), Err("must be at most 9".into()));
    }

    #[test]
    fn a_map_is_pairs_of_key_and_value() {
        let spec = Spec::of::<BTreeMap<String, i64>>("x");
        let map = BTreeMap::parse_all(&["a:1,b:2", "a:3"], &spec);
        assert_eq!(map, Ok(BTreeMap::from([("a".into(), 3), ("b".into(), 2)])));
        assert!(spec.check("a").is_err());
    }
}
