//! Users and groups by name, as `/etc/passwd` and `/etc/group` have them.
//!
//! Users that come from elsewhere, such as a directory, are given by their numbers.

use std::fs;

use bkjs_core::{Error, ErrorKind, Result};

/// A user to run as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Further groups.
    pub(crate) groups: Vec<u32>,
}

impl User {
    /// The user of this name or number, in a group of that name or number, else in the user's own; none when nothing
    /// or root is named.
    ///
    /// # Errors
    /// `Config` naming the parameter whose user or group is not there.
    pub(crate) fn named(uid: &str, gid: &str) -> Result<Option<Self>> {
        if matches!(uid, "" | "0" | "root") {
            return Ok(None);
        }
        let read = |path: &str| {
            fs::read_to_string(path)
                .map_err(|e| config(format!("cannot read {path} for uid and gid")).source(e))
        };
        Self::find(uid, gid, &read("/etc/passwd")?, &read("/etc/group")?).map(Some)
    }

    fn find(uid: &str, gid: &str, users: &str, groups: &str) -> Result<Self> {
        let entry = lines(users, 4).find(|entry| entry[0] == uid || entry[2] == uid);
        let number = |text: &str| text.parse::<u32>().ok();
        let id = match &entry {
            Some(entry) => number(entry[2]),
            None => number(uid),
        };
        let id = id.ok_or_else(|| config(format!("uid: there is no user {uid:.80}")))?;
        let own = match gid {
            "" => entry.as_ref().and_then(|entry| number(entry[3])).ok_or_else(|| {
                config(format!("gid: the group of user {uid:.80} is not known here, give its number"))
            })?,
            gid => {
                let group = lines(groups, 3).find(|group| group[0] == gid);
                let found = group.and_then(|group| number(group[2])).or_else(|| number(gid));
                found.ok_or_else(|| config(format!("gid: there is no group {gid:.80}")))?
            }
        };
        let member = |group: &[&str]| {
            let name = entry.as_ref().map_or("", |entry| entry[0]);
            group.get(3).is_some_and(|members| members.split(',').any(|m| !m.is_empty() && m == name))
        };
        let further = lines(groups, 3).filter(|group| member(group)).filter_map(|group| number(group[2]));
        // The group of root is given up with root.
        let groups = further.filter(|group| *group != 0 && *group != own).collect();
        Ok(Self { uid: id, gid: own, groups })
    }
}

/// The entries with at least so many fields.
fn lines(text: &str, fields: usize) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .map(|line| line.trim().split(':').collect())
        .filter(move |entry: &Vec<_>| entry.len() >= fields)
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str =
        "root:x:0:0:root:/root:/bin/bash\n# note\nbad\nwww:x:33:33:w:/var/www:/bin/false\nodd:x:q:1:\n";
    const GROUPS: &str = "root:x:0:www\nwww:x:33:\nmail:x:8:other,www\nnews:x:9:wwwx\nempty:x:10:\n";

    fn find(uid: &str, gid: &str) -> std::result::Result<(u32, u32, Vec<u32>), String> {
        match User::find(uid, gid, USERS, GROUPS) {
            Ok(User { uid, gid, groups }) => Ok((uid, gid, groups)),
            Err(error) => Err(error.message().to_owned()),
        }
    }

    #[test]
    fn users_and_groups_are_found_by_name_and_number() {
        assert_eq!(find("www", ""), Ok((33, 33, vec![8])));
        assert_eq!(find("33", ""), Ok((33, 33, vec![8])));
        assert_eq!(find("www", "mail"), Ok((33, 8, vec![])));
        assert_eq!(find("www", "77"), Ok((33, 77, vec![8])));
        assert_eq!(find("1234", "news"), Ok((1234, 9, vec![])));
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (uid, gid, name) in [
            ("nix", "", "user nix"),
            ("odd", "", "user odd"),
            ("www", "nix", "group nix"),
            ("1234", "", "user 1234"),
            ("-1", "1", "user -1"),
            ("4294967296", "1", "user 4294967296"),
        ] {
            assert!(find(uid, gid).expect_err("unknown").contains(name), "{uid} {gid}");
        }
    }

    #[test]
    fn root_and_nobody_in_particular_are_left_alone() {
        for uid in ["", "0", "root"] {
            assert_eq!(User::named(uid, "").expect("nothing to look up"), None);
        }
    }
}
