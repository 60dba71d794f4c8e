//! URLs of servers, taken apart.

use std::borrow::Cow;

use crate::{Error, ErrorKind, Result};

/// A URL without its query part: one scheme, user and path, and any number of hosts.
#[derive(Debug)]
pub(super) struct Place<'a> {
    scheme: &'a str,
    /// With the `@` behind it, if there is one.
    user: &'a str,
    hosts: Vec<&'a str>,
    /// Without the `/` before it.
    path: &'a str,
}

impl<'a> Place<'a> {
    /// Takes a URL apart; nothing of it may be missing but user and path.
    ///
    /// # Errors
    /// `Config` with the form that it should have; the text shows no password.
    pub(super) fn parse(url: &'a str, schemes: &[&str], form: &str) -> Result<Self> {
        let malformed = || {
            let shown = without_credentials(url);
            Error::new(ErrorKind::Config, format!("{shown:.100} is no url of the form {form}"))
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let at = authority.rfind('@').map_or(0, |at| at + 1);
        let (user, hosts) = authority.split_at(at);
        let hosts: Vec<&str> = hosts.split(',').map(str::trim).collect();
        if !schemes.contains(&scheme) || hosts.iter().any(|host| host.is_empty()) {
            return Err(malformed());
        }
        Ok(Self { scheme, user, hosts, path })
    }

    /// A URL of each host.
    pub(super) fn each(&self) -> impl Iterator<Item = String> {
        let slash = if self.path.is_empty() { "" } else { "/" };
        self.hosts
            .iter()
            .map(move |host| format!("{}://{}{host}{slash}{}", self.scheme, self.user, self.path))
    }

    /// What stands behind the hosts.
    pub(super) fn path(&self) -> &str {
        self.path
    }
}

/// The URL as it may be shown.
pub(super) fn without_credentials(url: &str) -> Cow<'_, str> {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => Cow::Owned(format!("{scheme}://{host}")),
        (None, Some((_, host))) => Cow::Borrowed(host),
        _ => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_the_user_and_the_path() {
        let place = Place::parse("amqp://u:p@a:1, b/v", &["amqp"], "").expect("fits");
        assert_eq!(place.each().collect::<Vec<_>>(), ["amqp://u:p@a:1/v", "amqp://u:p@b/v"]);
        assert_eq!(place.path(), "v");
    }

    #[test]
    fn what_is_no_url_is_shown_without_its_password() {
        for url in ["u:secret@h", "http://u:secret@h", "amqp://u:secret@", "amqp://u:secret@a,,b"] {
            let error = Place::parse(url, &["amqp"], "amqp://host").expect_err("is refused");
            assert!(error.message().ends_with("is no url of the form amqp://host"), "{error}");
            assert!(!error.log_text().contains("secret"), "{error:?}");
        }
    }
}
