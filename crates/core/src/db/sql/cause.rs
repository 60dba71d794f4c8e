use crate::ErrorKind;

/// Why a statement failed. Each product has one table from its own codes to these, so that the same failure reads
/// the same on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Not every product knows all of them.
#[allow(dead_code)]
pub(crate) enum Cause {
    /// Another record has the key, or the value of a unique column.
    Exists,
    /// Null in a column that takes none.
    Null,
    /// Another rule of the table.
    Constraint,
    /// A value of another type.
    WrongType,
    /// A number that its column cannot hold.
    OutOfRange,
    /// No regular expression, or one that is too large.
    Pattern,
    /// A regular expression that takes too many steps.
    TooHard,
    /// There is no such table.
    NoTable,
    /// The table has no such column.
    NoColumn,
    /// The statement cannot be read.
    Malformed,
    /// A value, or a row, is too large.
    TooLarge,
    /// A condition has too many parts.
    TooLong,
    /// It took longer than allowed.
    Late,
    /// The server takes no writes.
    ReadOnly,
    /// Other transactions hold what this one needs.
    InTheWay,
    /// The server has no connection left.
    TooMany,
    /// Prepared for tables that have changed since.
    Stale,
    /// The login is refused.
    Login,
    /// The connection, or the server, is gone.
    Lost,
    /// None of these.
    Unknown,
}

impl Cause {
    /// The kind of its error, and what the caller is told; nothing for what is for the log only.
    pub(crate) const fn told(self) -> (ErrorKind, &'static str) {
        use ErrorKind as K;
        match self {
            Self::Exists => (K::AlreadyExists, "a record with this key or unique value exists already"),
            Self::Null => (K::ValidationFailed, "a column that must not be null is null"),
            Self::Constraint => (K::ValidationFailed, "a constraint of the table is not met"),
            Self::WrongType => (K::Invalid, "a value does not fit the type of its column"),
            Self::OutOfRange => (K::Invalid, "a number is out of range after adding, or for its column"),
            Self::Pattern => (K::Invalid, "the pattern is not a regular expression, or too large"),
            Self::TooHard => {
                (K::Unsupported, "this database cannot match the pattern: a stored text takes too many steps")
            }
            Self::NoTable => (K::NotPrepared, "there is no such table in the database"),
            Self::NoColumn => (K::NotPrepared, "there is no such column in the database"),
            Self::Malformed => (K::Invalid, "the statement is malformed, or is more than one"),
            Self::TooLarge => (K::TooLarge, "a value is too large for its column, an index or the database"),
            Self::TooLong => (K::Invalid, "the condition is too long or nested too deeply"),
            Self::Late => (K::Timeout, "the database took too long"),
            Self::ReadOnly => (K::Unavailable, "the database takes no writes now, please try again later"),
            Self::InTheWay => (K::Unavailable, "other writers are in the way, please try again later"),
            Self::TooMany => {
                (K::OverCapacity, "the database has too many connections, please try again later")
            }
            Self::Stale => (K::Unavailable, "the tables of the database have changed, please try again"),
            Self::Login => {
                (K::Unavailable, "the database refuses the login: check the url and password of the pool")
            }
            Self::Lost => (K::Unavailable, "the database cannot be reached now, please try again later"),
            Self::Unknown => (K::Internal, ""),
        }
    }
}
