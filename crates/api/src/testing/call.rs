//! A request of a test, and its answer.

use std::net::SocketAddr;

use bkjs_core::auth::{Claim, Credentials, DEFAULT_NAME, Request, Signature, Version, body_checksum};
use bkjs_core::task;
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::context::now_ms;

const FORM: &str = "application/x-www-form-urlencoded";

/// A request to be sent.
#[must_use]
pub struct Call {
    pub(super) address: SocketAddr,
    method: Method,
    uri: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    signer: Option<(String, String)>,
    signature_name: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The message of an error.
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Asserts that this is an error of a status whose message holds these words.
    pub fn refused(&self, status: u16, words: &str) {
        let body = self.text();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(self.json()["status"], status, "{body}");
        assert!(self.message().contains(words), "{body} without {words:?}");
    }

    /// Asserts success, and gives the body.
    pub fn done(&self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Asserts that the body names none of these columns, at any depth.
    pub fn lacks(&self, names: &[&str]) {
        for name in names {
            assert!(!self.text().contains(&format!("\"{name}\"")), "{name} in {}", self.text());
        }
    }

    /// The name and value of the cookie that was set.
    pub fn cookie(&self) -> Option<String> {
        self.header("set-cookie").split(';').next().map(str::to_owned).filter(|cookie| !cookie.is_empty())
    }
}

impl Call {
    pub(super) fn new(address: SocketAddr, method: Method, uri: &str) -> Self {
        Self {
            address,
            method,
            uri: uri.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            signer: None,
            signature_name: DEFAULT_NAME.to_owned(),
        }
    }

    /// Another header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// An urlencoded body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body(FORM, text)
    }

    /// A JSON body.
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// A multipart body of fields, and of files with the names of their fields.
    pub fn multipart(self, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, text) in fields {
            let head = format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        for (name, data) in files {
            let head = format!(
                "--XX\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.bin\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--XX--\r\n");
        self.body("multipart/form-data; boundary=XX", body)
    }

    /// A body of a type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Signs the request; bodies that are no form with their checksum.
    pub fn sign(mut self, login: &str, secret: &str) -> Self {
        self.signer = Some((login.to_owned(), secret.to_owned()));
        self
    }

    /// The header that carries the signature.
    pub fn signature_name(mut self, name: &str) -> Self {
        self.signature_name = name.to_owned();
        self
    }

    /// The value of the signature that [`send`](Self::send) adds.
    pub fn signature(&self) -> Option<String> {
        let (login, secret) = self.signer.as_ref()?;
        let content_type = self
            .headers
            .iter()
            .find(|(name, _)| name == header::CONTENT_TYPE.as_str())
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default();
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let is_form = content_type == FORM && !self.body.is_empty();
        let checksum =
            if is_form || self.body.is_empty() { String::new() } else { body_checksum(&self.body) };
        let request = Request {
            method: self.method.as_str(),
            host: "127.0.0.1",
            path,
            query: query.as_bytes(),
            form: is_form.then_some(&self.body[..]),
            content_type: &content_type,
            signature_name: &self.signature_name,
            now_ms: now_ms(),
        };
        let claim = Claim {
            version: Version::Sha256,
            tag: "",
            login,
            expires_ms: request.now_ms + 30_000,
            checksum: &checksum,
        };
        let account = Credentials { secret, ..Credentials::default() };
        Signature::create(&claim, &request, &account).ok().map(|signature| signature.to_value())
    }

    /// The path and query with the signature in it, as who cannot send headers writes it.
    pub fn signed_uri(&self) -> String {
        let signature = self.signature().expect("somebody who signs");
        let joint = if self.uri.contains('?') { '&' } else { '?' };
        let encoded: String = form_urlencoded::byte_serialize(signature.as_bytes()).collect();
        format!("{}{joint}{}={encoded}", self.uri, self.signature_name)
    }

    /// Sends it on a connection of its own.
    pub async fn send(self) -> Answer {
        let address = self.address;
        let request = self.request();
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        task::spawn("test client", connection);
        let response = sender.send_request(request).await.expect("a reply");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The request as it is sent.
    pub(super) fn request(mut self) -> hyper::Request<Full<Bytes>> {
        if let Some(value) = self.signature() {
            self.headers.push((self.signature_name.clone(), value.into_bytes()));
        }
        let mut request = hyper::Request::builder()
            .method(self.method)
            .uri(self.uri)
            .header(header::HOST, self.address.to_string());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body)).expect("a request that can be sent")
    }
}
