//! One request, as hooks and handlers see it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bkjs_core::auth;
use bkjs_core::db::Options;
use bkjs_core::{Error, Result};
use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use tokio::sync::OnceCell;

use crate::access::Client;
use crate::agent::Agent;
use crate::auth::{Account, Carried};
use crate::meters::Route;
use crate::params::{Controls, RequestParams};
use crate::reply::Viewer;

/// One request: who asks from where, for what, with which parameters.
///
/// Handlers take `Arc<Context>` as an extractor, or the parts of it by extractors of their own.
#[derive(Clone, Debug)]
pub struct Context {
    /// The id of the request: the caller's `X-Request-Id`, or one made here.
    pub request_id: Arc<str>,
    /// The method.
    pub method: Method,
    /// The address as it came.
    pub uri: Uri,
    /// Where it comes from.
    pub client: Client,
    /// The parameters.
    pub params: RequestParams,
    /// What the client says about itself.
    pub agent: Agent,
    /// The account, when the path asks for one and the caller has proven to be it.
    pub account: Option<Account>,
    /// Whether it is a message over a WebSocket.
    pub(crate) socket: bool,
    /// The language of the client, when there are translations.
    pub(crate) language: Option<Arc<str>>,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) content_type: Option<HeaderValue>,
    /// An urlencoded body, which is signed in place of the query.
    pub(crate) form: Option<Bytes>,
    /// The path without percent-encoding, when it had some.
    pub(crate) decoded_path: Option<String>,
    pub(crate) carried: Carried,
    /// Whether the account has been looked for already.
    pub(crate) authenticated: bool,
    /// The account on a path that needs none, once a handler has asked for it.
    pub(crate) known: OnceCell<Account>,
    /// The route, once the request has taken one.
    pub(crate) route: Arc<Route>,
}

impl Context {
    /// The path, without percent-encoding: what access lists and hooks go by.
    pub fn path(&self) -> &str {
        self.decoded_path.as_deref().unwrap_or(self.uri.path())
    }

    /// The host that the client asked for, with its port; empty when it said none.
    pub fn host(&self) -> &str {
        let header = self.host.as_ref().and_then(|h| h.to_str().ok());
        header.or(self.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default()
    }

    /// Whether this is a message over a WebSocket, so that a handler may answer with a [`Push`](crate::Push).
    pub fn is_socket(&self) -> bool {
        self.socket
    }

    /// The address of the client.
    pub fn ip(&self) -> IpAddr {
        self.client.ip
    }

    /// The account.
    ///
    /// # Errors
    /// `NoLogin` without one.
    pub fn account(&self) -> Result<&Account> {
        self.account.as_ref().ok_or_else(no_login)
    }

    /// Whether the caller is an administrator.
    pub fn is_admin(&self) -> bool {
        self.account.as_ref().is_some_and(Account::is_admin)
    }

    /// Who looks at the reply.
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer { id: self.account.as_ref().map(Account::id), admin: self.is_admin() }
    }

    /// The control parameters about the reply.
    ///
    /// # Errors
    /// As [`Controls::of`].
    pub fn controls(&self) -> Result<Controls> {
        Controls::of(&self.params)
    }

    /// The options of a database call: control parameters, the rights of the caller, and no silent loss of an
    /// address that is none. The id is among the columns always: by it the reply tells whose record it is.
    ///
    /// # Errors
    /// As [`RequestParams::options`].
    pub fn options(&self) -> Result<Options> {
        let mut options = Options { admin: self.is_admin(), strict: true, ..self.params.options()? };
        if !options.select.is_empty() && !options.select.iter().any(|name| &**name == "id") {
            options.select.push("id".into());
        }
        Ok(options)
    }

    /// The parts of the request that a signature covers.
    pub(crate) fn signed<'a>(&'a self, signature_name: &'a str) -> auth::Request<'a> {
        auth::Request {
            method: self.method.as_str(),
            host: self.host(),
            path: self.uri.path(),
            query: self.uri.query().unwrap_or_default().as_bytes(),
            form: self.form.as_deref(),
            content_type: self.content_type.as_ref().and_then(|t| t.to_str().ok()).unwrap_or_default(),
            signature_name,
            now_ms: now_ms(),
        }
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Nobody has said who they are.
pub(crate) fn no_login() -> Error {
    Error::new(bkjs_core::ErrorKind::NoLogin, "no login provided")
}
