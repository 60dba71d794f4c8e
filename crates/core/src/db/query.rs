use super::prepare::split_operator;
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// How a condition compares, or a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// Equal; a list means one of it, null means null.
    Eq,
    /// Different and not null.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Within two bounds, both included.
    Between,
    /// Outside two bounds.
    NotBetween,
    /// One of a list; an empty list matches nothing.
    In,
    /// None of a list; an empty list restricts nothing.
    NotIn,
    /// Null.
    Null,
    /// Not null.
    NotNull,
    /// Starts with this text, letter for letter.
    BeginsWith,
    /// Does not start with it.
    NotBeginsWith,
    /// Ends with it.
    EndsWith,
    /// Does not end with it.
    NotEndsWith,
    /// Holds this text, or any of these elements.
    Contains,
    /// Does not hold it.
    NotContains,
    /// Holds all of these elements.
    AllIn,
    /// Does not hold all of them.
    NotAllIn,
    /// Starts with this text whatever the case of the letters.
    IBeginsWith,
    /// Matches an SQL pattern with `%` and `_`.
    Like,
    /// Does not match it.
    NotLike,
    /// Matches it whatever the case.
    ILike,
    /// Does not match it whatever the case.
    NotILike,
    /// Matches a regular expression.
    Regexp,
    /// Does not match it.
    NotRegexp,
    /// Matches it whatever the case.
    IRegexp,
    /// Does not match it whatever the case.
    NotIRegexp,
    /// The column takes no part.
    None,
    /// Change: set.
    Set,
    /// Change: add a number; null counts as 0.
    Incr,
    /// Change: put elements at the end of a list or into a set.
    Add,
    /// Change: take elements out of a list or set.
    Del,
    /// Change: text at the end.
    Append,
    /// Change: text at the start.
    Prepend,
    /// Change: set when null.
    NotExists,
    /// Change: set to null.
    Unset,
}

impl Op {
    /// Whether this compares: it may stand in a condition.
    pub const fn is_condition(self) -> bool {
        !self.is_change() || matches!(self, Self::None)
    }

    /// Whether this changes: it may stand in a record.
    pub const fn is_change(self) -> bool {
        matches!(
            self,
            Self::Set
                | Self::Incr
                | Self::Add
                | Self::Del
                | Self::Append
                | Self::Prepend
                | Self::NotExists
                | Self::Unset
                | Self::None
        )
    }

    /// The operator of a name or symbol; case is ignored, `_` equals a space.
    ///
    /// # Errors
    /// `Invalid` for a name that is none.
    pub fn parse(name: &str) -> Result<Self> {
        let lower = name.trim().to_lowercase().replace('_', " ");
        Ok(match lower.as_str() {
            "" | "eq" | "=" | "==" => Self::Eq,
            "ne" | "!=" | "<>" => Self::Ne,
            "gt" | ">" => Self::Gt,
            "ge" | ">=" => Self::Ge,
            "lt" | "<" => Self::Lt,
            "le" | "<=" => Self::Le,
            "between" => Self::Between,
            "not between" => Self::NotBetween,
            "in" => Self::In,
            "not in" => Self::NotIn,
            "null" => Self::Null,
            "not null" => Self::NotNull,
            "begins with" | "like%" => Self::BeginsWith,
            "not begins with" => Self::NotBeginsWith,
            "ends with" => Self::EndsWith,
            "not ends with" => Self::NotEndsWith,
            "contains" => Self::Contains,
            "not contains" => Self::NotContains,
            "all in" => Self::AllIn,
            "not all in" => Self::NotAllIn,
            "ibegins with" | "ilike%" => Self::IBeginsWith,
            "like" => Self::Like,
            "not like" => Self::NotLike,
            "ilike" => Self::ILike,
            "not ilike" => Self::NotILike,
            "regexp" | "~" => Self::Regexp,
            "not regexp" | "!~" => Self::NotRegexp,
            "iregexp" | "~*" => Self::IRegexp,
            "not iregexp" | "!~*" => Self::NotIRegexp,
            "none" => Self::None,
            "set" => Self::Set,
            "incr" => Self::Incr,
            "add" => Self::Add,
            "del" => Self::Del,
            "append" | "concat" => Self::Append,
            "prepend" => Self::Prepend,
            "not exists" => Self::NotExists,
            "unset" | "remove" => Self::Unset,
            _ => return Err(Error::invalid(format!("unknown operator {name:.40}"))),
        })
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column.
    pub column: Name,
    /// How it compares; none means the column's usual, which is equal.
    pub op: Option<Op>,
    /// With what.
    pub value: Value,
}

/// How the parts of a group are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// All hold.
    And,
    /// At least one holds.
    Or,
    /// Not all hold.
    Not,
}

/// Conditions in parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// How its parts are joined.
    pub kind: GroupKind,
    /// The parts.
    pub query: Query,
}

/// What a record must be like to match: conditions and groups, joined by and.
///
/// ```
/// use bkjs_core::db::{Op, Query};
/// let q = Query::new().eq("type", "m").op("num", Op::Gt, 2).or(Query::new().eq("a", 1).eq("b", 2));
/// assert_eq!(q.conditions.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The comparisons.
    pub conditions: Vec<Condition>,
    /// The groups.
    pub groups: Vec<Group>,
}

