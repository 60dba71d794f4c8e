//! Where a request goes: to another path, to another address, to another folder, or to another server.
//!
//! Everything here is what the configuration says. A client chooses among it by path and host, and never names a target
//! itself: there is no open redirect, and no server is asked that the configuration does not name.

mod host;
mod proxy;
mod redirect;

use std::collections::BTreeMap;

use bkjs_core::config::RegexpList;
use bkjs_core::{Error, ErrorKind, Result};
use http::Uri;
use http::uri::PathAndQuery;

use crate::access::PathList;
use crate::config::ApiParams;

pub(crate) use host::Hosts;
pub(crate) use proxy::{Forward, Hop, Proxied, Upstream};
pub(crate) use redirect::Asked;

/// What the parameters say about where requests go.
#[derive(Debug)]
pub(crate) struct Routing {
    rewrites: Vec<(String, PathList)>,
    redirects: redirect::Redirects,
    hosts: Hosts,
    proxy: proxy::Targets,
}

impl Routing {
    /// Works it out.
    ///
    /// # Errors
    /// `Config` naming the parameter whose target is none.
    pub(crate) fn new(params: &ApiParams) -> Result<Self> {
        let mut rewrites = Vec::new();
        for (target, list) in &params.routing {
            if !target.starts_with('/') || target.starts_with("//") || target.contains(['?', '#', '%']) {
                return Err(wrong("api-routing", target, "must be a path, as in /account/get"));
            }
            if target.parse::<Uri>().is_err() {
                return Err(wrong("api-routing", target, "holds what no path may"));
            }
            rewrites.push((target.clone(), PathList::new(list.patterns())?));
        }
        Ok(Self {
            rewrites,
            redirects: redirect::Redirects::new(params)?,
            hosts: Hosts::new(&params.vhost_path)?,
            proxy: proxy::Targets::new(params)?,
        })
    }

    /// The path that is served in place of another one.
    pub(crate) fn rewrite(&self, path: &str) -> Option<&str> {
        self.rewrites.iter().find(|(_, list)| list.matches(path)).map(|(target, _)| target.as_str())
    }

    /// Where a client is sent instead.
    pub(crate) fn redirect(&self, asked: &Asked<'_>) -> Option<String> {
        self.redirects.find(asked)
    }

    /// Where a client without a login is sent that asks for a page.
    pub(crate) fn login_page(&self, path: &str) -> Option<&str> {
        self.redirects.login_page(path)
    }

    /// The folders of hosts.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The server that answers in place of this one.
    pub(crate) fn upstream(&self, host: &str, path: &str) -> Option<&Upstream> {
        self.proxy.find(host, path)
    }
}

/// An address with another path.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Result<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let target: PathAndQuery =
        text.parse().map_err(|e| Error::invalid("the address does not work with its new path").source(e))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target);
    Uri::from_parts(parts)
        .map_err(|e| Error::invalid("the address does not work with its new path").source(e))
}

fn wrong(parameter: &str, target: &str, what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{parameter}-{target:.200}: the target {what}"))
}

/// Lists by name, compiled.
fn compiled(lists: &BTreeMap<String, RegexpList>) -> Result<Vec<(String, PathList)>> {
    lists.iter().map(|(name, list)| Ok((name.clone(), PathList::new(list.patterns())?))).collect()
}
