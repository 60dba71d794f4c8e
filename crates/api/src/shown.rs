//! Who may see what an account has shown to some: the column `acl_allow`.

use bkjs_core::{Error, Result};

use crate::auth::Account;
use crate::context::no_login;

/// The longest list, in bytes.
const MAX_LIST: usize = 4096;

/// Whom an owner shows something to, as the column `acl_allow` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nobody else.
    #[default]
    Owner,
    /// Everybody.
    All,
    /// Who has a login.
    Accounts,
    /// These accounts, by id.
    Listed(Vec<String>),
}

impl Shown {
    /// Reads the column: empty is nobody else, `all`, `auth`, or ids by comma.
    ///
    /// # Errors
    /// `Invalid` when it is too long.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_LIST {
            return Err(Error::invalid(format!("acl_allow is too long, {} > {MAX_LIST} bytes", text.len())));
        }
        Ok(Self::stored(text))
    }

    /// As [`parse`](Self::parse), of what was stored.
    pub fn stored(text: &str) -> Self {
        let ids: Vec<String> =
            text.split([',', '|']).map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        match ids.first().map(String::as_str) {
            None => Self::Owner,
            Some("all") if ids.len() == 1 => Self::All,
            Some("auth") if ids.len() == 1 => Self::Accounts,
            Some(_) => Self::Listed(ids),
        }
    }

    /// Whether a caller sees what the account `owner` shows so. Administrators do.
    pub fn to(&self, owner: &str, caller: Option<&Account>) -> bool {
        let own = |caller: &&Account| (!owner.is_empty() && caller.id() == owner) || caller.is_admin();
        match (self, caller) {
            (Self::All, _) => true,
            (_, None) => false,
            (Self::Accounts, Some(_)) => true,
            (Self::Owner, Some(caller)) => own(&caller),
            (Self::Listed(ids), Some(caller)) => own(&caller) || ids.iter().any(|id| id == caller.id()),
        }
    }
}

/// Whose records are asked for: those of the account that is named, else the caller's.
///
/// # Errors
/// `NoLogin` when nobody is named and nobody asks.
pub fn owner_of<'a>(named: Option<&'a str>, caller: Option<&'a Account>) -> Result<&'a str> {
    named.or(caller.map(Account::id)).ok_or_else(no_login)
}

#[cfg(test)]
mod tests {
    use bkjs_core::value::Row;

    use super::*;
    use crate::auth::Proof;

    #[test]
    fn each_list_shows_to_whom_it_says() {
        let account = |id: &str, kind: &str| {
            Account::new(Row::new().with("id", id).with("type", kind), Proof::Signature)
        };
        let (owner, friend, stranger, admin) =
            (account("o", ""), account("f", ""), account("s", ""), account("a", "admin"));
        let sees = |text: &str| {
            let shown = Shown::parse(text).unwrap();
            let callers = [None, Some(&stranger), Some(&friend), Some(&owner), Some(&admin)];
            callers.map(|caller| shown.to("o", caller))
        };
        assert_eq!(sees(""), [false, false, false, true, true]);
        assert_eq!(sees(" , "), [false, false, false, true, true]);
        assert_eq!(sees("all"), [true, true, true, true, true]);
        assert_eq!(sees("auth"), [false, true, true, true, true]);
        assert_eq!(sees("x, f"), [false, false, true, true, true]);
        // A word among ids is an id.
        assert_eq!(sees("all,f"), [false, false, true, true, true]);
        assert!(Shown::parse(&"x".repeat(5000)).is_err());
    }

    #[test]
    fn a_caller_without_an_id_owns_nothing() {
        let nobody = Account::new(Row::new(), Proof::Signature);
        assert!(!Shown::Owner.to("", Some(&nobody)));
    }
}
