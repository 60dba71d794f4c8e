//! The path of a request, top to bottom. Each step is a function elsewhere; this file is their order.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bkjs_core::jobs::Functions;
use bkjs_core::{Error, ErrorKind};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use tokio::sync::OnceCell;
use tower::Service as _;

use crate::access::{Client, Entrance, rate};
use crate::agent::Agent;
use crate::auth::{Carried, authenticate, query_value, take_param};
use crate::context::Context;
use crate::gather;
use crate::head;
use crate::headers::StaticHeaders;
use crate::hooks::Verdict;
use crate::meters::{NoteRoute, Route};
use crate::observe::{self, Answered};
use crate::reply::{Failure, Reply, error_response};
use crate::request_id::request_id;
use crate::routing::{Asked, Hop, Proxied, with_path};
use crate::server::Offers;
use crate::settings::Settings;
use crate::socket::{Handshake, OverSocket};
use crate::state::Api;
use crate::statics;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The address of the socket's other end.
    pub ip: IpAddr,
    /// Whether the connection is TLS.
    pub tls: bool,
    /// How long a body may stop.
    pub stall: Duration,
    /// What may be asked for on its connection.
    pub offers: Offers,
}

/// Answers requests: the layer around the routes of an application. Cheap to clone.
#[derive(Clone)]
pub struct HttpService(Arc<Inner>);

struct Inner {
    api: Api,
    router: Router,
    headers: StaticHeaders,
    functions: Arc<Functions>,
}

/// What is known of a request before its path begins.
struct Known<'a> {
    client: Client,
    id: &'a Arc<str>,
    peer: Peer,
    route: &'a Arc<Route>,
    /// Its language, when there are translations.
    language: Option<&'a Arc<str>>,
}

/// A step that ends the path early, with a reply of its own or an error.
enum Stop {
    Reply(Box<Response>),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl HttpService {
    pub(crate) fn new(api: Api, router: Router<Api>, functions: Arc<Functions>) -> Self {
        let headers = StaticHeaders::new(api.options());
        let router = router.route_layer(NoteRoute).fallback(statics::serve).with_state(api.clone());
        Self(Arc::new(Inner { api, router, headers, functions }))
    }

    /// The application.
    pub fn api(&self) -> &Api {
        &self.0.api
    }

    /// The functions that jobs call, for a worker.
    pub fn functions(&self) -> &Arc<Functions> {
        &self.0.functions
    }

    /// Answers a request. Never fails: every failure is a reply, a panic of a handler is 500.
    ///
    /// Cancel-safe as far as the handler is: a connection that ends drops it.
    pub async fn handle<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        let start = Instant::now();
        let api = &self.0.api;
        let settings = api.settings();
        let (parts, body) = request.into_parts();
        let id = request_id(&parts.headers);
        let client = Client::find(peer.ip, peer.tls, &parts.headers, &settings.params.trust_proxy);
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let cors = settings.cors.allowed(&parts.headers);
        let language = self.language(&settings, &parts);

        let route = Arc::<Route>::default();
        let known = Known { client, id: &id, peer, route: &route, language: language.as_ref() };
        let path = self.run(&settings, parts, body, known);
        let result = match AssertUnwindSafe(path).catch_unwind().await {
            Ok(result) => result,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
                Err(Stop::Error(Error::internal(format!("a handler panicked: {text}"))))
            }
        };
        let mut response = match result {
            Ok(response) => response,
            Err(Stop::Reply(response)) => *response,
            Err(Stop::Error(error)) => {
                log_failure(&error, &id);
                self.failure(&error, language.as_deref())
            }
        };
        if response.extensions().get::<Proxied>().is_none() {
            settings.cors.apply(cors, response.headers_mut());
        }
        self.0.headers.apply(response.headers_mut(), &id);

