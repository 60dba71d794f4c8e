//! Conditions as expressions of the service, where these mean exactly the same.
//!
//! What it cannot say (patterns, the end of a text, numbers beyond its range, decimals by value) has no
//! expression; the caller then asks [`Matcher`](crate::db::evaluate::Matcher) instead.

use aws_sdk_dynamodb::types::AttributeValue;

use super::convert::{encode, encode_plain};
use super::expression::Terms;
use crate::db::{Condition, Group, GroupKind, Op, Query};
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;

/// The longest expression in bytes; the service takes 4096, the rest is for what the caller adds.
const MAX_LENGTH: usize = 3000;
/// The most values of one comparison.
const MAX_VALUES: usize = 100;
/// The largest value in bytes that is worth sending.
const MAX_BYTES: usize = 16 << 10;

/// The expression of a whole condition; none when it has none.
pub(super) fn exact(terms: &mut Terms, table: &Table, query: &Query) -> Option<String> {
    let mark = terms.mark();
    let text = Writer { terms, table, without: &[] }.query(query, " AND ").filter(|t| t.len() < MAX_LENGTH);
    if text.is_none() {
        terms.reset(mark);
    }
    text
}

/// An expression that holds of every record for which the condition does, and perhaps of others; columns
/// of `without` have no part in it. The flag tells whether it is exact.
pub(super) fn superset(
    terms: &mut Terms,
    table: &Table,
    query: &Query,
    without: &[&str],
) -> (Option<String>, bool) {
    let (mut parts, mut exact, mut length) = (Vec::new(), true, 0);
    let mut writer = Writer { terms, table, without };
    let mut take = |terms: &mut Terms, mark, part: Option<String>| match part {
        Some(part) if length + part.len() < MAX_LENGTH => {
            length += part.len() + 5;
            parts.push(part);
        }
        _ => {
            terms.reset(mark);
            exact = false;
        }
    };
    for condition in &query.conditions {
        let mark = writer.terms.mark();
        let part = writer.condition(condition);
        take(writer.terms, mark, part);
    }
    for group in &query.groups {
        let mark = writer.terms.mark();
        let part = writer.group(group);
        take(writer.terms, mark, part);
    }
    (super::expression::all_of(&parts), exact)
}

struct Writer<'a> {
    terms: &'a mut Terms,
    table: &'a Table,
    without: &'a [&'a str],
}

impl Writer<'_> {
    fn query(&mut self, query: &Query, join: &str) -> Option<String> {
        let mut parts = Vec::with_capacity(query.conditions.len() + query.groups.len());
        for condition in &query.conditions {
            parts.push(self.condition(condition)?);
        }
        for group in &query.groups {
            parts.push(self.group(group)?);
        }
        (!parts.is_empty()).then(|| parts.join(join))
    }

    fn group(&mut self, group: &Group) -> Option<String> {
        Some(match group.kind {
            GroupKind::And => enclosed(self.query(&group.query, " AND ")?),
            GroupKind::Or => enclosed(self.query(&group.query, " OR ")?),
            GroupKind::Not => format!("(NOT {})", enclosed(self.query(&group.query, " AND ")?)),
        })
    }

    fn condition(&mut self, condition: &Condition) -> Option<String> {
        let column = self.table.find(&condition.column)?;
        if self.without.contains(&&*column.name) {
            return None;
        }
        let name = self.terms.name(&column.name);
        let there = |this: &mut Self| {
            let null = this.terms.value(AttributeValue::S("NULL".into()));
            format!("(attribute_exists({name}) AND NOT attribute_type({name}, {null}))")
        };
        let op = condition.op.unwrap_or(Op::Eq);
        match op {
            Op::NotNull => return Some(there(self)),
            Op::Null => return Some(format!("(NOT {})", there(self))),
            _ => {}
        }
        let positive = match op {
            Op::Ne => Op::Eq,
            Op::NotIn => Op::In,
            Op::NotBetween => Op::Between,
            Op::NotBeginsWith => Op::BeginsWith,
            Op::NotContains => Op::Contains,
            Op::NotAllIn => Op::AllIn,
            op => op,
        };
        let test = self.test(column, &name, positive, &condition.value)?;
        if positive == op {
            return Some(test);
        }
        Some(format!("({} AND NOT {test})", there(self)))
    }

    /// A test that null does not pass, in parentheses where it has parts.
    fn test(&mut self, column: &Column, name: &str, op: Op, value: &Value) -> Option<String> {
        use ColumnType as T;
        let kind = column.column_type();
        let ordered =
            matches!(kind, T::Text | T::Email | T::Phone | T::Int | T::Counter | T::Time | T::Ttl | T::Bytes);
        let many = matches!(kind, T::List | T::Set);
        Some(match op {
            Op::Eq if ordered || kind == T::Bool => format!("{name} = {}", self.value(column, value)?),
            Op::Gt if ordered => format!("{name} > {}", self.value(column, value)?),
            Op::Ge if ordered => format!("{name} >= {}", self.value(column, value)?),
            Op::Lt if ordered => format!("{name} < {}", self.value(column, value)?),
            Op::Le if ordered => format!("{name} <= {}", self.value(column, value)?),
            Op::Between if ordered => {
                let [low, high] = value.as_list()? else { return None };
                // BETWEEN would be refused with bounds in the wrong order.
                format!(
                    "({name} >= {} AND {name} <= {})",
                    self.value(column, low)?,
                    self.value(column, high)?
                )
            }
            Op::In if ordered || kind == T::Bool => {
                let values: Option<Vec<_>> =
                    few(value)?.iter().map(|value| self.value(column, value)).collect();
                format!("({name} IN ({}))", values?.join(", "))
            }
            Op::BeginsWith if is_text(kind) => {
                format!("begins_with({name}, {})", self.text(value)?)
            }
            Op::Contains if is_text(kind) => format!("contains({name}, {})", self.text(value)?),
            Op::Contains if many => self.elements(name, value, " OR ")?,
            Op::AllIn if many => self.elements(name, value, " AND ")?,
            _ => return None,
        })
    }

    fn elements(&mut self, name: &str, value: &Value, join: &str) -> Option<String> {
        let mut parts = Vec::new();
        for element in few(value)? {
            if size(element) > MAX_BYTES {
                return None;
            }
            parts.push(format!("contains({name}, {})", self.terms.value(encode_plain(element))));
        }
        Some(format!("({})", parts.join(join)))
    }

    fn value(&mut self, column: &Column, value: &Value) -> Option<String> {
        let empty_key = column.primary.is_some() && value.is_empty();
        if size(value) > MAX_BYTES || empty_key {
            return None;
        }
        Some(self.terms.value(encode(column, value)?))
    }

    /// A text that is not empty: what the service makes of an empty one differs by function.
    fn text(&mut self, value: &Value) -> Option<String> {
        let text = value.as_str().filter(|text| !text.is_empty() && text.len() <= MAX_BYTES)?;
        Some(self.terms.value(AttributeValue::S(text.to_owned())))
    }
}