impl Query {
    /// No condition.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another condition: equal, or one of a list, or null.
    #[must_use]
    pub fn eq(self, column: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.op(column, Op::Eq, value)
    }

    /// Another condition.
    #[must_use]
    pub fn op(mut self, column: impl Into<Name>, op: Op, value: impl Into<Value>) -> Self {
        self.conditions.push(Condition { column: column.into(), op: Some(op), value: value.into() });
        self
    }

    /// And at least one of these.
    #[must_use]
    pub fn or(self, query: Self) -> Self {
        self.group(GroupKind::Or, query)
    }

    /// And all of these.
    #[must_use]
    pub fn and(self, query: Self) -> Self {
        self.group(GroupKind::And, query)
    }

    /// And not all of these.
    #[must_use]
    pub fn not(self, query: Self) -> Self {
        self.group(GroupKind::Not, query)
    }

    fn group(mut self, kind: GroupKind, query: Self) -> Self {
        self.groups.push(Group { kind, query });
        self
    }

    /// Whether there is no condition at all.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.groups.is_empty()
    }
}

/// What can stand for a condition: a [`Query`], or a [`Row`] in which names may carry operators
/// (`num_$gt`) and groups (`$or`, `$and`, `$not`, with any suffix).
pub trait IntoQuery: Send {
    /// Makes the query.
    ///
    /// # Errors
    /// `Invalid` for an unknown operator or a group that is not a map.
    fn into_query(self) -> Result<Query>;
}

impl IntoQuery for Query {
    fn into_query(self) -> Result<Query> {
        Ok(self)
    }
}

impl IntoQuery for &Query {
    fn into_query(self) -> Result<Query> {
        Ok(self.clone())
    }
}

impl IntoQuery for Row {
    fn into_query(self) -> Result<Query> {
        from_row(self, 0)
    }
}

impl IntoQuery for &Row {
    fn into_query(self) -> Result<Query> {
        from_row(self.clone(), 0)
    }
}

/// Deeper groups are refused again when the query is checked; this keeps the recursion here bounded.
const MAX_DEPTH: usize = 32;

fn from_row(row: Row, depth: usize) -> Result<Query> {
    if depth == MAX_DEPTH {
        return Err(Error::invalid("a condition has too many groups within groups"));
    }
    let mut query = Query::new();
    for (name, value) in row {
        if name.starts_with('_') {
            continue;
        }
        if let Some(group) = name.strip_prefix('$') {
            let kind = group_kind(group)?;
            let Value::Map(parts) = value else {
                return Err(Error::invalid(format!(
                    "{name:.40} must be a group of conditions, not {}",
                    value.kind()
                )));
            };
            query.groups.push(Group { kind, query: from_row(parts, depth + 1)? });
            continue;
        }
        let (column, op) = split_operator(&name);
        let op = op.map(Op::parse).transpose()?;
        let column = if column.len() == name.len() { name } else { column.into() };
        query.conditions.push(Condition { column, op, value });
    }
    Ok(query)
}

/// `or`, `and`, `not` in any case, with any suffix: a map cannot have two groups of one name.
fn group_kind(name: &str) -> Result<GroupKind> {
    let start = name.trim_start_matches('$').get(..3).unwrap_or(name.trim_start_matches('$')).to_lowercase();
    match start.as_str() {
        "and" => Ok(GroupKind::And),
        "not" => Ok(GroupKind::Not),
        other if other.starts_with("or") => Ok(GroupKind::Or),
        _ => Err(Error::invalid(format!("unknown group ${name:.40}: use $or, $and or $not"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_operators_and_groups_nest() {
        let row = Row::new()
            .with("num_$gt", 1)
            .with("num_$", 2)
            .with("_secret", 1)
            .with("$OR2", Row::new().with("a", 1).with("$not", Row::new().with("b", 2)));
        let inner = Query::new().not(Query { conditions: vec![bare("b", 2)], groups: vec![] });
        let expected = Query::new()
            .op("num", Op::Gt, 1)
            .eq("num", 2)
            .or(Query { conditions: vec![bare("a", 1)], ..inner });
        assert_eq!(row.into_query().expect("parses"), expected);
    }

    fn bare(column: &str, value: i64) -> Condition {
        Condition { column: column.into(), op: None, value: value.into() }
    }

    #[test]
    fn what_is_no_group_and_no_operator_is_refused() {
        for row in [
            Row::new().with("num_$bogus", 1),
            Row::new().with("$xor", Row::new()),
            Row::new().with("$or", 1),
            Row::new().with("$", Row::new()),
        ] {
            assert_eq!(row.into_query().expect_err("refused").kind(), crate::ErrorKind::Invalid);
        }
    }

    #[test]
    fn every_operator_either_compares_or_changes() {
        assert!(Op::Eq.is_condition() && !Op::Eq.is_change());
        assert!(Op::Incr.is_change() && !Op::Incr.is_condition());
        assert!(Op::None.is_change() && Op::None.is_condition());
    }
}
