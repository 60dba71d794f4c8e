//! The access lists, compiled from the parameters.

use std::net::IpAddr;

use bkjs_core::{Error, ErrorKind, Result};
use ipnetwork::IpNetwork;
use regex::RegexSet;

use super::account_types::AccountTypes;
use super::{Client, PathList};
use crate::config::ApiParams;

/// Paths that anybody may ask for unless configured otherwise. Those that end in a suffix are files of
/// the web site; no suffix opens a path that is for administrators.
pub(crate) const DEFAULT_ALLOW: &[&str] = &[
    "^/$",
    r"\.html$",
    r"\.ico$",
    r"\.gif$",
    r"\.png$",
    r"\.jpg$",
    r"\.jpeg$",
    r"\.svg$",
    r"\.ttf$",
    r"\.eot$",
    r"\.woff$",
    r"\.woff2$",
    r"\.js$",
    r"\.css$",
    r"\.webmanifest$",
    "^/js/",
    "^/css/",
    "^/fonts/",
    "^/public/",
    "^/login$",
    "^/logout$",
    "^/ping",
];

/// Paths for administrators unless `api-allow-authenticated` opens them.
const DEFAULT_ADMIN: &[&str] = &["^/data$", "^/data/", "^/system$", "^/system/", "^/metrics$"];

/// How a request is let in before anybody asks who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// Without a login.
    Open,
    /// With a login if one is given, else without.
    Anonymous,
    /// With a login only.
    Login,
}

/// What modules say of their paths, unless it is configured otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModulePaths {
    /// Those that need no login.
    pub(crate) allow: Vec<String>,
    /// Those for administrators.
    pub(crate) admin: Vec<String>,
}

/// The access lists.
#[derive(Debug)]
pub(crate) struct Access {
    deny: PathList,
    deny_ip: AddressList,
    allow: PathList,
    default_allow: PathList,
    ignore_allow: PathList,
    allow_ip: AddressList,
    anonymous: PathList,
    ssl: PathList,
    redirect_ssl: PathList,
    disable_session: PathList,
    types: AccountTypes,
}

impl Access {
    /// Compiles the lists; modules have paths of their own in them.
    pub(crate) fn new(params: &ApiParams, modules: &ModulePaths) -> Result<Self> {
        let default_allow = DEFAULT_ALLOW.iter().copied().chain(modules.allow.iter().map(String::as_str));
        let default_admin = DEFAULT_ADMIN.iter().copied().chain(modules.admin.iter().map(String::as_str));
        Ok(Self {
            deny: PathList::new(params.deny_path.patterns())?,
            deny_ip: AddressList::new(params.deny_ip.patterns())?,
            allow: PathList::new(params.allow_path.patterns())?,
            default_allow: PathList::new(default_allow)?,
            ignore_allow: PathList::new(params.ignore_allow_path.patterns())?,
            allow_ip: AddressList::new(params.allow_ip.patterns())?,
            anonymous: PathList::new(params.allow_anonymous.patterns())?,
            ssl: PathList::new(params.allow_ssl.patterns())?,
            redirect_ssl: PathList::new(params.redirect_ssl.patterns())?,
            disable_session: PathList::new(params.disable_session.patterns())?,
            types: AccountTypes::new(params, default_admin)?,
        })
    }

    /// Whether the path or the address is refused whoever asks.
    ///
    /// # Errors
    /// `Forbidden` for a denied path or address, 400 for a path that wants TLS.
    pub(crate) fn check_denied(&self, path: &str, client: Client) -> Result<()> {
        if self.deny.matches(path) || self.deny_ip.matches(client.ip) {
            return Err(Error::new(ErrorKind::Forbidden, "access denied"));
        }
        if !client.tls && self.ssl.matches(path) {
            return Err(Error::invalid("SSL only access"));
        }
        Ok(())
    }

    /// Whether a request over plain HTTP is sent on to HTTPS.
    pub(crate) fn redirects_to_tls(&self, path: &str, client: Client) -> bool {
        !client.tls && self.redirect_ssl.matches(path)
    }

    /// Whether a request needs a login.
    pub(crate) fn entrance(&self, path: &str, client: Client) -> Entrance {
        if self.allow_ip.matches(client.ip) { Entrance::Open } else { self.entrance_of(path) }
    }

