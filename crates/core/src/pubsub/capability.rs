//! What differs between products of which all keep the contract.

use std::fmt;

/// What a driver can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Who hears what is published.
    pub reach: Reach,
    /// The answer to a publisher comes from the product, which has the message then. Without: the message is on its
    /// way, and the product may end before it has it.
    pub confirms: bool,
}

/// Who hears what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The processes of one tree.
    Tree,
    /// Every process that names the same server.
    Everywhere,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tree => "tree",
            Self::Everywhere => "everywhere",
        })
    }
}
