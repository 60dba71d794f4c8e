//! From a request to an open connection.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bkjs_core::{Error, ErrorKind, Result};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::auth::Proof;
use crate::context::Context;
use crate::cors::{Cors, is_own_origin};
use crate::reply::error_response;
use crate::server::Offers;
use crate::state::Api;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
/// The one version of the protocol (RFC 6455).
const PROTOCOL: HeaderValue = HeaderValue::from_static("13");
/// What the upgrade says about itself, and not about the client and its messages.
const OF_UPGRADE: [HeaderName; 17] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::TE,
    header::RANGE,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
    HeaderName::from_static("x-request-id"),
];

/// A request that asks for a WebSocket, and may.
#[derive(Debug)]
pub(crate) struct Handshake {
    key: HeaderValue,
    on_upgrade: OnUpgrade,
}

/// A connection that becomes a WebSocket once its reply is sent. Travels in the extensions of the reply to whoever serves
/// the connection.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(super) on_upgrade: OnUpgrade,
    /// The headers of every request that a message makes.
    pub(super) headers: HeaderMap,
}

impl Handshake {
    /// What a request asks for: a WebSocket, or none; or the reply that says why it does not get what it asks for.
    pub(crate) fn find(parts: &mut Parts, offers: Offers) -> Result<Option<Self>, Box<Response>> {
        if !offers.websockets {
            // Nobody has to understand the wish; it is answered like any other request.
            return Ok(None);
        }
        if !asks(parts) {
            let refused = || refusal(426, "only websockets are served on this port");
            return if offers.http { Ok(None) } else { Err(refused()) };
        }
        if parts.headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&PROTOCOL) {
            return Err(refusal(426, "the header sec-websocket-version must be 13"));
        }
        let mut keys = parts.headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) if STANDARD.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16) => {
                key.clone()
            }
            _ => return Err(refusal(400, "the header sec-websocket-key must be 16 bytes as base64, once")),
        };
        match parts.extensions.remove::<OnUpgrade>() {
            Some(on_upgrade) => Ok(Some(Self { key, on_upgrade })),
            None => Err(refusal(400, "this connection cannot become a websocket")),
        }
    }

    /// Whether scripts of the page that asks may: one of this site, or of an origin that `api-cors-origin` names.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(crate) fn check_origin(headers: &HeaderMap, cors: &Cors) -> Result<()> {
        if !headers.contains_key(header::ORIGIN) || is_own_origin(headers) || cors.allowed(headers).is_some()
        {
            return Ok(());
        }
        let message = "this origin may not open a websocket: api-cors-origin does not name it";
        Err(Error::new(ErrorKind::Forbidden, message))
    }

    /// The reply that makes the connection a WebSocket.
    ///
    /// # Errors
    /// Those of [`Api::access_token`].
    pub(crate) fn open(self, api: &Api, headers: &HeaderMap, context: &Context) -> Result<Response> {
        let headers = client_headers(api, headers, context)?;
        let accept = HeaderValue::from_str(&derive_accept_key(self.key.as_bytes()))
            .map_err(|e| Error::internal("an accept key is no header").source(e))?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let reply = response.headers_mut();
        reply.insert(header::CONNECTION, UPGRADE);
        reply.insert(header::UPGRADE, WEBSOCKET);
        reply.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        response.extensions_mut().insert(Opened { on_upgrade: self.on_upgrade, headers });
        Ok(response)
    }
}

/// Whether a request asks for a WebSocket.
fn asks(parts: &Parts) -> bool {
    let names = |name: HeaderName, word: &str| {
        let values = parts.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && names(header::CONNECTION, "upgrade")
        && names(header::UPGRADE, "websocket")
}

fn refusal(status: u16, message: &str) -> Box<Response> {
    let mut response = error_response(status, message);
    let headers = response.headers_mut();
    headers.insert(header::SEC_WEBSOCKET_VERSION, PROTOCOL);
    if status == 426 {
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, WEBSOCKET);
    }
    Box::new(response)
}

/// What the upgrade says about the client, as every message is to say it.
///
/// A session cookie and an access token are verified again for every message. A signature is for one request: in its
/// place the client gets an access token that it never sees, so that the login ends with the secret here too.
fn client_headers(api: &Api, given: &HeaderMap, context: &Context) -> Result<HeaderMap> {
    let config = api.params();
    let mut headers = given.clone();
    OF_UPGRADE.iter().for_each(|name| drop(headers.remove(name)));
    headers.remove(config.signature_name.as_str());
    context.agent.write(&api.settings().agents, &mut headers);
    let token = match &context.account {
        Some(account) if account.proof() == Proof::Signature => {
            Some(api.access_token(context, account.row())?.value)
        }
        Some(account) if account.proof() == Proof::Token => context.carried.token.clone(),
        _ => None,
    };
    if let Some(token) = token {
        headers.remove(config.access_token_name.as_str());
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|e| Error::invalid("the access token is not valid").source(e))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}