    /// Whether a path needs a login, wherever the request comes from.
    pub(crate) fn entrance_of(&self, path: &str) -> Entrance {
        let opened = || {
            self.allow.matches(path) || (self.default_allow.matches(path) && !self.types.is_for_admins(path))
        };
        if opened() && !self.ignore_allow.matches(path) {
            Entrance::Open
        } else if self.anonymous.matches(path) {
            Entrance::Anonymous
        } else {
            Entrance::Login
        }
    }

    /// Whether the operator has opened a path, beyond what is open by itself.
    pub(crate) fn is_opened(&self, path: &str) -> bool {
        self.allow.matches(path) && !self.ignore_allow.matches(path)
    }

    /// Whether a session cookie counts on a path.
    pub(crate) fn takes_sessions(&self, path: &str) -> bool {
        !self.disable_session.matches(path)
    }

    /// Which types of accounts a path is for.
    pub(crate) fn types(&self) -> &AccountTypes {
        &self.types
    }
}

/// Addresses and networks, and patterns of addresses as text.
#[derive(Debug, Default)]
struct AddressList {
    networks: Vec<IpNetwork>,
    patterns: Option<RegexSet>,
}

impl AddressList {
    fn new(entries: &[String]) -> Result<Self> {
        let mut list = Self::default();
        let mut patterns = Vec::new();
        for entry in entries.iter().map(|e| e.trim()).filter(|e| !e.is_empty()) {
            match entry.parse() {
                Ok(network) => list.networks.push(network),
                Err(_) => patterns.push(entry),
            }
        }
        if !patterns.is_empty() {
            let set = RegexSet::new(&patterns)
                .map_err(|e| Error::new(ErrorKind::Config, "broken address pattern").source(e))?;
            list.patterns = Some(set);
        }
        Ok(list)
    }

    fn matches(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|net| net.contains(ip))
            || self.patterns.as_ref().is_some_and(|set| set.is_match(&ip.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bkjs_core::config::RegexpList;

    fn list(patterns: &[&str]) -> RegexpList {
        RegexpList::new(patterns).expect("compiles")
    }

    fn client(ip: &str) -> Client {
        Client { ip: ip.parse().expect("address"), tls: false }
    }

    fn entrance(params: &ApiParams, path: &str) -> Entrance {
        let access =
            Access::new(params, &ModulePaths { allow: vec!["^/account/add$".into()], admin: vec![] })
                .expect("compiles");
        access.entrance(path, client("1.2.3.4"))
    }

    #[test]
    fn files_of_the_site_and_what_modules_open_are_open() {
        for path in ["/", "/index.html", "/js/a", "/ping", "/account/add", "/image/account/a.jpg"] {
            assert_eq!(entrance(&ApiParams::default(), path), Entrance::Open, "{path}");
        }
        for path in ["/account/get", "/account/addx", "/a.htmlx", "/login/x"] {
            assert_eq!(entrance(&ApiParams::default(), path), Entrance::Login, "{path}");
        }
    }

    #[test]
    fn a_suffix_opens_no_path_of_administrators() {
        assert_eq!(entrance(&ApiParams::default(), "/data/get/bk_auth.html"), Entrance::Login);
        assert_eq!(entrance(&ApiParams::default(), "/system/a.js"), Entrance::Login);
        assert_eq!(entrance(&ApiParams::default(), "/database.html"), Entrance::Open);
    }

    #[test]
    fn lists_add_and_take_away() {
        let params = ApiParams {
            allow_path: list(&["^/icon/select$"]),
            ignore_allow_path: list(&["^/$", r"\.html$"]),
            allow_anonymous: list(&["^/maybe"]),
            ..ApiParams::default()
        };
        assert_eq!(entrance(&params, "/icon/select"), Entrance::Open);
        assert_eq!(entrance(&params, "/a.html"), Entrance::Login);
        assert_eq!(entrance(&params, "/maybe"), Entrance::Anonymous);
    }

    #[test]
    fn denied_paths_and_addresses_are_refused() {
        let params = ApiParams {
            deny_path: list(&["^/account/add$"]),
            deny_ip: list(&["9.0.0.0/8", r"^8\."]),
            ..ApiParams::default()
        };
        let access = Access::new(&params, &ModulePaths::default()).expect("compiles");
        let status = |path, ip| access.check_denied(path, client(ip)).map_or_else(|e| e.status(), |()| 200);
        assert_eq!(status("/account/add", "1.1.1.1"), 403);
        assert_eq!(status("/ping", "9.9.9.9"), 403);
        assert_eq!(status("/ping", "8.8.8.8"), 403);
        assert_eq!(status("/ping", "1.1.1.1"), 200);
    }
}
