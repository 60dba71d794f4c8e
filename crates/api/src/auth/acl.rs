//! What a single account may and may not ask for: its columns `acl_allow`, `acl_deny`, `query_deny`,
//! `expires`.

use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};
use moka::sync::Cache;
use regex::Regex;

use crate::context::now_ms;

/// Expressions of accounts, compiled once each.
#[derive(Clone)]
pub(crate) struct AclCache(Cache<String, Option<Regex>>);

impl AclCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(1000))
    }

    /// The expression of a column; none when it is empty or does not compile.
    fn regex(&self, pattern: &str) -> Option<Regex> {
        let compile = || regex::RegexBuilder::new(pattern).size_limit(1 << 20).build().ok();
        self.0.get(pattern).unwrap_or_else(|| {
            let compiled = compile();
            self.0.insert(pattern.to_owned(), compiled.clone());
            compiled
        })
    }

    /// Checks what the account itself is allowed.
    ///
    /// An expression that does not compile refuses: an administrator meant to limit the account.
    ///
    /// # Errors
    /// 412 when the account has expired, `Forbidden` when its lists refuse the path.
    pub(crate) fn check(&self, row: &Row, path: &str) -> Result<()> {
        if row.int("expires").is_some_and(|at| at > 0 && at < now_ms()) {
            return Err(Error::new(ErrorKind::Forbidden, "this account has expired").with_status(412));
        }
        let deny = row.text("acl_deny");
        if !deny.is_empty() && self.regex(deny).is_none_or(|regex| regex.is_match(path)) {
            return Err(Error::new(ErrorKind::Forbidden, "not permitted"));
        }
        let allow = row.text("acl_allow");
        if !allow.is_empty() && !self.regex(allow).is_some_and(|regex| regex.is_match(path)) {
            return Err(Error::new(ErrorKind::Forbidden, "not permitted"));
        }
        Ok(())
    }

    /// Takes the parameters away that the account may not send.
    pub(crate) fn strip_query(&self, row: &Row, params: &mut Row) {
        let deny = row.text("query_deny");
        if deny.is_empty() {
            return;
        }
        match self.regex(deny) {
            Some(regex) => params.retain(|name, _| !regex.is_match(name)),
            None => params.retain(|_, _| false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: &Row, path: &str) -> u16 {
        AclCache::new().check(row, path).map_or_else(|e| e.status(), |()| 200)
    }

    #[test]
    fn the_lists_of_an_account_count() {
        assert_eq!(check(&Row::new(), "/a"), 200);
        assert_eq!(check(&Row::new().with("acl_deny", "^/a"), "/a"), 403);
        assert_eq!(check(&Row::new().with("acl_allow", "^/a"), "/a"), 200);
        assert_eq!(check(&Row::new().with("acl_allow", "^/a"), "/b"), 403);
        assert_eq!(check(&Row::new().with("acl_deny", "("), "/a"), 403);
        assert_eq!(check(&Row::new().with("expires", 1), "/a"), 412);
        assert_eq!(check(&Row::new().with("expires", i64::MAX), "/a"), 200);
    }

    #[test]
    fn parameters_are_taken_away() {
        let mut params = Row::new().with("a", 1).with("b", 2);
        AclCache::new().strip_query(&Row::new().with("query_deny", "^a$"), &mut params);
        assert_eq!(params, Row::new().with("b", 2));
    }
}
