//! Queries and urlencoded bodies.

use std::borrow::Cow;

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use percent_encoding::percent_decode_str;

use super::{add_value, check_name};

/// Reads `a=1&b=2` into a row of texts; a name given again makes a list, empty pieces are skipped.
///
/// # Errors
/// `Invalid`, naming the parameter, for broken percent-encoding, bytes that are no UTF-8, names that are
/// too long or hold control characters, and too many parameters.
pub(crate) fn parse_urlencoded(text: &str) -> Result<Row> {
    let mut row = Row::new();
    for piece in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = decode_part(name).map_err(|why| named(name, why))?;
        if name.is_empty() {
            continue;
        }
        check_name(&name)?;
        let value = decode_part(value).map_err(|why| named(&name, why))?;
        add_value(&mut row, &name, Value::Text(value.into_owned()))?;
    }
    Ok(row)
}

fn named(name: &str, why: &str) -> Error {
    Error::invalid(format!("{:.60}: {why}", name.escape_debug().to_string()))
}

/// Decodes percent-encoding and `+`.
fn decode_part(part: &str) -> Result<Cow<'_, str>, &'static str> {
    if !part.bytes().any(|b| b == b'%' || b == b'+') {
        return Ok(Cow::Borrowed(part));
    }
    check_percent(part)?;
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(|text| Cow::Owned(text.into_owned()))
        .map_err(|_| "is not UTF-8")
}

/// Refuses a percent sign without two hexadecimal digits.
fn check_percent(part: &str) -> Result<(), &'static str> {
    let bytes = part.as_bytes();
    for (at, _) in bytes.iter().enumerate().filter(|(_, b)| **b == b'%') {
        match bytes.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {}
            _ => return Err("has broken percent-encoding"),
        }
    }
    Ok(())
}

/// The value of the first parameter of that name in a raw query, decoded; none when it is absent or broken.
pub(crate) fn raw_value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let piece = query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='))?;
    decode_part(piece).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(query: &str, expected: Result<Row, &str>) {
        match (parse_urlencoded(query), expected) {
            (Ok(row), Ok(expected)) => assert_eq!(row, expected, "{query}"),
            (Err(e), Err(message)) => assert_eq!(e.message(), message, "{query}"),
            (got, expected) => panic!("{query}: {got:?}, not {expected:?}"),
        }
    }

    #[test]
    fn names_and_values_are_decoded() {
        check(
            "a=1&b=x+y&%63=%C3%BC&&d",
            Ok(Row::new().with("a", "1").with("b", "x y").with("c", "ü").with("d", "")),
        );
    }

    #[test]
    fn a_name_given_again_makes_a_list() {
        check("a=1&a=2&a=3", Ok(Row::new().with("a", vec!["1", "2", "3"])));
    }

    #[test]
    fn a_nul_in_a_value_stays() {
        check("a=%00", Ok(Row::new().with("a", "\0")));
        check("a%00=1", Err("parameter name holds a control character"));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_by_name() {
        check("a=%zz", Err("a: has broken percent-encoding"));
        check("a=%4", Err("a: has broken percent-encoding"));
        check("b=1&a=%ff", Err("a: is not UTF-8"));
        check("%ff=1", Err("%ff: is not UTF-8"));
    }

    #[test]
    fn too_many_parameters_are_refused() {
        let many: Vec<String> = (0..1001).map(|n| format!("p{n}=1")).collect();
        check(&many.join("&"), Err("too many parameters, at most 1000"));
        check(&"x".repeat(300), Err("parameter name is too long, 300 > 256 bytes"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse_urlencoded(&text);
            let _ = raw_value(&text, "a");
        }

        #[test]
        fn what_is_encoded_comes_back(pairs in proptest::collection::hash_map("[^\\p{C}]{1,20}", ".{0,40}", 0..20)) {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let row = parse_urlencoded(&text).expect("parses");
            prop_assert_eq!(row.len(), pairs.len());
            for (name, value) in &pairs {
                prop_assert_eq!(row.text(name), value);
            }
        }
    }
}
