//! Calendar dates as people write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};

/// How dates are written beside ISO 8601: those that JavaScript's `Date` reads, and the German one.
const FORMS: [&str; 7] =
    ["%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y"];

/// The date that a text is: ISO 8601 (`1990-12-31`, with or without a time), `1990/12/31`, `12/31/1990`, `31.12.1990`,
/// `Dec 31, 1990` or `31 December 1990`. `None` for anything else, numbers, parts of a date and years of fewer than four
/// digits included. Where the text has a zone, it is the date in UTC.
///
/// ```
/// use bkjs_core::value::date_of;
/// assert_eq!(date_of("12/31/1990"), date_of("1990-12-31T08:00:00"));
/// assert_eq!(date_of("soon"), None);
/// ```
pub fn date_of(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(TimeZone::UTC).date());
    }
    let iso = text.parse::<DateTime>().map(DateTime::date).or_else(|_| text.parse::<Date>());
    let written = || FORMS.iter().find_map(|form| strtime::parse(form, text).ok()?.to_date().ok());
    // Nobody means the year 90 by 12/31/90.
    iso.ok().or_else(|| written().filter(|date| date.year() >= 1000))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_are_read_as_they_are_usually_written() {
        for text in [
            "1990-12-31",
            " 1990-12-31 ",
            "19901231",
            "1990-12-31 08:00:00",
            "1990-12-31T08:00:00",
            "1990-12-31T08:00:00.000Z",
            "1990/12/31",
            "12/31/1990",
            "31.12.1990",
            "Dec 31, 1990",
            "December 31, 1990",
            "31 Dec 1990",
            "31 December 1990",
        ] {
            assert_eq!(date_of(text), Some(date(1990, 12, 31)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_no_day_of_the_calendar_is_none() {
        for text in
            ["", "foo", "1990", "1990-12", "1990-13-01", "1990-02-30", "02/30/1990", "-1", "12345", "31.12"]
        {
            assert_eq!(date_of(text), None, "{text}");
        }
        for text in ["1/2/3", "12/31/90", "90/12/31", "31.12.90", "Dec 31, 90", "31 December 5"] {
            assert_eq!(date_of(text), None, "{text} has no year of four digits");
        }
    }
}
