//! The rules of a column for its values; what breaks them is collected, not thrown at the first.

use crate::schema::Column;
use crate::value::{Value, date_of};
use crate::{Error, ErrorKind, Result};

/// The rules that a record breaks.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<String>);

impl Failures {
    /// Another broken rule: the column and what it must be.
    pub(super) fn push(&mut self, column: &Column, reason: &str) {
        self.0.push(format!("{} {reason}", column.name));
    }

    /// # Errors
    /// `ValidationFailed` with all reasons, one a line, if there are any.
    pub(super) fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ValidationFailed, self.0.join("\n")))
    }
}

/// Checks the length, the range, the form and the choice of a value that is not empty; cuts it where the column says so.
pub(super) fn check(column: &Column, value: &mut Value, failures: &mut Failures) {
    if let (Some((least, greatest)), Some(number)) = (column.range, number(value))
        && !(least..=greatest).contains(&number)
    {
        failures.push(column, &format!("must be from {least} to {greatest}"));
    }
    if let (true, Value::Text(text)) = (column.date, &*value)
        && !text.is_empty()
        && date_of(text).is_none()
    {
        failures.push(column, "must be a date, as in 1990-12-31");
    }
    if let Some(max) = column.max {
        limit(column, value, max, failures);
    }
    if !column.values.is_empty() {
        let allowed = |v: &Value| column.values.contains(v);
        let fits = match &*value {
            Value::List(l) | Value::Set(l) => l.iter().all(allowed),
            Value::Null => true,
            one => allowed(one),
        };
        if !fits {
            failures.push(column, &format!("must be one of {}", list_of(&column.values)));
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Real(r) => Some(*r),
        _ => None,
    }
}

fn limit(column: &Column, value: &mut Value, max: usize, failures: &mut Failures) {
    let (length, unit) = match &*value {
        // The bytes bound the characters: the usual short text is not counted at all.
        Value::Text(t) if t.len() <= max => return,
        Value::Text(t) => (t.chars().count(), "characters"),
        Value::Bytes(b) => (b.len(), "bytes"),
        Value::List(l) | Value::Set(l) => (l.len(), "elements"),
        _ => return,
    };
    if length <= max {
        return;
    }
    if !column.truncate {
        failures.push(column, &format!("is too long, {length} > {max} {unit}"));
        return;
    }
    match value {
        Value::Text(t) => {
            let end = t.char_indices().nth(max).map_or(t.len(), |(at, _)| at);
            t.truncate(end);
        }
        Value::Bytes(b) => b.truncate(max),
        Value::List(l) | Value::Set(l) => l.truncate(max),
        _ => {}
    }
}

fn list_of(values: &[Value]) -> String {
    let texts: Vec<String> =
        values.iter().map(|v| v.as_str().map_or_else(|| v.to_json().to_string(), str::to_owned)).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(column: &Column, given: impl Into<Value>) -> std::result::Result<Value, String> {
        let mut value = given.into();
        let mut failures = Failures::default();
        check(column, &mut value, &mut failures);
        failures.into_result().map(|()| value).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn lengths_count_characters() {
        assert!(check_one(&Column::text("short").max(32), "😀".repeat(32)).is_ok());
        assert_eq!(
            check_one(&Column::text("short").max(32), "x".repeat(33)),
            Err("short is too long, 33 > 32 characters".into())
        );
        assert_eq!(
            check_one(&Column::text("cut").max(8).truncate(), "é".repeat(20)),
            Ok(Value::from("é".repeat(8)))
        );
    }

    #[test]
    fn a_number_outside_of_the_range_is_refused() {
        let column = || Column::real("n").range(-90.0, 90.0);
        for good in [-90.0, -0.0, 90.0] {
            assert!(check_one(&column(), good).is_ok(), "{good}");
        }
        assert!(check_one(&column(), Value::Null).is_ok());
        for bad in [90.000_001, -91.0, f64::MAX] {
            assert_eq!(check_one(&column(), bad), Err("n must be from -90 to 90".into()), "{bad}");
        }
        assert!(check_one(&Column::int("n").range(0.0, 9.0), 10).is_err());
    }

    #[test]
    fn a_text_that_is_no_date_is_refused() {
        let column = || Column::text("born").date();
        assert_eq!(check_one(&column(), "1990-12-31"), Ok("1990-12-31".into()));
        assert!(check_one(&column(), "").is_ok());
        for wrong in ["soon", "1/2/3"] {
            assert_eq!(check_one(&column(), wrong), Err("born must be a date, as in 1990-12-31".into()));
        }
    }

    #[test]
    fn a_value_outside_of_the_choice_is_named_with_the_choice() {
        let column = || Column::text("type").values(["a", "b"]);
        assert_eq!(check_one(&column(), "c"), Err("type must be one of a, b".into()));
        assert!(check_one(&column(), Value::Null).is_ok());
    }
}