/// The expression in parentheses, unless it stands in some already: the service refuses two around one.
fn enclosed(expression: String) -> String {
    let mut depth = 0_usize;
    let end = expression.bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    if expression.starts_with('(') && end == Some(expression.len() - 1) {
        return expression;
    }
    format!("({expression})")
}

fn is_text(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text | ColumnType::Email | ColumnType::Phone)
}

fn few(value: &Value) -> Option<&[Value]> {
    value.as_list().filter(|list| !list.is_empty() && list.len() <= MAX_VALUES)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("size"))
            .column(Column::real("real"))
            .column(Column::list("tags"))
    }

    fn check(query: &Query, expected: &str) {
        let mut terms = Terms::default();
        let text = exact(&mut terms, &table(), query).unwrap_or_default();
        assert_eq!(text, expected);
        if text.is_empty() {
            assert!(terms.names().is_none() && terms.values().is_none(), "{terms:?}");
        }
    }

    #[test]
    fn names_and_values_are_placeholders() {
        check(
            &Query::new().eq("size", 1).op("id", Op::BeginsWith, "x"),
            "#n0 = :v0 AND begins_with(#n1, :v1)",
        );
        check(
            &Query::new().op("tags", Op::Contains, vec!["a", "b"]),
            "(contains(#n0, :v0) OR contains(#n0, :v1))",
        );
    }

    #[test]
    fn negations_do_not_match_null() {
        check(
            &Query::new().op("size", Op::Ne, 1),
            "((attribute_exists(#n0) AND NOT attribute_type(#n0, :v1)) AND NOT #n0 = :v0)",
        );
        check(&Query::new().not(Query::new().eq("size", 1)), "(NOT (#n0 = :v0))");
    }

    #[test]
    fn no_expression_stands_in_two_pairs_of_parentheses() {
        let two = || Query::new().eq("size", 1).eq("size", 2);
        check(&Query::new().and(Query::new().or(two())), "(#n0 = :v0 OR #n0 = :v1)");
        check(&Query::new().not(Query::new().or(two())), "(NOT (#n0 = :v0 OR #n0 = :v1))");
        let both = Query::new().or(two()).or(two());
        check(&Query::new().not(both), "(NOT ((#n0 = :v0 OR #n0 = :v1) AND (#n0 = :v2 OR #n0 = :v3)))");
    }

    #[test]
    fn what_would_mean_something_else_has_no_expression() {
        check(&Query::new().op("id", Op::EndsWith, "x"), "");
        check(&Query::new().eq("real", 1.5), "");
        check(&Query::new().eq("size", 1).or(Query::new().op("id", Op::Like, "x%")), "");
        check(&Query::new().op("id", Op::Contains, ""), "");
    }

    #[test]
    fn a_superset_leaves_out_what_has_no_expression() {
        let mut terms = Terms::default();
        let query = Query::new().op("id", Op::Regexp, "x").eq("size", 1);
        assert_eq!(superset(&mut terms, &table(), &query, &[]), (Some("#n0 = :v0".into()), false));
        assert_eq!(terms.values().map(|v| v.len()), Some(1));
        assert_eq!(superset(&mut Terms::default(), &table(), &query, &["size"]), (None, false));
    }
}
