//! A value as its column holds it: the same result on every driver, or `Invalid` with the column's name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Numbers above this are milliseconds where seconds are wanted: as seconds they mean a year after 5000.
const SECONDS_LIMIT: i64 = 100_000_000_000;

/// The value as the column stores it; null stays null.
///
/// # Errors
/// `Invalid`, naming the column, when the value has no meaning for the type.
pub(in crate::db) fn typed(column: &Column, value: Value) -> Result<Value> {
    if value.is_null() {
        return Ok(value);
    }
    let converted = match column.column_type() {
        ColumnType::Text => text(value),
        ColumnType::Int | ColumnType::Counter => int(value),
        ColumnType::Real => real(value),
        ColumnType::Decimal => decimal(value),
        ColumnType::Bool => boolean(value),
        ColumnType::Json => json(value),
        ColumnType::Object => matches!(value, Value::Map(_)).then(|| plain(value)).ok_or("must be an object"),
        ColumnType::Array => array(value),
        ColumnType::List => elements(value).and_then(texts).map(Value::List),
        ColumnType::Set => set(value, column.of_int),
        ColumnType::Time => time(value),
        ColumnType::Ttl => ttl(value),
        ColumnType::Bytes => bytes(value),
        ColumnType::Email => Ok(Value::Text(email(&value))),
        ColumnType::Phone => Ok(Value::Text(phone(&value))),
    };
    converted.map_err(|reason| Error::invalid(format!("{} {reason}", column.name)))
}

/// What is wrong with a value; the caller puts the column's name before it.
type Checked<T> = std::result::Result<T, &'static str>;

fn text(value: Value) -> Checked<Value> {
    Ok(match value {
        Value::Text(_) => value,
        Value::Bool(b) => Value::Text(b.to_string()),
        Value::Int(i) => Value::Text(i.to_string()),
        Value::Real(r) if r.is_finite() => Value::Text(r.to_string()),
        _ => return Err("must be a text"),
    })
}

/// The integer that a value stands for; empty text is null.
pub(super) fn int(value: Value) -> Checked<Value> {
    const REASON: &str = "must be an integer of at most 64 bits";
    Ok(match value {
        Value::Int(_) => value,
        Value::Bool(b) => Value::Int(b.into()),
        // 2^63 itself is the first double out of range, hence the strict comparison.
        Value::Real(r) if r.fract() == 0.0 && r >= -(2f64.powi(63)) && r < 2f64.powi(63) => {
            Value::Int(r as i64)
        }
        Value::Text(t) if t.trim().is_empty() => Value::Null,
        Value::Text(t) => Value::Int(t.trim().parse().map_err(|_| REASON)?),
        _ => return Err(REASON),
    })
}

/// The double that a value stands for; empty text is null.
pub(super) fn real(value: Value) -> Checked<Value> {
    const REASON: &str = "must be a finite number";
    let number = match value {
        Value::Real(r) => r,
        Value::Int(i) => i as f64,
        Value::Text(t) if t.trim().is_empty() => return Ok(Value::Null),
        Value::Text(t) => t.trim().parse().map_err(|_| REASON)?,
        _ => return Err(REASON),
    };
    if number.is_finite() { Ok(Value::Real(number)) } else { Err(REASON) }
}

