//! `-send-request`: a signed request to the running server.

use std::time::{SystemTime, UNIX_EPOCH};

use bkjs_api::{AUTH_TABLE, Args, Command, CommandContext};
use bkjs_core::auth::{Claim, Credentials, Request, Signature, Version, body_checksum, resolve_expires};
use bkjs_core::config::{Handle, Params, Secret};
use bkjs_core::db::Options;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

/// The most that a reply may hold.
const MAX_REPLY: usize = 64 << 20;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Requests that the shell sends.
#[derive(Params, Clone, Debug)]
pub(crate) struct BackendParams {
    /// The address of the server that the shell sends requests to; by default this home's own, where it listened last.
    #[param(live)]
    backend_host: String,
    /// The login that signs the shell's requests.
    #[param(live)]
    backend_login: String,
    /// The secret of that login.
    #[param(secret, live)]
    backend_secret: Secret,
}

/// The server that requests go to, as the configuration says.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) params: Handle<BackendParams>,
    /// The address of this home's own server: `http://127.0.0.1:8000`.
    pub(crate) own: String,
}

pub(crate) fn command(backend: Backend) -> Command {
    let command = Command::new(
        "send-request",
        "sends a request to the server, signed with -secret or with the secret that the database has for -login",
        "URL|PATH [-login LOGIN] [-secret SECRET] [-method METHOD] [-json 1] [NAME VALUE ...]",
        move |context, args| send(backend.clone(), context, args),
    );
    command.with_first("-url")
}

async fn send(backend: Backend, context: CommandContext, mut args: Args) -> Result<Value> {
    let mut option = |name: &str| match args.0.remove(name) {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    };
    let url = option("-url");
    let (login, secret) = (option("-login"), option("-secret"));
    let (method, json) = (option("-method"), option("-json"));
    if let Some((name, _)) = args.0.iter().find(|(name, _)| name.starts_with('-')) {
        return Err(Error::invalid(format!("unknown option {name:.40} of -send-request")));
    }
    let signer = Signer::find(&backend.params.load_full(), &context, login, secret).await?;
    let json = matches!(json.as_str(), "1" | "true" | "yes");
    let message = Message::new(&backend, &url, &method, json, &args.0)?;
    let name = &context.api.params().signature_name;
    let signature = signer.map(|signer| message.sign(&signer, name)).transpose()?;
    message.send(signature.as_deref().map(|value| (name.as_str(), value))).await
}

/// The login and secrets that sign.
struct Signer {
    login: String,
    secret: String,
    auth_secret: String,
}

impl Signer {
    /// What the options, the configuration or the database say; none when nobody is to sign.
    async fn find(
        params: &BackendParams,
        context: &CommandContext,
        login: String,
        secret: String,
    ) -> Result<Option<Self>> {
        let (login, secret) = match login.as_str() {
            "" => (params.backend_login.clone(), params.backend_secret.expose().to_owned()),
            _ => (login, secret),
        };
        if login.is_empty() {
            return Ok(None);
        }
        if !secret.is_empty() {
            return Ok(Some(Self { login, secret, auth_secret: String::new() }));
        }
        let row = context.api.db().get::<Row>(AUTH_TABLE, login.as_str(), &Options::new()).await?;
        let row = row.ok_or_else(|| Error::not_found(format!("no account with login {login}")))?;
        let text = |name: &str| row.text(name).to_owned();
        Ok(Some(Self { login, secret: text("secret"), auth_secret: text("auth_secret") }))
    }
}

/// Where requests go by `backend-host`: a url, or a host with or without a port.
fn base_of(host: &str) -> Result<String> {
    let base = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    let bad = |what: &str| Error::invalid(format!("backend-host {host:.200}: {what}"));
    let uri: Uri = base.parse().map_err(|_| bad("not an address, such as http://127.0.0.1:8000"))?;
    match uri.scheme_str() {
        Some("http") => Ok(base),
        _ => Err(bad("only http is spoken here")),
    }
}

/// A request on its way.
struct Message {
    method: Method,
    authority: String,
    path: String,
    query: String,
    content_type: &'static str,
    body: Bytes,
}

