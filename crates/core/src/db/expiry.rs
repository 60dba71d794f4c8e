//! Records whose time has passed are as if absent: said to drivers by conditions, unless they see to it.

use super::driver::Capabilities;
use super::prepare::{Checked, Plan, now_seconds};
use super::{Condition, Group, GroupKind, Op, Query};
use crate::value::{Name, Row, Value};

/// The condition that a record of the table has not expired; nothing when its records do not
/// expire, or the driver leaves expired ones out.
pub(super) fn live(plan: &Plan, can: &Capabilities) -> Checked {
    let Some(ttl) = plan.ttl.as_ref().filter(|_| !can.ttl) else { return Checked::Always };
    let unset = Condition { column: ttl.clone(), op: Some(Op::Null), value: Value::Null };
    let either = Query { conditions: vec![unset, compare(ttl, Op::Gt)], groups: Vec::new() };
    Checked::Some(Query {
        conditions: Vec::new(),
        groups: vec![Group { kind: GroupKind::Or, query: either }],
    })
}

/// The condition that a record has expired; none when records of the table do not, or the
/// driver leaves expired ones out.
pub(super) fn expired(plan: &Plan, can: &Capabilities) -> Option<Query> {
    let ttl = plan.ttl.as_ref().filter(|_| !can.ttl)?;
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
