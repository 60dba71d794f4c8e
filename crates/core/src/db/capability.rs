//! What a driver can do, as a record and as data for documentation.

use std::fmt;

/// Defines [`Capabilities`], whose fields and their comments [`Capabilities::each`] gives as data too.
macro_rules! capabilities {
    ($($(#[doc = $text:literal])+ $name:ident: $kind:ty,)+) => {
        /// What a driver can do. A caller that needs more is refused before the driver is asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Capabilities {
            $($(#[doc = $text])+ pub $name: $kind,)+
        }

        impl Capabilities {
            /// Each of them with what it means, in the order of the fields.
            pub fn each(&self) -> Vec<Capability> {
                vec![$(Capability {
                    name: stringify!($name),
                    extent: self.$name.into(),
                    meaning: concat!($($text),+).trim(),
                }),+]
            }
        }
    };
}

capabilities! {
    /// Writes of several records apply together or not at all. Without: `transact` is refused.
    transactions: bool,
    /// The most writes in one transaction; 0 is no limit. More are refused.
    transaction_limit: usize,
    /// Conditions with regular expressions. Without: they are refused.
    regexp: bool,
    /// Conditions that ignore letter case. Without: they are refused.
    case_insensitive: bool,
    /// Conditions on a path within an object column. Without: they are refused.
    nested_paths: bool,
    /// Columns that were not declared, where a pattern of the table admits them. Without: records and conditions
    /// that have one are refused.
    custom_columns: bool,
    /// Sorting by any column. Without: by key columns only.
    sort: bool,
    /// Unique columns beside the key.
    unique: bool,
    /// Statements in the driver's own language. Without: `query` is refused.
    raw_query: bool,
    /// Records whose time has passed are as if absent, for every operation. Of other drivers the facade asks
    /// this by conditions.
    ttl: bool,
    /// Texts with a NUL character. Other drivers refuse them with `Invalid`.
    nul_in_text: bool,
}

impl Capabilities {
    /// All of them: a driver names what it lacks.
    pub const ALL: Self = Self {
        transactions: true,
        transaction_limit: 0,
        regexp: true,
        case_insensitive: true,
        nested_paths: true,
        custom_columns: true,
        sort: true,
        unique: true,
        raw_query: true,
        ttl: true,
        nul_in_text: true,
    };
}

/// One field of [`Capabilities`], as documentation needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The name of the field.
    pub name: &'static str,
    /// What the record says of it.
    pub extent: Extent,
    /// What it means, and what happens without it.
    pub meaning: &'static str,
}

/// What a record of capabilities says of one of them; shown as `yes`, `no`, `no limit` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It is there, or not.
    Is(bool),
    /// So many at most; 0 is no limit.
    AtMost(usize),
}

impl From<bool> for Extent {
    fn from(is: bool) -> Self {
        Self::Is(is)
    }
}

impl From<usize> for Extent {
    fn from(limit: usize) -> Self {
        Self::AtMost(limit)
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(true) => f.write_str("yes"),
            Self::Is(false) => f.write_str("no"),
            Self::AtMost(0) => f.write_str("no limit"),
            Self::AtMost(limit) => write!(f, "{limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::driver::Driver as _;
    use crate::db::drivers::none::NoneDriver;

    #[test]
    fn every_capability_says_what_it_means_in_sentences() {
        let all = NoneDriver.capabilities().each();
        assert!(all.len() > 10);
        for one in &all {
            let (name, meaning) = (one.name, one.meaning);
            assert!(meaning.ends_with('.') && !meaning.contains("  "), "{name}: {meaning}");
        }
        let shown: Vec<String> = all[..3].iter().map(|one| format!("{} {}", one.name, one.extent)).collect();
        assert_eq!(shown, ["transactions yes", "transaction_limit no limit", "regexp yes"]);
    }
}