fn decimal(value: Value) -> Checked<Value> {
    let text = match value {
        Value::Int(i) => i.to_string(),
        Value::Real(r) if r.is_finite() => r.to_string(),
        Value::Text(t) if t.trim().is_empty() => return Ok(Value::Null),
        Value::Text(t) => t.trim().trim_start_matches('+').to_owned(),
        _ => return Err("must be a decimal number"),
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if all_digits(whole) && all_digits(fraction) && text.len() <= 400 {
        Ok(Value::Text(text))
    } else {
        Err("must be a decimal number, as in -12.50")
    }
}

fn boolean(value: Value) -> Checked<Value> {
    let is = |t: &str, names: &[&str]| names.iter().any(|n| t.eq_ignore_ascii_case(n));
    Ok(match &value {
        Value::Bool(_) => value,
        Value::Int(i @ (0 | 1)) => Value::Bool(*i == 1),
        Value::Text(t) if t.is_empty() => Value::Null,
        Value::Text(t) if is(t, &["true", "yes", "on", "1"]) => Value::Bool(true),
        Value::Text(t) if is(t, &["false", "no", "off", "0"]) => Value::Bool(false),
        _ => return Err("must be true or false"),
    })
}

fn json(value: Value) -> Checked<Value> {
    match value {
        Value::Text(t) => {
            let parsed = serde_json::from_str(&t).map_err(|_| "is not valid JSON")?;
            Value::from_json(parsed).map_err(|_| "has a number of more than 64 bits")
        }
        other => Ok(plain(other)),
    }
}

fn array(value: Value) -> Checked<Value> {
    match value {
        Value::List(_) | Value::Set(_) => Ok(plain(value)),
        _ => Err("must be an array"),
    }
}

/// Only what JSON knows, at every depth, so that what is read back equals what was stored.
fn plain(value: Value) -> Value {
    match value {
        Value::Bytes(b) => Value::Text(STANDARD.encode(b)),
        Value::Real(r) if !r.is_finite() => Value::Null,
        Value::List(l) | Value::Set(l) => Value::List(l.into_iter().map(plain).collect()),
        Value::Map(m) => Value::Map(m.into_iter().map(|(n, v)| (n, plain(v))).collect::<Row>()),
        other => other,
    }
}

/// The elements of a list: of text those between commas, of another scalar itself.
pub(super) fn elements(value: Value) -> Checked<Vec<Value>> {
    Ok(match value {
        Value::List(l) | Value::Set(l) => l.into_iter().filter(|v| !v.is_null()).collect(),
        Value::Text(t) => {
            t.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        Value::Int(_) | Value::Real(_) | Value::Bool(_) => vec![value],
        _ => return Err("must be a list"),
    })
}

fn texts(elements: Vec<Value>) -> Checked<Vec<Value>> {
    elements.into_iter().map(|v| text(v).map_err(|_| "must be a list of texts")).collect()
}

fn set(value: Value, of_int: bool) -> Checked<Value> {
    let elements = elements(value)?;
    if of_int {
        let mut numbers = Vec::with_capacity(elements.len());
        for element in elements {
            match int(element).map_err(|_| "must be a set of integers")? {
                Value::Int(i) => numbers.push(i),
                _ => return Err("must be a set of integers"),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        return Ok(Value::Set(numbers.into_iter().map(Value::Int).collect()));
    }
    let mut texts: Vec<String> = texts(elements)?
        .into_iter()
        .filter_map(|v| match v {
            Value::Text(t) => Some(t),
            _ => None,
        })
        .collect();
    texts.sort_unstable();
    texts.dedup();
    Ok(Value::Set(texts.into_iter().map(Value::Text).collect()))
}

fn time(value: Value) -> Checked<Value> {
    const REASON: &str = "must be a time: milliseconds since 1970 or ISO 8601";
    match &value {
        Value::Text(t) if t.trim().is_empty() => Ok(Value::Null),
        Value::Text(t) => match int(value.clone()) {
            Ok(number) => Ok(number),
            Err(_) => iso_millis(t.trim()).map(Value::Int).ok_or(REASON),
        },
        Value::Int(_) | Value::Real(_) => int(value).map_err(|_| REASON),
        _ => Err(REASON),
    }
}

fn ttl(value: Value) -> Checked<Value> {
    const REASON: &str = "must be a time: seconds since 1970 or ISO 8601";
    let iso = value.as_str().and_then(|t| iso_millis(t.trim()));
    let number = match iso {
        Some(millis) => return Ok(Value::Int(millis.div_euclid(1000))),
        None if matches!(value, Value::Bool(_)) => return Err(REASON),
        None => int(value).map_err(|_| REASON)?,
    };
    Ok(match number {
        Value::Int(i) if i > SECONDS_LIMIT => Value::Int(i / 1000),
        other => other,
    })
}

/// Milliseconds of an ISO 8601 time; without a zone it is UTC.
fn iso_millis(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let civil =
        text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0))).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn bytes(value: Value) -> Checked<Value> {
    match value {
        Value::Bytes(_) => Ok(value),
        Value::Text(t) => STANDARD.decode(t).map(Value::Bytes).map_err(|_| "must be bytes in base64"),
        _ => Err("must be bytes"),
    }
}

/// The address, trimmed and lowered; empty when it is none.
fn email(value: &Value) -> String {
    let lower = value.as_str().unwrap_or_default().trim().to_lowercase();
    let fits = |(local, domain): (&str, &str)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').count() > 1
            && domain.split('.').all(|label| !label.is_empty())
    };
    let clean = lower.len() <= 254 && !lower.chars().any(|c| c.is_whitespace() || c.is_control());
    if clean && lower.split_once('@').is_some_and(fits) { lower } else { String::new() }
}

/// The number without its punctuation; empty when it is none.
fn phone(value: &Value) -> String {
    let given = match value {
        Value::Text(t) => t.clone(),
        Value::Int(i) if *i > 0 => i.to_string(),
        _ => return String::new(),
    };
    let bare: String = given.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    if (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        bare
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(column: &Column, given: impl Into<Value>, expected: impl Into<Value>) {
        assert_eq!(typed(column, given.into()).expect("converts"), expected.into());
    }

    fn refuse(column: &Column, given: impl Into<Value>) {
        let given = given.into();
        let error = typed(column, given.clone()).expect_err(&format!("{given:?} must be refused"));
        assert_eq!(error.kind(), crate::ErrorKind::Invalid);
        assert!(error.message().starts_with(&*column.name), "{error}");
    }

    #[test]
    fn integers_are_exact_or_refused() {
        check(&Column::int("n"), "007", 7);
        check(&Column::int("n"), true, 1);
        check(&Column::int("n"), 2.0, 2);
        check(&Column::int("n"), "", Value::Null);
        check(&Column::int("n"), "9223372036854775807", i64::MAX);
        for bad in ["abc", "9223372036854775808", "1.7"] {
            refuse(&Column::int("n"), bad);
        }
        refuse(&Column::int("n"), 1.7);
        refuse(&Column::int("n"), 2f64.powi(63));
    }

    #[test]
    fn reals_are_finite() {
        check(&Column::real("r"), "5e-324", 5e-324);
        refuse(&Column::real("r"), Value::Real(f64::NAN));
        refuse(&Column::real("r"), "inf");
        refuse(&Column::real("r"), true);
    }

    #[test]
    fn decimals_keep_their_text() {
        check(&Column::decimal("d"), "123456789012345678.12", "123456789012345678.12");
        refuse(&Column::decimal("d"), "1e5");
        refuse(&Column::decimal("d"), "1.");
    }

    #[test]
    fn truth_has_eight_spellings() {
        for yes in ["true", "yes", "on", "1"] {
            check(&Column::bool("b"), yes, true);
        }
        for no in ["false", "no", "off", "0"] {
            check(&Column::bool("b"), no, false);
        }
        check(&Column::bool("b"), 1, true);
        refuse(&Column::bool("b"), 2);
    }

    #[test]
    fn text_takes_scalars_only() {
        check(&Column::text("t"), 123, "123");
        check(&Column::text("t"), true, "true");
        check(&Column::text("t"), "a\0b", "a\0b");
        refuse(&Column::text("t"), Row::new());
    }

    #[test]
    fn lists_split_text_but_keep_elements() {
        check(&Column::list("l"), "a,,b", vec!["a", "b"]);
        check(&Column::list("l"), vec!["a,b", "c"], vec!["a,b", "c"]);
        check(&Column::list("l"), vec![Value::Int(1)], vec!["1"]);
        refuse(&Column::list("l"), vec![Value::Map(Row::new())]);
    }

    #[test]
    fn sets_are_unique_and_sorted() {
        let mixed = vec![Value::Int(5), "3".into(), Value::Int(1), "5".into()];
        check(&Column::set("s").of_int(), mixed, Value::Set(vec![1.into(), 3.into(), 5.into()]));
        refuse(&Column::set("s").of_int(), vec!["x"]);
    }

    #[test]
    fn times_are_milliseconds_and_ttl_seconds() {
        check(&Column::time("w"), "2024-01-01T00:00:00Z", 1_704_067_200_000_i64);
        check(&Column::time("w"), "2024-01-01", 1_704_067_200_000_i64);
        check(&Column::ttl("u"), "2024-01-01T00:00:00Z", 1_704_067_200_i64);
        check(&Column::ttl("u"), 1_704_067_200_000_i64, 1_704_067_200_i64);
        refuse(&Column::time("w"), "tomorrow");
    }

    #[test]
    fn json_text_is_parsed_once_and_objects_are_objects() {
        check(&Column::json("j"), "{\"a\":1}", Row::new().with("a", 1));
        check(&Column::json("j"), Row::new(), Row::new());
        refuse(&Column::json("j"), "{");
        refuse(&Column::object("o"), "text");
        refuse(&Column::array("a"), Row::new());
    }

    #[test]
    fn bad_addresses_become_empty() {
        check(&Column::email("e"), " A@B.com ", "a@b.com");
        check(&Column::email("e"), "NotAnEmail", "");
        check(&Column::phone("p"), "+1 (202) 555-0100", "+12025550100");
        check(&Column::phone("p"), "call me", "");
    }
}