impl Message {
    fn new(backend: &Backend, url: &str, method: &str, json: bool, params: &Row) -> Result<Self> {
        if url.is_empty() {
            return Err(Error::invalid(
                "-send-request needs a path or a url, as in -send-request /account/get",
            ));
        }
        let bad = |what: &str| Error::invalid(format!("{url:.200}: {what}"));
        if url.contains(char::is_whitespace) {
            return Err(bad("there is a space in it, write %20, or give NAME VALUE after the path"));
        }
        if !url.starts_with('/') && !url.contains("://") {
            return Err(bad("a path starts with /, a url with http://"));
        }
        let host = backend.params.load().backend_host.clone();
        let base = if host.is_empty() { backend.own.clone() } else { base_of(&host)? };
        let full = match url.starts_with('/') {
            true => format!("{}{url}", base.trim_end_matches('/')),
            false => url.to_owned(),
        };
        let uri: Uri = full
            .parse()
            .map_err(|_| bad("not a path or a url: write other characters than letters and digits as %XX"))?;
        if uri.scheme_str() != Some("http") {
            return Err(bad("only http is spoken here"));
        }
        let authority = uri.authority().ok_or_else(|| bad("there is no host"))?.to_string();
        let method = match (method, json) {
            ("", false) => Method::GET,
            ("", true) => Method::POST,
            (name, _) => name.to_uppercase().parse().map_err(|_| bad("there is no such method"))?,
        };
        let mut query = uri.query().unwrap_or_default().to_owned();
        let (mut content_type, mut body) = ("", Bytes::new());
        if json {
            (content_type, body) = (JSON, params.to_json().to_string().into());
        } else if !params.is_empty() {
            let form = encode(params);
            match method == Method::POST {
                true => (content_type, body) = (FORM, form.into()),
                false if query.is_empty() => query = form,
                false => query = format!("{query}&{form}"),
            }
        }
        Ok(Self { method, authority, path: uri.path().to_owned(), query, content_type, body })
    }

    fn sign(&self, signer: &Signer, signature_name: &str) -> Result<String> {
        let form = self.content_type == FORM;
        let checksum = if self.content_type == JSON { body_checksum(&self.body) } else { String::new() };
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        let request = Request {
            method: self.method.as_str(),
            host: &self.authority,
            path: &self.path,
            query: self.query.as_bytes(),
            form: form.then_some(&self.body),
            content_type: self.content_type,
            signature_name,
            now_ms,
        };
        let claim = Claim {
            version: Version::Sha256,
            tag: "",
            login: &signer.login,
            expires_ms: resolve_expires(0, now_ms),
            checksum: &checksum,
        };
        let credentials = Credentials {
            secret: &signer.secret,
            auth_secret: &signer.auth_secret,
            ..Credentials::default()
        };
        Ok(Signature::create(&claim, &request, &credentials)?.to_value())
    }

    /// Sends it and gives the reply back: what its JSON says, or its text.
    async fn send(self, signature: Option<(&str, &str)>) -> Result<Value> {
        let unreachable = |e: std::io::Error| {
            Error::new(ErrorKind::Unavailable, format!("cannot reach {}", self.authority)).source(e)
        };
        let broken = |e: hyper::Error| Error::new(ErrorKind::Unavailable, "the connection broke").source(e);
        // The colons of an address of version 6 stand in brackets.
        let address = match self.authority.rsplit(']').next().is_some_and(|end| end.contains(':')) {
            true => self.authority.clone(),
            false => format!("{}:80", self.authority),
        };
        let stream = TcpStream::connect(&address).await.map_err(unreachable)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        bkjs_core::task::spawn("send-request", async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection ended");
            }
        });
        let target = match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        };
        let mut request =
            http::Request::builder().method(self.method).uri(target).header(HOST, &self.authority);
        if !self.content_type.is_empty() {
            request = request.header(CONTENT_TYPE, self.content_type);
        }
        if let Some((name, value)) = signature {
            request = request.header(name, value);
        }
        let request =
            request.body(Full::new(self.body)).map_err(|e| Error::invalid(format!("the request: {e}")))?;
        let reply = sender.send_request(request).await.map_err(broken)?;
        let status = reply.status();
        let body = Limited::new(reply.into_body(), MAX_REPLY).collect().await;
        let body =
            body.map_err(|e| Error::new(ErrorKind::Unavailable, format!("the reply: {e}")))?.to_bytes();
        let value = match serde_json::from_slice(&body) {
            Ok(json) => Value::from_json(json)?,
            Err(_) => Value::Text(String::from_utf8_lossy(&body).into_owned()),
        };
        match status.is_success() || status.is_redirection() {
            true => Ok(value),
            false => Err(Error::new(ErrorKind::Invalid, format!("{status}: {}", value.to_json()))),
        }
    }
}

/// Names and values with `%20` for a space, which every reader of queries takes.
fn encode(params: &Row) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs =
        params.iter().map(|(n, v)| format!("{}={}", encoded(n), encoded(v.as_str().unwrap_or_default())));
    pairs.collect::<Vec<_>>().join("&")
}
