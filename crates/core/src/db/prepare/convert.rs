//! The changes that a column makes to values before they are stored.

use super::Plan;
use crate::schema::{Column, Convert};
use crate::value::Value;

/// Makes the changes of a column, in order. What a change has no meaning for stays as it is.
pub(super) fn apply(plan: &Plan, column: &Column, mut value: Value) -> Value {
    for convert in &column.convert {
        value = match value {
            Value::Text(text) => on_text(plan, convert, text),
            Value::Int(_) | Value::Real(_) => on_number(convert, value),
            Value::List(list) => Value::List(on_list(plan, convert, list)),
            Value::Set(list) => Value::Set(on_list(plan, convert, list)),
            other => other,
        };
    }
    value
}

/// Makes those changes that conditions take as well: letter case and white space.
pub(super) fn apply_to_condition(column: &Column, value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(column.convert.iter().fold(text, case_and_space)),
        other => other,
    }
}

fn case_and_space(text: String, convert: &Convert) -> String {
    match convert {
        Convert::Lower => text.to_lowercase(),
        Convert::Upper => text.to_uppercase(),
        Convert::Trim => text.trim().to_owned(),
        Convert::Capitalize => capitalize(&text),
        _ => text,
    }
}

fn on_text(plan: &Plan, convert: &Convert, text: String) -> Value {
    match convert {
        Convert::Strip(pattern) => match plan.pattern(pattern) {
            Some(regex) => Value::Text(regex.replace_all(&text, "").into_owned()),
            None => Value::Text(text),
        },
        Convert::Replace(pattern, with) => match plan.pattern(pattern) {
            Some(regex) => Value::Text(regex.replace_all(&text, with.as_str()).into_owned()),
            None => Value::Text(text),
        },
        Convert::Multiply(_) | Convert::Increment(_) | Convert::Decimals(_) => {
            let trimmed = text.trim();
            let number = trimmed.parse().map(Value::Int).or_else(|_| trimmed.parse().map(Value::Real));
            number.map_or(Value::Text(text), |number| on_number(convert, number))
        }
        _ => Value::Text(case_and_space(text, convert)),
    }
}

fn on_list(plan: &Plan, convert: &Convert, list: Vec<Value>) -> Vec<Value> {
    let one = |value| match value {
        Value::Text(text) => on_text(plan, convert, text),
        other => other,
    };
    list.into_iter().map(one).collect()
}

/// Integers stay integers, and exact, as long as the operand is whole and the result fits.
fn on_number(convert: &Convert, value: Value) -> Value {
    let exact = match (convert, &value) {
        (Convert::Multiply(f), Value::Int(i)) => whole(*f).and_then(|f| i.checked_mul(f)),
        (Convert::Increment(n), Value::Int(i)) => whole(*n).and_then(|n| i.checked_add(n)),
        (Convert::Decimals(_), Value::Int(i)) => Some(*i),
        _ => None,
    };
    if let Some(exact) = exact {
        return Value::Int(exact);
    }
    let number = match &value {
        Value::Int(i) => *i as f64,
        Value::Real(r) => *r,
        _ => return value,
    };
    match convert {
        Convert::Multiply(factor) => Value::Real(number * factor),
        Convert::Increment(by) => Value::Real(number + by),
        Convert::Decimals(digits) => Value::Real(round(number, *digits)),
        _ => value,
    }
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 2f64.powi(53)).then_some(number as i64)
}

/// Rounded as decimal text is, so that 1.005 does not depend on a multiplication that is itself rounded.
fn round(number: f64, digits: u32) -> f64 {
    let digits = usize::try_from(digits.min(300)).unwrap_or(300);
    format!("{number:.digits$}").parse().unwrap_or(number)
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::Table;

    fn check(column: &Column, given: impl Into<Value>, expected: impl Into<Value>) {
        let plan = Plan::new(Arc::new(Table::new("t").column(column.clone()))).expect("patterns parse");
        assert_eq!(apply(&plan, column, given.into()), expected.into());
    }

    #[test]
    fn changes_are_made_in_order() {
        check(&Column::text("a").convert(Convert::Trim).convert(Convert::Capitalize), " aNNA ", "Anna");
        check(&Column::text("a").convert(Convert::Strip("[0-9]+".into())), "a12b3", "ab");
        check(&Column::text("a").convert(Convert::Replace("a+".into(), "o".into())), "baab", "bob");
    }

    #[test]
    fn arithmetic_keeps_integers_whole() {
        check(&Column::int("a").convert(Convert::Multiply(100.0)), 3, 300);
        check(
            &Column::real("a").convert(Convert::Multiply(100.0)).convert(Convert::Decimals(1)),
            "1.23456",
            123.5,
        );
        check(&Column::int("a").convert(Convert::Increment(1.0)), i64::MAX, i64::MAX as f64 + 1.0);
    }
}
