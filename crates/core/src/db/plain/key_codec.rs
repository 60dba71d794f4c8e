//! Values as bytes whose order is the order of the values, one after the other without ambiguity.
//!
//! Null is least. Texts and bytes end with 0 1, and a 0 in them becomes 0 255, so that a shorter text comes
//! before every longer one and no text runs into what follows. Numbers have a fixed length with the sign
//! turned. Decimals compare by value: sign, number of digits, digits.

use super::encode_row;
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Row, Value};
use crate::{Error, ErrorKind, Result};

const NULL: u8 = 0x01;
const FALSE: u8 = 0x02;
const TRUE: u8 = 0x03;
const INT: u8 = 0x10;
const REAL: u8 = 0x11;
const DECIMAL: u8 = 0x12;
const TEXT: u8 = 0x20;
const BYTES: u8 = 0x21;
const OTHER: u8 = 0x30;

/// The bytes of a primary key.
///
/// # Errors
/// `KeyIncomplete` when there is not one value, other than null, for each key column.
pub(crate) fn key_bytes(table: &Table, key: &[Value]) -> Result<Vec<u8>> {
    if key.len() != table.keys().len() || key.is_empty() || key.iter().any(Value::is_null) {
        let message = format!("the primary key of table {} is not complete", table.name);
        return Err(Error::new(ErrorKind::KeyIncomplete, message));
    }
    let mut bytes = Vec::with_capacity(key.len() * 24);
    for (column, value) in table.keys().zip(key) {
        push_value(&mut bytes, value, Some(column));
        // Keys that are equal as numbers and written differently are different keys.
        if column.column_type() == ColumnType::Decimal {
            push_value(&mut bytes, value, None);
        }
    }
    Ok(bytes)
}

/// Appends the bytes of a value of this column. Lists and objects get bytes too, but those have no order.
pub(crate) fn push_value(bytes: &mut Vec<u8>, value: &Value, column: Option<&Column>) {
    match value {
        Value::Null => bytes.push(NULL),
        Value::Bool(false) => bytes.push(FALSE),
        Value::Bool(true) => bytes.push(TRUE),
        Value::Int(i) => {
            bytes.push(INT);
            bytes.extend((*i as u64 ^ 1 << 63).to_be_bytes());
        }
        Value::Real(r) => {
            // The two zeros are equal.
            let bits = (r + 0.0).to_bits();
            let ordered = if bits >> 63 == 1 { !bits } else { bits ^ 1 << 63 };
            bytes.push(REAL);
            bytes.extend(ordered.to_be_bytes());
        }
        Value::Text(t) if column.is_some_and(|c| c.column_type() == ColumnType::Decimal) => {
            bytes.push(DECIMAL);
            push_decimal(bytes, t);
        }
        Value::Text(t) => {
            bytes.push(TEXT);
            push_escaped(bytes, t.as_bytes());
        }
        Value::Bytes(b) => {
            bytes.push(BYTES);
            push_escaped(bytes, b);
        }
        Value::List(_) | Value::Set(_) | Value::Map(_) => {
            bytes.push(OTHER);
            // Encoding values in memory does not fail.
            push_escaped(bytes, &encode_row(&Row::new().with("", value.clone())).unwrap_or_default());
        }
    }
}

/// The start of what all texts with this prefix, or all values of the kind of this one, have: for ranges.
pub(crate) fn push_text_prefix(bytes: &mut Vec<u8>, prefix: &str) {
    bytes.push(TEXT);
    push_escaped(bytes, prefix.as_bytes());
    bytes.truncate(bytes.len() - 2);
}

/// The least bytes greater than everything that starts with these; none when there are no such bytes.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

fn push_escaped(bytes: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(u8::MAX);
        }
    }
    bytes.extend([0, 1]);
}

fn push_decimal(bytes: &mut Vec<u8>, text: &str) {
    let (minus, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let negative = minus && !(whole.is_empty() && fraction.is_empty());
    bytes.push(u8::from(!negative));
    let start = bytes.len();
    // The facade lets no number of more than some hundred digits in.
    bytes.extend(u16::try_from(whole.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(whole.as_bytes());
    bytes.extend(fraction.as_bytes());
    bytes.push(0);
    if negative {
        bytes[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::slice::from_ref;

    use proptest::prelude::*;

    use super::*;
    use crate::db::evaluate::{compare, compare_decimals};

    fn bytes(values: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| push_value(&mut bytes, value, None));
        bytes
    }

    fn pair() -> impl Strategy<Value = (Value, Value)> {
        let text = || "[a\0\u{1}\u{ff}é]{0,4}".prop_map(Value::Text);
        prop_oneof![
            (any::<i64>().prop_map(Value::Int), any::<i64>().prop_map(Value::Int)),
            (any::<f64>().prop_map(Value::from), any::<f64>().prop_map(Value::from)),
            (text(), text()),
            (any::<bool>().prop_map(Value::Bool), any::<bool>().prop_map(Value::Bool)),
        ]
    }

    fn order(a: &Value, b: &Value) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (false, false) => compare(a, b).expect("comparable"),
            (a, b) => b.cmp(&a),
        }
    }

    proptest! {
        #[test]
        fn bytes_order_as_values_do(one in pair(), two in pair()) {
            prop_assert_eq!(bytes(from_ref(&one.0)).cmp(&bytes(from_ref(&one.1))), order(&one.0, &one.1));
            let both = order(&one.0, &one.1).then_with(|| order(&two.0, &two.1));
            prop_assert_eq!(bytes(&[one.0, two.0]).cmp(&bytes(&[one.1, two.1])), both);
        }

        #[test]
        fn decimals_order_by_value(a in "-?[0-9]{1,4}(\\.[0-9]{1,3})?", b in "-?[0-9]{1,4}(\\.[0-9]{1,3})?") {
            let column = Column::decimal("d");
            let bytes = |text: &str| {
                let mut bytes = Vec::new();
                push_value(&mut bytes, &text.into(), Some(&column));
                bytes
            };
            prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), compare_decimals(&a, &b));
        }

        #[test]
        fn a_prefix_holds_its_texts_and_no_others(prefix in "[a\0é]{0,3}", text in "[a\0é]{0,5}") {
            let mut start = Vec::new();
            push_text_prefix(&mut start, &prefix);
            let end = prefix_end(&start).expect("there is an end");
            let bytes = bytes(&[text.as_str().into()]);
            prop_assert_eq!(start <= bytes && bytes < end, text.starts_with(&prefix));
        }
    }

    #[test]
    fn an_incomplete_key_has_no_bytes() {
        let table = Table::new("t").column(Column::text("a").primary()).column(Column::int("b").primary());
        for key in [&["x".into()][..], &["x".into(), Value::Null], &[]] {
            assert_eq!(key_bytes(&table, key).expect_err("refused").kind(), ErrorKind::KeyIncomplete);
        }
    }
}
