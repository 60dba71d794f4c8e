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

#[allow(clippy::unimplemented)]
impl IntoQuery for Row {
    fn into_query(self) -> Result<Query> {
        unimplemented!()
    }
}
