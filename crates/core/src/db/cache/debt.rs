//! What other hosts have not been told yet, because the cache was not there.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Beyond so many keys, all of the table is owed.
const KEYS: usize = 1024;

/// The keys of a table whose rows have to be forgotten still.
#[derive(Debug, Default)]
pub(super) struct Debt(Mutex<Owed>);

#[derive(Debug, Default)]
struct Owed {
    keys: BTreeSet<String>,
    all: bool,
    /// Somebody is telling.
    paying: bool,
}

impl Debt {
    /// Takes note of keys, or all; says whether nobody tells yet, so that the caller has to.
    pub(super) fn owe(&self, keys: Option<&[String]>) -> bool {
        let mut owed = self.owed();
        owed.add(keys);
        !std::mem::replace(&mut owed.paying, true)
    }

    /// Whether something is owed: rows that are found may be out of date.
    pub(super) fn is_owed(&self) -> bool {
        self.owed().paying
    }

    /// Takes out what is owed, these keys or all; none when there is nothing left, and the one who tells is done.
    ///
    /// What is written while that is told is owed anew.
    pub(super) fn next(&self) -> Option<Option<Vec<String>>> {
        let mut owed = self.owed();
        let keys = std::mem::take(&mut owed.keys);
        if std::mem::take(&mut owed.all) {
            return Some(None);
        }
        owed.paying = !keys.is_empty();
        owed.paying.then(|| Some(keys.into_iter().collect()))
    }

    /// Puts back what could not be told.
    pub(super) fn put_back(&self, keys: Option<&[String]>) {
        self.owed().add(keys);
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owed {
    fn add(&mut self, keys: Option<&[String]>) {
        match keys {
            Some(keys) if !self.all && self.keys.len() + keys.len() <= KEYS => {
                self.keys.extend(keys.iter().cloned());
            }
            _ => {
                self.keys.clear();
                self.all = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tells_and_what_comes_meanwhile_is_told_too() {
        let debt = Debt::default();
        let key = |key: &str| vec![key.to_owned()];
        assert!(!debt.is_owed() && debt.owe(Some(&key("a"))) && !debt.owe(Some(&key("b"))));
        let first = debt.next();
        assert_eq!(first, Some(Some(vec!["a".to_owned(), "b".to_owned()])));
        // Written again while it is told.
        assert!(!debt.owe(Some(&key("a"))) && debt.is_owed());
        debt.put_back(Some(&key("b")));
        assert_eq!(debt.next(), first);
        assert!(debt.is_owed());
        assert_eq!(debt.next(), None);
        assert!(!debt.is_owed() && debt.owe(Some(&key("a"))));
    }

    #[test]
    fn very_many_keys_are_all() {
        let debt = Debt::default();
        let many: Vec<String> = (0..=KEYS).map(|n| n.to_string()).collect();
        debt.owe(Some(&many));
        debt.owe(Some(&many[..1]));
        assert_eq!(debt.next(), Some(None));
        assert_eq!(debt.next(), None);
    }
}
