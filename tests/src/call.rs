//! A request, and sending it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{Reply, Signed, checksum};

const FORM: &str = "application/x-www-form-urlencoded";
const HOST: &str = "127.0.0.1";

/// A request to be sent on a connection of its own.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: String,
    query: String,
    content_type: &'static str,
    body: Bytes,
    headers: Vec<(String, String)>,
    account: Option<(String, String)>,
}

impl Call {
    /// A GET request; the path may carry a query.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST request; the path may carry a query.
    pub fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    /// A request by any method; the path may carry a query.
    pub fn new(method: Method, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method,
            path: path.into(),
            query: query.into(),
            content_type: "",
            body: Bytes::new(),
            headers: Vec::new(),
            account: None,
        }
    }

    /// Adds parameters to the query.
    #[must_use]
    pub fn query(mut self, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let more = encode(pairs);
        self.query = if self.query.is_empty() { more } else { format!("{}&{more}", self.query) };
        self
    }

    /// Sends a form.
    #[must_use]
    pub fn form(mut self, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        self.body = encode(pairs).into();
        self.content_type = FORM;
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, value: &Value) -> Self {
        self.body = value.to_string().into();
        self.content_type = "application/json";
        self
    }

    /// Sends any body.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.content_type = content_type;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Signs the request by this account, at the time it is sent.
    #[must_use]
    pub fn sign(mut self, login: &str, secret: &str) -> Self {
        self.account = Some((login.into(), secret.into()));
        self
    }

    /// Sends the request to this port of the loopback and reads the reply, within ten seconds.
    ///
    /// # Errors
    /// When there is no connection, or no whole reply in time.
    pub async fn send(&self, port: u16) -> Result<Reply> {
        let reply = tokio::time::timeout(Duration::from_secs(10), self.exchange(port)).await;
        let about = || format!("{} {}", self.method, self.path);
        reply.context("no reply in time").and_then(|reply| reply).with_context(about)
    }

    /// The request as it would be sent now, for a client that keeps its connections.
    ///
    /// # Errors
    /// When the path or a header is none.
    pub fn prepare(&self, port: u16) -> Result<Request<Full<Bytes>>> {
        Ok(self.request(port).body(Full::new(self.body.clone()))?)
    }

    async fn exchange(&self, port: u16) -> Result<Reply> {
        let request = self.request(port).header("connection", "close").body(Full::new(self.body.clone()))?;
        let stream = TcpStream::connect((HOST, port)).await.context("no connection")?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let reply = async {
            let reply = sender.send_request(request).await.context("no reply")?;
            let (head, body) = reply.into_parts();
            let body = body.collect().await.context("the reply was cut")?.to_bytes();
            anyhow::Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
        };
        // The connection has to be driven along; its own errors show in the reply.
        let drive = async {
            connection.await.ok();
            std::future::pending::<()>().await;
        };
        tokio::select! { reply = reply => reply, () = drive => unreachable!("pending never ends") }
    }

    fn request(&self, port: u16) -> http::request::Builder {
        let target =
            if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let host = format!("{HOST}:{port}");
        let mut request = Request::builder().method(self.method.clone()).uri(target).header("host", host);
        if !self.content_type.is_empty() {
            request = request.header("content-type", self.content_type);
        }
        if let Some((login, secret)) = &self.account {
            request = request.header("bk-signature", self.signature(login, secret));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    fn signature(&self, login: &str, secret: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let form = String::from_utf8_lossy(&self.body);
        let is_form = self.content_type == FORM;
        let sum = if is_form || self.body.is_empty() { String::new() } else { checksum(&self.body) };
        let signed = Signed {
            method: self.method.as_str(),
            host: HOST,
            path: &self.path,
            query: if is_form { &form } else { &self.query },
            content_type: self.content_type,
            checksum: &sum,
            expires: u64::try_from(now.as_millis()).unwrap_or_default() + 60_000,
        };
        signed.header(login, secret)
    }
}

fn encode(pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
