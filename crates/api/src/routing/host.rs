//! Sites of several hosts, each with a folder of its own.

use std::collections::BTreeMap;

use bkjs_core::Result;
use bkjs_core::config::RegexpList;

use super::wrong;
use crate::access::PathList;

/// The folders of hosts.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Vec<Host>);

#[derive(Debug)]
struct Host {
    folder: String,
    takes: PathList,
    leaves: PathList,
}

impl Hosts {
    /// Works them out; an expression that begins with `!` says which hosts it is not.
    pub(super) fn new(lists: &BTreeMap<String, RegexpList>) -> Result<Self> {
        let mut hosts = Vec::new();
        for (folder, list) in lists {
            let clean = |piece: &str| {
                !piece.is_empty() && !piece.starts_with('.') && !piece.contains(['\\', ':', '\0'])
            };
            if !folder.split('/').all(clean) {
                return Err(wrong(
                    "api-vhost-path",
                    folder,
                    "must be a folder below web, as in shop or sites/shop",
                ));
            }
            let (leaves, takes): (Vec<_>, Vec<_>) =
                list.patterns().iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
            // With what it is not alone, it is all else.
            let takes = if takes.is_empty() && !leaves.is_empty() { vec!["^"] } else { takes };
            hosts.push(Host {
                folder: folder.clone(),
                takes: PathList::new(takes)?,
                leaves: PathList::new(leaves.iter().map(|pattern| &pattern[1..]))?,
            });
        }
        Ok(Self(hosts))
    }

    /// The folder of a host; none when it has the one of all.
    pub(crate) fn folder(&self, host: &str) -> Option<&str> {
        let found = self.0.iter().find(|entry| entry.takes.matches(host) && !entry.leaves.matches(host))?;
        Some(&found.folder)
    }

    /// Whether no host has a folder of its own.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(pairs: &[(&str, &[&str])]) -> Result<Hosts> {
        let lists = pairs.iter().map(|(folder, patterns)| {
            ((*folder).to_owned(), RegexpList::new(patterns).expect("expressions"))
        });
        Hosts::new(&lists.collect())
    }

    #[test]
    fn a_host_has_the_folder_that_takes_it() {
        let hosts = hosts(&[("shop", &[r"^shop\.", r"!^shop\.b"]), ("rest", &["!^www"])]).expect("hosts");
        assert_eq!(hosts.folder("shop.a.com"), Some("rest"));
        assert_eq!(hosts.folder("www.shop.a"), None);
        let hosts = super::tests::hosts(&[("shop", &[r"^shop\.", r"!^shop\.b"])]).expect("hosts");
        assert_eq!(hosts.folder("shop.a.com"), Some("shop"));
        assert_eq!(hosts.folder("shop.b.com"), None);
    }

    #[test]
    fn a_folder_is_below_the_site() {
        for folder in ["..", "a/../b", "/etc", "a//b", ".git", "c:"] {
            assert!(hosts(&[(folder, &["x"])]).is_err(), "{folder}");
        }
    }
}
