//! Records whose time has passed are as if absent.

use super::prepare::{Checked, Plan, now_seconds};
use super::{Condition, Group, GroupKind, Op, Query};
use crate::value::{Name, Row, Value};

/// The condition that a record of the table has not expired; none when its records do not expire.
pub(super) fn live(plan: &Plan) -> Checked {
    let Some(ttl) = &plan.ttl else { return Checked::Always };
    let unset = Condition { column: ttl.clone(), op: Some(Op::Null), value: Value::Null };
    let either = Query { conditions: vec![unset, compare(ttl, Op::Gt)], groups: Vec::new() };
    Checked::Some(Query {
        conditions: Vec::new(),
        groups: vec![Group { kind: GroupKind::Or, query: either }],
    })
}

/// The condition that a record has expired; none when records of the table do not.
pub(super) fn expired(plan: &Plan) -> Option<Query> {
    let ttl = plan.ttl.as_ref()?;
    Some(Query { conditions: vec![compare(ttl, Op::Le)], groups: Vec::new() })
}

/// Whether the row, which has its expiry column, has not expired.
pub(super) fn is_live(plan: &Plan, row: &Row) -> bool {
    let until = plan.ttl.as_ref().and_then(|ttl| row.int(ttl));
    until.is_none_or(|until| until > now_seconds())
}

fn compare(ttl: &Name, op: Op) -> Condition {
    Condition { column: ttl.clone(), op: Some(op), value: Value::Int(now_seconds()) }
}
