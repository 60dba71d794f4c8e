//! Conditions whose truth does not depend on the record are decided here, so that no driver meets an
//! empty list or an empty group.

use crate::db::{Condition, Group, GroupKind, Query};

/// A condition after checking.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::db) enum Checked {
    /// It restricts nothing.
    Always,
    /// No record can match.
    Never,
    /// It depends on the record.
    Some(Query),
}

/// A part of a group after checking.
pub(super) enum Part {
    Always,
    Never,
    Condition(Condition),
    Group(Group),
}

/// Joins parts as `kind` says.
pub(super) fn fold(kind: GroupKind, parts: Vec<Part>) -> Checked {
    let (mut always, mut never, mut rest) = (false, false, Query::new());
    for part in parts {
        match part {
            Part::Always => always = true,
            Part::Never => never = true,
            Part::Condition(condition) => rest.conditions.push(condition),
            Part::Group(group) => rest.groups.push(group),
        }
    }
    match kind {
        GroupKind::And if never => Checked::Never,
        GroupKind::And if rest.is_empty() => Checked::Always,
        GroupKind::Or if always => Checked::Always,
        GroupKind::Or if rest.is_empty() => Checked::Never,
        GroupKind::Not if never => Checked::Always,
        GroupKind::Not if rest.is_empty() => Checked::Never,
        _ => Checked::Some(rest),
    }
}

impl Checked {
    /// As part of a larger condition; `kind` is how its own parts are joined.
    pub(super) fn into_part(self, kind: GroupKind) -> Part {
        match self {
            Self::Always => Part::Always,
            Self::Never => Part::Never,
            Self::Some(query) => Part::Group(Group { kind, query }),
        }
    }

    /// Both must hold.
    pub(in crate::db) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, one) | (one, Self::Always) => one,
            (Self::Some(mut a), Self::Some(b)) => {
                a.conditions.extend(b.conditions);
                a.groups.extend(b.groups);
                Self::Some(a)
            }
        }
    }
}
