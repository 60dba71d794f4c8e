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
const MAX_PARTS: usize = 500;
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
