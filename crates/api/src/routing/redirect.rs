//! Addresses that clients are sent to.

use bkjs_core::config::RegexpMap;
use bkjs_core::{Error, ErrorKind, Result};
use http::Uri;

use super::{compiled, wrong};
use crate::access::PathList;
use crate::config::ApiParams;

/// What a client asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The host, lower case and without a port.
    pub(crate) host: &'a str,
    pub(crate) uri: &'a Uri,
    pub(crate) tls: bool,
}

#[derive(Debug)]
pub(super) struct Redirects {
    urls: RegexpMap,
    login: Vec<(String, PathList)>,
}

impl Redirects {
    pub(super) fn new(params: &ApiParams) -> Result<Self> {
        for (_, target) in params.redirect_url.iter() {
            if !is_target(&target.replace("@HOST@", "a.b").replace("@PATH@", "/").replace("@URL@", "/")) {
                let message = format!(
                    "api-redirect-url: {target:.200} is no address: it begins with / or https://, as in https://@HOST@@URL@"
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
        }
        let login = compiled(&params.login_redirect)?;
        if let Some((target, _)) = login.iter().find(|(target, _)| !is_target(target)) {
            return Err(wrong("api-login-redirect", target, "must be an address, as in /public/login.html"));
        }
        Ok(Self { urls: params.redirect_url.clone(), login })
    }

    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<String> {
        if self.urls.is_empty() {
            return None;
        }
        let path = asked.uri.path();
        let target = self.urls.find(&format!("{}{path}", asked.host))?;
        let url = asked.uri.path_and_query().map_or(path, |whole| whole.as_str());
        let target = target
            .replace("@HOST@", asked.host)
            .replace("@PATH@", &local(path))
            .replace("@URL@", &local(url));
        // Nobody is sent round in a circle of one.
        let here = format!("{}://{}{url}", if asked.tls { "https" } else { "http" }, asked.host);
        (target != here && target != url).then_some(target)
    }

    pub(super) fn login_page(&self, path: &str) -> Option<&str> {
        let (target, _) = self.login.iter().find(|(_, list)| list.matches(path))?;
        (target.split('?').next() != Some(path)).then_some(target)
    }
}

/// A path with one slash at its beginning: with two a browser would take what follows for a host.
fn local(path: &str) -> String {
    format!("/{}", path.trim_start_matches(['/', '\\']))
}

/// Whether a browser can be sent there: a path of this site, or a whole address.
fn is_target(text: &str) -> bool {
    let is_own = text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/\\");
    let is_whole = text.starts_with("https://") || text.starts_with("http://");
    (is_own || is_whole) && text.parse::<Uri>().is_ok()
}

#[cfg(test)]
mod tests {
    use bkjs_core::config::{ParamType as _, RegexpList, Spec};

    use super::*;

    fn redirects(map: &str) -> Result<Redirects> {
        let redirect_url = RegexpMap::parse(map, &Spec::of::<RegexpMap>("x")).expect("a map");
        Redirects::new(&ApiParams { redirect_url, ..ApiParams::default() })
    }

    #[test]
    fn the_target_is_filled_and_stays_on_the_host_it_names() {
        let map = r#"{"^www\\.a\\.com/":"https://a.com@URL@", "/old/":"@PATH@x", "^here/":"http://@HOST@@URL@",
                      "^evil": "@PATH@"}"#;
        let redirects = redirects(map).expect("targets");
        let find =
            |host, uri: &str| redirects.find(&Asked { host, uri: &uri.parse().expect("uri"), tls: false });
        assert_eq!(find("www.a.com", "/b?c=1").as_deref(), Some("https://a.com/b?c=1"));
        assert_eq!(find("a.com", "/old/b?c=1").as_deref(), Some("/old/bx"));
        assert_eq!(find("a.com", "/b"), None);
        assert_eq!(find("here", "/b"), None);
        assert_eq!(find("evil", "//evil.com/a").as_deref(), Some("/evil.com/a"));
        assert_eq!(find("evil", "///evil.com").as_deref(), Some("/evil.com"));
    }

    #[test]
    fn a_target_that_is_no_address_is_refused_by_name() {
        for target in ["a.com", "//a.com", "javascript:alert(1)", "ftp://a", "@HOST@/x", ""] {
            let error = redirects(&format!(r#"{{"x":"{target}"}}"#)).expect_err(target);
            assert!(error.message().contains("api-redirect-url"), "{error}");
        }
        let list = RegexpList::new(&["^/app"]).expect("a list");
        let params = ApiParams { login_redirect: [("//a".to_owned(), list)].into(), ..ApiParams::default() };
        assert!(Redirects::new(&params).expect_err("refused").message().contains("api-login-redirect-//a"));
    }
}