        let answered = Answered {
            request_id: &id,
            method: &method,
            uri: &uri,
            ip: client.ip,
            status: response.status(),
            elapsed: start.elapsed(),
        };
        if !settings.params.no_access_log && tracing::enabled!(target: "access", tracing::Level::INFO) {
            observe::log(&answered, &settings.params.signature_name);
        }
        api.meters().answered(&route, answered.status, answered.elapsed);
        for observer in &api.options().observers {
            observer.answered(&answered);
        }
        response
    }

    async fn run<B>(
        &self,
        settings: &Settings,
        mut parts: Parts,
        body: B,
        known: Known<'_>,
    ) -> Result<Response, Stop>
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        if let Some(response) = head::refusal(&parts) {
            return Ok(response);
        }
        let Known { client, id, peer, route, language } = known;
        let handshake = Handshake::find(&mut parts, peer.offers).map_err(Stop::Reply)?;
        let api = &self.0.api;
        let _place = Place::take(api, settings.params.max_request_queue)?;
        if let Some(response) = settings.cors.preflight(&parts.method, &parts.headers) {
            return Ok(response);
        }
        let decoded_path = gather::check_uri(&parts.uri, settings.params.max_uri.len())?;
        let given = decoded_path.as_deref().unwrap_or(parts.uri.path());
        let served = settings.routing.rewrite(given).map(str::to_owned);
        let path = served.as_deref().unwrap_or(given);
        check_rates(api, settings, path, client).await?;
        settings.access.check_denied(given, client)?;
        if served.is_some() {
            settings.access.check_denied(path, client)?;
        }
        if settings.access.redirects_to_tls(given, client) {
            return Err(redirect(&to_tls(&parts, api.options().ssl_port)));
        }
        let host = named_host(&parts);
        if let Some(url) = settings.routing.redirect(&Asked { host: &host, uri: &parts.uri, tls: client.tls })
        {
            return Err(redirect(&url));
        }
        let is_message = parts.extensions.get::<OverSocket>().is_some();
        if let Some(upstream) = settings.routing.upstream(&host, given) {
            if is_message || handshake.is_some() {
                // Nor is the login of a connection for others.
                let message = "another server answers here, to which websockets are not passed on";
                return Err(Error::new(ErrorKind::Unsupported, message).into());
            }
            let hop = Hop { peer: peer.ip, trusted: settings.trusts(peer.ip), client };
            let bounds = (settings.params.upload_limit.len(), peer.stall);
            return Ok(api.forward().send(upstream, (parts, body), hop, bounds).await?);
        }

        let uri = parts.uri.clone();
        if let Some(served) = &served {
            parts.uri = with_path(&uri, served)?;
        }
        let mut gathered =
            gather::parameters(&parts, body, settings.params.upload_limit.len(), peer.stall).await?;
        let carried =
            Carried::take(&settings.params, &parts.method, &uri, &parts.headers, &mut gathered.params);
        let agent = Agent::find(&settings.agents, &parts.headers, |name| {
            take_param(&mut gathered.params, &uri, name)
        })?;
        let mut context = Context {
            request_id: id.clone(),
            method: parts.method.clone(),
            uri,
            client,
            agent,
            language: language.cloned(),
            params: gathered.params,
            account: None,
            known: OnceCell::new(),
            socket: is_message,
            host: parts.headers.get(header::HOST).cloned(),
            content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
            form: gathered.form,
            decoded_path: served.or(decoded_path),
            carried,
            authenticated: false,
            route: route.clone(),
        };
        if handshake.is_some() {
            Handshake::check_origin(&parts.headers, &settings.cors)?;
        }
        let admitted = self.admit(settings, &parts.headers, &mut context, handshake.is_some()).await;
        if let Err(stop) = admitted {
            return Err(to_login(settings, &context, stop));
        }
        api.check_document(context.path(), context.params.document.as_ref())?;

        if let Some(reply) = api.hooks().pre(api, &parts.headers, &mut context).await? {
            return self.finish(&context, reply).await;
        }
        if let Some(handshake) = handshake {
            return Ok(handshake.open(api, &parts.headers, &context)?);
        }
        let context = Arc::new(context);
        let mut request = Request::from_parts(parts, Body::from(gathered.body));
        request.extensions_mut().insert(context.clone());
        let mut router = self.0.router.clone();
        let Ok(mut response) = router.call(request).await;
        if let Some(reply) = response.extensions_mut().remove::<Reply>() {
            return self.finish(&context, reply).await;
        }
        if let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() {
            log_failure(&error, id);
            if language.is_some() {
                return Ok(self.failure(&error, language.map(|name| &**name)));
            }
        } else if response.status().as_u16() >= 400 && is_bare(response.headers()) {
            // A rejection of axum's own.
            let status = response.status();
            let reason = status.canonical_reason().unwrap_or("refused").to_lowercase();
            return Ok(error_response(status.as_u16(), &reason));
        }
        Ok(response)
    }

    /// Access checks, authentication, authorization. A WebSocket may be opened without a login, for each message is
    /// asked for its own; but credentials that are given have to be right.
    async fn admit(
        &self,
        settings: &Settings,
        headers: &HeaderMap,
        context: &mut Context,
        handshake: bool,
    ) -> Result<(), Stop> {
        let api = &self.0.api;
        match api.hooks().access(api, headers, context).await {
            Verdict::Pass => {}
            Verdict::Allow => return Ok(()),
            Verdict::Refuse(error) => return Err(error.into()),
            Verdict::Redirect(url) => return Err(redirect(&url)),
        }
        let entrance = match handshake {
            true if context.carried.is_empty() => Entrance::Open,
            true => Entrance::Login,
            false => settings.access.entrance(context.path(), context.client),
        };
        if entrance == Entrance::Open {
            return Ok(());
        }
        let mut outcome = match authenticate(api, settings, context).await {
            Ok(account) => {
                let allowed = settings.access.types().check(context.path(), &account);
                context.account = Some(account);
                allowed
            }
            Err(error) if error.kind() == ErrorKind::NoLogin && entrance == Entrance::Anonymous => Ok(()),
            Err(error) => Err(error),
        };
        context.authenticated = true;
        match api.hooks().auth(api, headers, context, outcome.as_ref().err()).await {
            Verdict::Pass => {}
            Verdict::Allow => outcome = Ok(()),
            Verdict::Refuse(error) => outcome = Err(error),
            Verdict::Redirect(url) => return Err(redirect(&url)),
        }
        outcome?;
        if let Some(account) = context.account.clone() {
            let limit = account_limit(settings, &account);
            rate::check(api.limiter(), limit, || format!("id:{}", account.id())).await?;
            api.acl().strip_query(account.row(), &mut context.params.row);
        }
        Ok(())
    }

    /// The language of a client among those that there are.
    fn language(&self, settings: &Settings, parts: &Parts) -> Option<Arc<str>> {
        let locales = &self.0.api.options().locales;
        if locales.is_empty() {
            return None;
        }
        let name = settings.agents.lang();
        let header = || parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let said = query_value(&parts.uri, name).or_else(header);
        locales.choose(said.as_deref(), &parts.headers).map(Arc::from)
    }

    /// The reply of an error, in a language.
    fn failure(&self, error: &Error, language: Option<&str>) -> Response {
        let Some(language) = language else { return error_response(error.status(), error.message()) };
        let message = self.0.api.options().locales.translate(language, error.message());
        let mut response = error_response(error.status(), &message);
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(language) {
            headers.insert(header::CONTENT_LANGUAGE, value);
        }
        headers.append(header::VARY, HeaderValue::from_static("accept-language"));
        response
    }

    /// From a handler's reply to bytes.
    async fn finish(&self, context: &Context, mut reply: Reply) -> Result<Response, Stop> {
        self.0.api.hooks().post(&self.0.api, context, &mut reply).await?;
        Ok(self.0.api.render(reply, context.viewer())?)
    }
}

