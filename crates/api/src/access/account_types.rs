//! Which types of accounts a path is for.

use std::collections::BTreeMap;

use bkjs_core::config::RegexpList;
use bkjs_core::{Error, ErrorKind, Result};

use super::PathList;
use crate::auth::Account;
use crate::config::ApiParams;

/// The lists by type of account.
#[derive(Debug)]
pub(crate) struct AccountTypes {
    authenticated: PathList,
    default_admin: PathList,
    admin: PathList,
    allow: Vec<(String, PathList)>,
    deny: Vec<(String, PathList)>,
}

impl AccountTypes {
    pub(super) fn new<'a>(
        params: &ApiParams,
        default_admin: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let by_type = |lists: &BTreeMap<String, RegexpList>| {
            lists
                .iter()
                .map(|(name, list)| Ok((name.clone(), PathList::new(list.patterns())?)))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            authenticated: PathList::new(params.allow_authenticated.patterns())?,
            default_admin: PathList::new(default_admin)?,
            admin: PathList::new(params.allow_admin.patterns())?,
            allow: by_type(&params.allow_account)?,
            deny: by_type(&params.deny_account)?,
        })
    }

    /// Whether only administrators may ask for a path.
    pub(crate) fn is_for_admins(&self, path: &str) -> bool {
        (self.admin.matches(path) || self.default_admin.matches(path)) && !self.authenticated.matches(path)
    }

    /// Whether an account may ask for a path.
    ///
    /// Denial by type counts first and for administrators too. What `api-allow-authenticated` names is
    /// for every account. Paths of administrators are for them; a path in the list of some type is for
    /// accounts of such a type, and administrators.
    ///
    /// # Errors
    /// `NotAuthenticated` (401), as the protocol has it.
    pub(crate) fn check(&self, path: &str, account: &Account) -> Result<()> {
        let has_denied = |(name, list): &(String, PathList)| account.has_type(name) && list.matches(path);
        if !self.deny.is_empty() && self.deny.iter().any(has_denied) {
            return Err(refused("access denied"));
        }
        if !self.authenticated.is_empty() && self.authenticated.matches(path) {
            return Ok(());
        }
        let allowed = |(name, list): &(String, PathList)| account.has_type(name) && list.matches(path);
        if self.admin.matches(path) || self.default_admin.matches(path) {
            // A list of another type may open a path of administrators to that type.
            if account.is_admin() || self.allow.iter().any(allowed) {
                return Ok(());
            }
            return Err(refused("restricted access"));
        }
        if self.allow.is_empty()
            || account.is_admin()
            || !self.allow.iter().any(|(_, list)| list.matches(path))
        {
            return Ok(());
        }
        if self.allow.iter().any(allowed) { Ok(()) } else { Err(refused("access is not allowed")) }
    }
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::NotAuthenticated, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Proof;
    use bkjs_core::value::Row;

    fn check(params: &ApiParams, path: &str, types: &str) -> u16 {
        let types_list = AccountTypes::new(params, ["^/data"]).expect("compiles");
        let account = Account::new(Row::new().with("type", types), Proof::Signature);
        types_list.check(path, &account).map_or_else(|e| e.status(), |()| 200)
    }

    fn list(path: &str) -> RegexpList {
        RegexpList::new(&[path]).expect("compiles")
    }

    fn map(name: &str, path: &str) -> BTreeMap<String, RegexpList> {
        [(name.to_owned(), list(path))].into()
    }

    #[test]
    fn paths_of_administrators_are_for_them() {
        let params = ApiParams { allow_admin: list("^/counter"), ..ApiParams::default() };
        assert_eq!(check(&params, "/counter/incr", ""), 401);
        assert_eq!(check(&params, "/counter/incr", "staff, admin"), 200);
        assert_eq!(check(&params, "/data/get", "administrator"), 401);
        assert_eq!(check(&params, "/account/get", ""), 200);
    }

    #[test]
    fn authenticated_opens_paths_of_administrators() {
        let params = ApiParams { allow_authenticated: list("^/(data|system)"), ..ApiParams::default() };
        assert_eq!(check(&params, "/data/get", ""), 200);
    }

    #[test]
    fn lists_of_types_allow_and_deny() {
        let params = ApiParams {
            allow_account: map("staff", "^/desk"),
            deny_account: map("guest", "^/messages"),
            ..ApiParams::default()
        };
        assert_eq!(check(&params, "/desk", "guest"), 401);
        assert_eq!(check(&params, "/desk", "guest,staff"), 200);
        assert_eq!(check(&params, "/desk", "admin"), 200);
        assert_eq!(check(&params, "/messages", "guest,staff"), 401);
        assert_eq!(check(&params, "/messages", "staff"), 200);
    }
}
