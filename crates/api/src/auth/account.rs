//! The caller's account, as the table of logins has it.

use std::fmt;
use std::sync::Arc;

use bkjs_core::value::Row;

/// The type of administrators.
pub const ADMIN: &str = "admin";

/// How a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A signature on this request.
    Signature,
    /// An access token.
    Token,
    /// The session cookie.
    Session,
    /// The password, or a registration of this moment.
    Password,
}

/// The account of the caller. Cheap to clone.
///
/// As an extractor it refuses requests without a login; `Option<Account>` takes both.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    row: Row,
    proof: Proof,
}

impl Account {
    /// The account of a record of `bk_auth`.
    pub fn new(row: Row, proof: Proof) -> Self {
        Self(Arc::new(Inner { row, proof }))
    }

    /// The record, secrets included: reply with it through [`Reply::row`](crate::Reply::row) only.
    pub fn row(&self) -> &Row {
        &self.0.row
    }

    /// The id.
    pub fn id(&self) -> &str {
        self.0.row.text("id")
    }

    /// The login.
    pub fn login(&self) -> &str {
        self.0.row.text("login")
    }

    /// How the caller proved to be this account.
    pub fn proof(&self) -> Proof {
        self.0.proof
    }

    /// The types; an account may have several, separated by commas.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.0.row.text("type").split(',').map(str::trim).filter(|t| !t.is_empty())
    }

    /// Whether the account has a type.
    pub fn has_type(&self, name: &str) -> bool {
        self.types().any(|t| t == name)
    }

    /// Whether this is an administrator.
    pub fn is_admin(&self) -> bool {
        self.has_type(ADMIN)
    }
}

impl fmt::Debug for Account {
    // The record holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("login", &self.login())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
