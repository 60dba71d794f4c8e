//! Conditions of callers: columns known, operators and values normal, sizes bounded.
//!
//! What a driver may meet afterwards is written at [`Driver`](crate::db::driver::Driver).

use super::condition::condition;
use super::fold::{Part, fold};
use super::names::is_ignored;
use super::{Checked, Context};
use crate::db::{Condition, GroupKind, Query};
use crate::{Error, Result};

/// Groups within groups.
const MAX_DEPTH: usize = 16;
/// Comparisons and groups altogether; engines limit the depth of an expression.
const MAX_PARTS: usize = 2_000;
/// Values of all lists together; engines limit the parameters of a statement.
const MAX_VALUES: usize = 10_000;

/// What a condition may still have.
struct Budget {
    parts: usize,
    values: usize,
}

impl Budget {
    fn spend(&mut self, parts: usize, values: usize) -> Result<()> {
        self.parts = self.parts.checked_sub(parts).ok_or_else(|| {
            Error::invalid(format!("a condition has more than {MAX_PARTS} comparisons and groups"))
        })?;
        self.values = self.values.checked_sub(values).ok_or_else(|| {
            Error::invalid(format!("a condition has more than {MAX_VALUES} values in lists"))
        })?;
        Ok(())
    }
}

/// Checks a condition; with `options.any` its comparisons are joined by or.
///
/// # Errors
/// `Invalid` for an unknown column, a value that does not fit, an empty group, a condition that is too
/// large; `Unsupported` for an operator that the driver does not have.
pub(in crate::db) fn check(context: &Context<'_>, mut query: Query, any: bool) -> Result<Checked> {
    let mut budget = Budget { parts: MAX_PARTS, values: MAX_VALUES };
    if any && query.conditions.len() > 1 {
        let either = Query { conditions: std::mem::take(&mut query.conditions), groups: Vec::new() };
        let either = fold(GroupKind::Or, conditions(context, either.conditions, &mut budget)?);
        let rest = fold(GroupKind::And, groups(context, query, 0, &mut budget)?);
        return Ok(fold(GroupKind::And, vec![either.into_part(GroupKind::Or)]).and(rest));
    }
    Ok(fold(GroupKind::And, parts(context, query, 0, &mut budget)?))
}

fn parts(context: &Context<'_>, mut query: Query, depth: usize, budget: &mut Budget) -> Result<Vec<Part>> {
    let mut parts = conditions(context, std::mem::take(&mut query.conditions), budget)?;
    parts.extend(groups(context, query, depth, budget)?);
    Ok(parts)
}

fn conditions(context: &Context<'_>, all: Vec<Condition>, budget: &mut Budget) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(all.len());
    for one in all {
        budget.spend(1, one.value.as_list().map_or(0, <[_]>::len))?;
        if !is_ignored(&one.column) {
            parts.extend(condition(context, one)?);
        }
    }
    Ok(parts)
}

