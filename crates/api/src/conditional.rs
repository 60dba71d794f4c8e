//! What a request asks of something that has a version and a length: all of it, a part, or only whether it changed.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use bkjs_core::storage::Stat;
use http::{HeaderMap, HeaderValue, header};
use http_range_header::parse_range_header;

/// Whether the client has this version already.
pub(crate) fn has_tag(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    names_tag(headers, header::IF_NONE_MATCH, tag)
}

fn names_tag(headers: &HeaderMap, name: header::HeaderName, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || bare(known) == bare(tag))
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// A part.
    Part(Range<u64>),
    /// Nothing: the client has it.
    Known,
    /// Nothing: it is another one than the client means.
    Another,
    /// A part that is not there.
    Beyond,
}

/// What a request wants of an object (RFC 9110, sections 13.2.2 and 14.2). Several ranges at once are answered with the
/// whole, and so is a range that is malformed.
pub(crate) fn wanted(headers: &HeaderMap, stat: &Stat, tag: &HeaderValue) -> Wanted {
    if headers.contains_key(header::IF_MATCH) {
        if !names_tag(headers, header::IF_MATCH, tag) {
            return Wanted::Another;
        }
    } else if date(headers, header::IF_UNMODIFIED_SINCE)
        .is_some_and(|date| seconds(stat.modified) > seconds(date))
    {
        return Wanted::Another;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        if has_tag(headers, tag) {
            return Wanted::Known;
        }
    } else if date(headers, header::IF_MODIFIED_SINCE)
        .is_some_and(|date| seconds(stat.modified) <= seconds(date))
    {
        return Wanted::Known;
    }
    let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
        return Wanted::Whole;
    };
    let another = headers.get(header::IF_RANGE).is_some_and(|known| {
        let since = known.to_str().ok().and_then(|text| httpdate::parse_http_date(text).ok());
        known != tag && since.is_none_or(|date| seconds(date) != seconds(stat.modified))
    });
    let Ok(ranges) = parse_range_header(range) else { return Wanted::Whole };
    if another {
        return Wanted::Whole;
    }
    match ranges.validate(stat.len).as_deref() {
        Ok([one]) => Wanted::Part(*one.start()..one.end().saturating_add(1)),
        Ok(_) => Wanted::Whole,
        Err(_) => Wanted::Beyond,
    }
}

fn date(headers: &HeaderMap, name: header::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// HTTP knows whole seconds only.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn check(headers: &[(header::HeaderName, &str)]) -> Wanted {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
        let stat = Stat { len: 10, modified, version: "v".into() };
        let headers = headers.iter().map(|(name, text)| (name.clone(), HeaderValue::from_str(text).unwrap()));
        wanted(&headers.collect(), &stat, &HeaderValue::from_static("\"v\""))
    }

    #[test]
    fn a_version_that_the_client_has_is_known() {
        use header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE};
        for (headers, expected) in [
            (&[][..], Wanted::Whole),
            (&[(IF_NONE_MATCH, "\"v\"")], Wanted::Known),
            (&[(IF_NONE_MATCH, "\"a\", W/\"v\"")], Wanted::Known),
            (&[(IF_NONE_MATCH, "*")], Wanted::Known),
            (&[(IF_NONE_MATCH, "\"a\"")], Wanted::Whole),
            (&[(IF_NONE_MATCH, "\"a\""), (IF_MODIFIED_SINCE, LATER)], Wanted::Whole),
            (&[(IF_MODIFIED_SINCE, DAY)], Wanted::Known),
            (&[(IF_MODIFIED_SINCE, BEFORE)], Wanted::Whole),
            (&[(IF_MODIFIED_SINCE, "yesterday")], Wanted::Whole),
            (&[(IF_NONE_MATCH, "\"v\""), (RANGE, "bytes=0-1")], Wanted::Known),
        ] {
            assert_eq!(check(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn another_version_than_the_one_that_is_meant_is_refused() {
        use header::{IF_MATCH, IF_UNMODIFIED_SINCE};
        assert_eq!(check(&[(IF_MATCH, "\"a\"")]), Wanted::Another);
        assert_eq!(check(&[(IF_MATCH, "\"v\"")]), Wanted::Whole);
        assert_eq!(check(&[(IF_UNMODIFIED_SINCE, BEFORE)]), Wanted::Another);
        assert_eq!(check(&[(IF_UNMODIFIED_SINCE, DAY)]), Wanted::Whole);
    }

    #[test]
    fn one_range_is_a_part_and_nonsense_is_the_whole() {
        use header::{IF_RANGE, RANGE};
        for (range, expected) in [
            ("bytes=2-4", Wanted::Part(2..5)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=0-99", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=", Wanted::Whole),
        ] {
            assert_eq!(check(&[(RANGE, range)]), expected, "{range}");
        }
        assert_eq!(check(&[(RANGE, "bytes=1-2"), (IF_RANGE, "\"v\"")]), Wanted::Part(1..3));
        assert_eq!(check(&[(RANGE, "bytes=1-2"), (IF_RANGE, DAY)]), Wanted::Part(1..3));
        assert_eq!(check(&[(RANGE, "bytes=1-2"), (IF_RANGE, "\"a\"")]), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn a_part_lies_within(text in "bytes=[0-9,-]{0,24}") {
            if let Wanted::Part(range) = check(&[(header::RANGE, &text)]) {
                prop_assert!(range.start < range.end && range.end <= 10, "{text}: {range:?}");
            }
        }
    }
}
