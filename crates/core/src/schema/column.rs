use crate::value::{Name, Value};

/// What a column holds. A driver maps each to its nearest native type; the facade converts values
/// before they reach a driver, so that reading back gives the same on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// Unicode text.
    Text,
    /// A 64-bit integer.
    Int,
    /// A double.
    Real,
    /// Exact decimal digits, kept as text.
    Decimal,
    /// True or false.
    Bool,
    /// A 64-bit integer that [`incr`](crate::db::Db::incr) adds to; 0 when a record is added.
    Counter,
    /// Any JSON value; text is parsed as JSON.
    Json,
    /// A JSON object; other kinds are refused.
    Object,
    /// A JSON array; other kinds are refused.
    Array,
    /// A list of texts; text is split at commas.
    List,
    /// A set of texts, or of integers with [`Column::of_int`].
    Set,
    /// A point in time, as milliseconds since 1970; ISO 8601 text is accepted.
    Time,
    /// Seconds since 1970 when the record stops being there.
    Ttl,
    /// Bytes.
    Bytes,
    /// An e-mail address, trimmed and lowered; anything else is stored empty, or refused
    /// with [`Options::strict`](crate::db::Options).
    Email,
    /// A phone number, digits and a leading plus; anything else as with [`Email`](Self::Email).
    Phone,
}

/// A value that is made when a record is written without one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Generate {
    /// 32 hexadecimal digits of a random UUID, after `prefix`; a value that is not of this form is replaced.
    Uuid {
        /// Text before the digits.
        prefix: String,
    },
    /// The same entropy in 22 characters of URL-safe base64, after `prefix`.
    ShortUuid {
        /// Text before the characters.
        prefix: String,
    },
    /// A random integer within the bounds, both included.
    Random {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// Milliseconds since 1970, set by every write (the value given with the write is ignored on update).
    Now,
    /// Seconds since 1970, as [`Generate::Now`].
    Epoch,
    /// Nanoseconds since 1970, strictly increasing within a process, as [`Generate::Now`].
    Clock,
}

/// A value that stands in for one that is not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Stored when a record is added without the column; an explicit null stays null.
    pub on_insert: Option<Value>,
    /// Returned when the stored value is null or absent.
    pub on_read: Option<Value>,
}

/// A change made to a value before it is stored; those marked * are made to condition values as well.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Convert {
    /// *Lower case.
    Lower,
    /// *Upper case.
    Upper,
    /// *Without white space at both ends.
    Trim,
    /// *First letter in upper case, the rest in lower.
    Capitalize,
    /// Without what matches the regular expression.
    Strip(String),
    /// Every match of the first replaced by the second.
    Replace(String, String),
    /// Multiplied.
    Multiply(f64),
    /// Added to.
    Increment(f64),
    /// Rounded to so many decimals.
    Decimals(u32),
}

/// Membership in an index: columns with the same `name` form one index, ordered by `position`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The group within the table, empty for an index of this column alone.
    pub group: String,
    /// The place within the group.
    pub position: u16,
    /// Whether two records may not have the same values.
    pub unique: bool,
}

/// A column whose stored text is built from other columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRule {
    /// The columns whose texts are joined, in order.
    pub columns: Vec<Name>,
    /// What stands between them.
    pub separator: String,
}