/// A request in progress.
struct Place<'a>(&'a Api);

impl<'a> Place<'a> {
    fn take(api: &'a Api, limit: usize) -> Result<Self, Error> {
        let place = Self(api);
        let before = api.in_progress().fetch_add(1, Ordering::Relaxed);
        api.meters().in_progress.increment(1.0);
        if limit > 0 && before >= limit {
            return Err(Error::new(ErrorKind::Unavailable, "server is unavailable, please try again later"));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.in_progress().fetch_sub(1, Ordering::Relaxed);
        self.0.meters().in_progress.decrement(1.0);
    }
}

async fn check_rates(api: &Api, settings: &Settings, path: &str, client: Client) -> Result<(), Error> {
    if settings.limits.is_empty() {
        return Ok(());
    }
    let ip = client.ip;
    rate::check(api.limiter(), settings.limits.get("ip"), || format!("ip:{ip}")).await?;
    let limit = settings.limits.of_path(path);
    rate::check(api.limiter(), limit, || format!("path:{path}:{ip}")).await
}

/// The limit of an account: its own columns, else that of all accounts.
fn account_limit(settings: &Settings, account: &crate::auth::Account) -> Option<rate::Rate> {
    let number = |name| account.row().int(name).filter(|n| *n > 0).map(|n| n as f64);
    let (burst, rate) = (number("rlimits_max"), number("rlimits_rate"));
    match rate.or(burst) {
        Some(default) => Some(rate::Rate {
            burst: burst.unwrap_or(default),
            rate: default,
            interval: settings.params.rlimits_default_interval,
        }),
        None => settings.limits.get("id"),
    }
}

/// Whether an error reply says nothing that a client of ours could read.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"))
}

fn redirect(url: &str) -> Stop {
    let Ok(location) = HeaderValue::from_str(url) else {
        return Stop::Error(Error::internal("a hook sends elsewhere, but not to an address"));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    Stop::Reply(Box::new(response))
}

fn to_tls(parts: &Parts, port: u16) -> String {
    let host = named_host(parts);
    let rest = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    match port {
        0 | 443 => format!("https://{host}{rest}"),
        port => format!("https://{host}:{port}{rest}"),
    }
}

/// The host that a client asks for, lower case and without a port.
fn named_host(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    bkjs_core::auth::host_name(host).to_lowercase()
}

/// Who asks for a page without a login is sent to log in, where the configuration says so.
fn to_login(settings: &Settings, context: &Context, stop: Stop) -> Stop {
    let is_page = matches!(context.method, http::Method::GET | http::Method::HEAD) && !context.socket;
    let is_stranger = matches!(&stop, Stop::Error(error) if matches!(error.status(), 401 | 406 | 417));
    match settings.routing.login_page(context.path()) {
        Some(page) if is_page && is_stranger && context.account.is_none() => redirect(page),
        _ => stop,
    }
}

fn log_failure(error: &Error, id: &str) {
    if error.status() >= 500 {
        tracing::error!(id, error = error.log_text(), "request failed");
    } else {
        tracing::debug!(id, status = error.status(), error = error.log_text(), "request refused");
    }
}