fn groups(context: &Context<'_>, query: Query, depth: usize, budget: &mut Budget) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(query.groups.len());
    for group in query.groups {
        if depth == MAX_DEPTH {
            return Err(Error::invalid(format!(
                "a condition has more than {MAX_DEPTH} groups within groups"
            )));
        }
        budget.spend(1, 0)?;
        let inner = self::parts(context, group.query, depth + 1, budget)?;
        if inner.is_empty() {
            return Err(Error::invalid("a group of a condition is empty: give it a column or leave it out"));
        }
        parts.push(fold(group.kind, inner).into_part(group.kind));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;
    use crate::db::driver::Driver as _;
    use crate::db::drivers::none::NoneDriver;
    use crate::db::prepare::Plan;
    use crate::db::{IntoQuery, Op, Options};
    use crate::schema::{Column, Convert, Table};
    use crate::value::{Row, Value};

    fn checked(query: Query, options: &Options) -> Result<Checked> {
        let table = Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("num"))
            .column(Column::text("name").convert(Convert::Lower).convert(Convert::Trim))
            .column(Column::email("mail"))
            .column(Column::set("tags").of_int())
            .column(Column::object("obj"))
            .column(Column::text("part").hidden());
        let plan = Plan::new(Arc::new(table)).expect("no patterns");
        let context = Context { plan: &plan, can: NoneDriver.capabilities(), options };
        check(&context, query, options.any)
    }

    #[track_caller]
    fn becomes(given: Query, normal: Query) {
        assert_eq!(checked(given, &Options::new()).expect("is accepted"), Checked::Some(normal));
    }

    #[track_caller]
    fn is_decided(given: Query, decided: &Checked) {
        assert_eq!(checked(given, &Options::new()).expect("is accepted"), *decided);
    }

    #[track_caller]
    fn is_refused(given: Query) {
        assert_eq!(checked(given, &Options::new()).expect_err("is refused").kind(), ErrorKind::Invalid);
    }

    fn q() -> Query {
        Query::new()
    }

    #[test]
    fn operators_become_the_plain_ones() {
        becomes(q().eq("num", vec!["1", "2"]), q().op("num", Op::In, vec![Value::Int(1), 2.into()]));
        becomes(q().eq("num", Value::Null), q().op("num", Op::Null, Value::Null));
        becomes(q().op("num", Op::Ne, ""), q().op("num", Op::NotNull, Value::Null));
        becomes(q().op("num", Op::In, "7"), q().op("num", Op::In, vec![Value::Int(7)]));
        becomes(
            q().op("num", Op::Between, "2,10"),
            q().op("num", Op::Between, vec![Value::Int(2), 10.into()]),
        );
        becomes(q().op("tags", Op::Contains, "3"), q().op("tags", Op::Contains, vec![Value::Int(3)]));
        becomes(q().eq("name", " ABC "), q().eq("name", "abc"));
    }

    #[test]
    fn what_does_not_depend_on_the_record_is_decided() {
        let none = || q().op("num", Op::In, Value::List(vec![]));
        let all = || q().op("num", Op::NotIn, Value::List(vec![]));
        is_decided(none(), &Checked::Never);
        is_decided(all(), &Checked::Always);
        is_decided(q().op("num", Op::Gt, Value::Null), &Checked::Never);
        is_decided(q().eq("id", "a").and(none()), &Checked::Never);
        is_decided(q().not(none()), &Checked::Always);
        is_decided(q().not(all()), &Checked::Never);
        becomes(q().or(none().eq("id", "a")), q().or(q().eq("id", "a")));
        is_decided(q().or(all().eq("id", "a")), &Checked::Always);
    }

    #[test]
    fn a_bad_address_does_not_match_the_empty_ones() {
        becomes(q().eq("mail", "nobody"), q().eq("mail", "nobody"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        is_refused(q().eq("unknown", 1));
        is_refused(q().eq("part", 1));
        is_refused(q().eq("name", Row::new()));
        is_refused(q().op("num", Op::Between, "2"));
        is_refused(q().op("num", Op::BeginsWith, "2"));
        is_refused(q().eq("tags", 1));
        is_refused(q().op("num", Op::Incr, 1));
        is_refused(q().or(q()));
        is_refused(q().or(q().op("num", Op::None, 1)));
        is_refused(q().op("name", Op::Regexp, "("));
        is_refused((0..17).fold(q().eq("num", 1), |inner, _| q().and(inner)));
        is_refused((0..2_001).fold(q(), |all, n| all.eq("num", n)));
    }

    #[test]
    fn any_joins_the_comparisons_by_or_and_options_give_operators() {
        let options = Options { any: true, ops: vec![("num".into(), Op::Gt)], ..Options::new() };
        let given = Row::new().with("num", 1).with("name", "a").into_query().expect("parses");
        let expected = q().or(q().op("num", Op::Gt, 1).eq("name", "a"));
        assert_eq!(checked(given, &options).expect("is accepted"), Checked::Some(expected));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Real),
            ".{0,8}".prop_map(Value::Text),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::vec((name(), inner), 0..4)
                    .prop_map(|all| Value::Map(all.into_iter().map(|(n, v)| (n.into(), v)).collect())),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "(num|name|mail|tags|obj|obj\\.a|part|id)(_\\$(gt|in|between|contains|regexp|like|null|incr|))?",
            "\\$(or|and|not)[a-z0-9]?",
            ".{0,12}",
        ]
    }

    fn known(query: &Query) -> bool {
        const NAMES: [&str; 6] = ["id", "num", "name", "mail", "tags", "obj"];
        let path = |n: &str| {
            n.strip_prefix("obj.")
                .is_some_and(|p| p.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)))
        };
        query.conditions.iter().all(|c| NAMES.contains(&&*c.column) || path(&c.column))
            && query.groups.iter().all(|g| !g.query.is_empty() && known(&g.query))
    }

    proptest! {
        #[test]
        fn no_input_panics_and_no_unknown_name_passes(row in prop::collection::vec((name(), value()), 0..5)) {
            let row: Row = row.into_iter().map(|(n, v)| (n.into(), v)).collect();
            if let Ok(query) = row.into_query()
                && let Ok(Checked::Some(query)) = checked(query, &Options::new())
            {
                prop_assert!(known(&query), "{query:?}");
            }
        }
    }
}