/// One column: its type and the attributes that carry behaviour.
///
/// Fields left at their default say nothing when tables merge.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name.
    pub name: Name,
    /// The type, if this description says one; [`ColumnType::Text`] when nobody does.
    pub kind: Option<ColumnType>,
    /// Part of the primary key; the number orders the parts.
    pub primary: Option<u16>,
    /// The indexes it belongs to.
    pub indexes: Vec<Index>,
    /// Elements of a set are integers.
    pub of_int: bool,
    /// Values made by the framework.
    pub generate: Option<Generate>,
    /// Values that stand in for absent ones.
    pub default: Defaults,
    /// Changes on write.
    pub convert: Vec<Convert>,
    /// Built from other columns.
    pub join: Option<JoinRule>,
    /// Anyone may see it.
    pub public: Option<bool>,
    /// Nobody sees it through the API, not even the owner.
    pub secure: Option<bool>,
    /// Only administrators may write it, and they see it in records of others.
    pub admin: Option<bool>,
    /// Records of others may be found by the beginning of the value, though it is not shown.
    pub findable: bool,
    /// Neither stored nor updated.
    pub hidden: bool,
    /// Written by add and put only.
    pub read_only: bool,
    /// Written by update only.
    pub write_only: bool,
    /// Null is refused.
    pub not_null: bool,
    /// An empty value is refused on add and put, and ignored on update.
    pub not_empty: bool,
    /// An empty value is left out.
    pub skip_empty: bool,
    /// The longest text in characters, or the most elements of a list.
    pub max: Option<usize>,
    /// What is longer than `max` is cut instead of refused.
    pub truncate: bool,
    /// The least and the greatest number, both included.
    pub range: Option<(f64, f64)>,
    /// The text is a [calendar date](crate::value::date_of).
    pub date: bool,
    /// The values allowed; empty allows all.
    pub values: Vec<Value>,
    /// Counts connections of the type its name says (used by the counters module).
    pub autoincr: bool,
}

impl Column {
    /// A column of no declared type, to add attributes to one that another table description declares.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            kind: None,
            primary: None,
            indexes: Vec::new(),
            of_int: false,
            generate: None,
            default: Defaults::default(),
            convert: Vec::new(),
            join: None,
            public: None,
            secure: None,
            admin: None,
            findable: false,
            hidden: false,
            read_only: false,
            write_only: false,
            not_null: false,
            not_empty: false,
            skip_empty: false,
            max: None,
            truncate: false,
            range: None,
            date: false,
            values: Vec::new(),
            autoincr: false,
        }
    }

    /// A column of a type.
    pub fn of(name: impl Into<Name>, kind: ColumnType) -> Self {
        Self { kind: Some(kind), ..Self::new(name) }
    }

    /// Takes over what another description of the same column says.
    pub(super) fn merge(&mut self, other: Self) {
        self.kind = other.kind.or(self.kind);
        self.primary = other.primary.or(self.primary);
        self.generate = other.generate.or_else(|| self.generate.take());
        self.default.on_insert = other.default.on_insert.or_else(|| self.default.on_insert.take());
        self.default.on_read = other.default.on_read.or_else(|| self.default.on_read.take());
        self.join = other.join.or_else(|| self.join.take());
        self.public = other.public.or(self.public);
        self.secure = other.secure.or(self.secure);
        self.admin = other.admin.or(self.admin);
        self.max = other.max.or(self.max);
        self.range = other.range.or(self.range);
        for index in other.indexes {
            if !self.indexes.contains(&index) {
                self.indexes.push(index);
            }
        }
        if !other.convert.is_empty() {
            self.convert = other.convert;
        }
        if !other.values.is_empty() {
            self.values = other.values;
        }
        self.of_int |= other.of_int;
        self.findable |= other.findable;
        self.hidden |= other.hidden;
        self.read_only |= other.read_only;
        self.write_only |= other.write_only;
        self.not_null |= other.not_null;
        self.not_empty |= other.not_empty;
        self.skip_empty |= other.skip_empty;
        self.truncate |= other.truncate;
        self.date |= other.date;
        self.autoincr |= other.autoincr;
    }

    /// The type, text when none was declared.
    pub fn column_type(&self) -> ColumnType {
        self.kind.unwrap_or(ColumnType::Text)
    }
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident),* $(,)?) => {
        impl Column {
            $($(#[$doc])* pub fn $name(name: impl Into<Name>) -> Self {
                Self::of(name, ColumnType::$kind)
            })*
        }
    };
}

