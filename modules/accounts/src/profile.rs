//! What a profile shows beside what is stored.

use bkjs_core::Result;
use bkjs_core::db::{Options, RowFate};
use bkjs_core::value::{Row, date_of};
use jiff::civil::Date;
use jiff::{Unit, Zoned};

/// Fills in first and last name from the name, and the age in years from the birthday.
pub(crate) fn complete(row: &mut Row, _: &Options) -> Result<RowFate> {
    if let Some((first, last)) = row.text("name").trim().split_once(char::is_whitespace) {
        let (first, last) = (first.to_owned(), last.trim().to_owned());
        for (column, part) in [("first_name", first), ("last_name", last)] {
            if row.get(column).is_some_and(|v| v.is_empty()) {
                row.set(column, part);
            }
        }
    }
    // The clock and its zone cost more than the rest: most rows have no birthday.
    if row.has("birthday")
        && let Some(age) = age(row.text("birthday"), Zoned::now().date())
    {
        row.set("age", age);
    }
    Ok(RowFate::Keep)
}

/// Whole years between a birthday and today.
fn age(birthday: &str, today: Date) -> Option<i32> {
    let years = date_of(birthday)?.until((Unit::Year, today)).ok()?.get_years();
    (years >= 0).then(|| years.into())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_and_age_are_filled_in() {
        let mut row = Row::new()
            .with("name", "Ann Lee Doe")
            .with("first_name", bkjs_core::value::Value::Null)
            .with("last_name", "Kept")
            .with("birthday", "2000-01-01");
        complete(&mut row, &Options::new()).expect("keeps");
        assert_eq!((row.text("first_name"), row.text("last_name")), ("Ann", "Kept"));
        assert!(row.int("age").expect("age") >= 26);
    }

    #[test]
    fn an_age_counts_birthdays() {
        assert_eq!(age("2000-06-15", date(2020, 6, 14)), Some(19));
        assert_eq!(age("2000-06-15T00:00:00Z", date(2020, 6, 15)), Some(20));
        assert_eq!(age("06/15/2000", date(2020, 6, 15)), Some(20));
        assert_eq!(age("soon", date(2020, 6, 15)), None);
        assert_eq!(age("2030-01-01", date(2020, 6, 15)), None);
    }
}