constructors! {
    /// A text column.
    text => Text,
    /// A 64-bit integer column.
    int => Int,
    /// A double column.
    real => Real,
    /// An exact decimal column.
    decimal => Decimal,
    /// A true-or-false column.
    bool => Bool,
    /// A counter column.
    counter => Counter,
    /// A column of any JSON.
    json => Json,
    /// A column of JSON objects.
    object => Object,
    /// A column of JSON arrays.
    array => Array,
    /// A column of lists of texts.
    list => List,
    /// A column of sets of texts.
    set => Set,
    /// A column of points in time.
    time => Time,
    /// The column that says when the record expires.
    ttl => Ttl,
    /// A column of bytes.
    bytes => Bytes,
    /// A column of e-mail addresses.
    email => Email,
    /// A column of phone numbers.
    phone => Phone,
}

impl Column {
    /// A text column with a generated UUID.
    pub fn uuid(name: impl Into<Name>) -> Self {
        Self::text(name).generate(Generate::Uuid { prefix: String::new() })
    }

    /// An integer column with the time of the last write in milliseconds.
    pub fn now(name: impl Into<Name>) -> Self {
        Self::int(name).generate(Generate::Now)
    }

    /// The next part of the primary key, in the order of declaration.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.primary = Some(0);
        self
    }

    /// An index on this column alone.
    #[must_use]
    pub fn index(self) -> Self {
        self.index_in("", 0)
    }

    /// A place in the index `group` of several columns.
    #[must_use]
    pub fn index_in(mut self, group: &str, position: u16) -> Self {
        self.indexes.push(Index { group: group.into(), position, unique: false });
        self
    }

    /// No two records may have the same value.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.indexes.push(Index { group: String::new(), position: 0, unique: true });
        self
    }

    /// Values made by the framework.
    #[must_use]
    pub fn generate(mut self, generate: Generate) -> Self {
        self.generate = Some(generate);
        self
    }

    /// Stored when a record is added without the column.
    #[must_use]
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.default.on_insert = Some(value.into());
        self
    }

    /// Returned when the stored value is null.
    #[must_use]
    pub fn read_default(mut self, value: impl Into<Value>) -> Self {
        self.default.on_read = Some(value.into());
        self
    }

    /// A change on write, after those already declared.
    #[must_use]
    pub fn convert(mut self, convert: Convert) -> Self {
        self.convert.push(convert);
        self
    }

    /// Built from other columns, with `separator` between.
    #[must_use]
    pub fn join<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>, separator: &str) -> Self {
        self.join = Some(JoinRule {
            columns: columns.into_iter().map(Into::into).collect(),
            separator: separator.into(),
        });
        self
    }

    /// Elements are integers.
    #[must_use]
    pub fn of_int(mut self) -> Self {
        self.of_int = true;
        self
    }

    /// At most `max` characters or elements.
    #[must_use]
    pub fn max(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }

    /// A number from `least` to `greatest`, both included. Numbers that are added to are not checked.
    #[must_use]
    pub fn range(mut self, least: f64, greatest: f64) -> Self {
        self.range = Some((least, greatest));
        self
    }

    /// One of these values.
    #[must_use]
    pub fn values<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.values = values.into_iter().map(Into::into).collect();
        self
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident => $value:expr),* $(,)?) => {
        impl Column {
            $($(#[$doc])* #[must_use] pub fn $name(mut self) -> Self {
                self.$name = $value;
                self
            })*
        }
    };
}

flags! {
    /// Anyone may see it.
    public => Some(true),
    /// Nobody sees it through the API.
    secure => Some(true),
    /// Written by administrators only.
    admin => Some(true),
    /// Others may find the record by the beginning of the value without seeing the value. Who asks often
    /// enough learns it letter by letter: for what people look each other up by, never for what is secret.
    findable => true,
    /// Neither stored nor updated.
    hidden => true,
    /// Written by add and put only.
    read_only => true,
    /// Written by update only.
    write_only => true,
    /// Null is refused.
    not_null => true,
    /// Empty is refused.
    not_empty => true,
    /// Empty is left out.
    skip_empty => true,
    /// What is too long is cut.
    truncate => true,
    /// The text is a calendar date, kept as it is written.
    date => true,
    /// Counts connections of its type.
    autoincr => true,
}
