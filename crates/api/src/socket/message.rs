//! From a message to a request, and from a reply to a message.

use axum::response::Response;
use bkjs_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::push::{Push, Pushed};

/// The most bytes of a reply that is sent as a message.
const MAX_REPLY: usize = 32 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Marks a request that was a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverSocket;

/// By which a client knows its request again in the reply: a number or a text, as it was given.
pub(super) type Id = Box<RawValue>;

/// A request that a message asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: Option<Id>,
    target: Uri,
    params: Option<Bytes>,
}

/// A message in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    path: String,
    id: Option<Id>,
    params: Option<Box<RawValue>>,
}

/// A message that is no request, and what is known of it.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) id: Option<Id>,
    pub(super) error: Error,
}

impl Wanted {
    /// Reads a message: an address, or JSON with `path`, and possibly `params` and `id`.
    ///
    /// # Errors
    /// `Invalid` with the reason.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if !text.starts_with('{') {
            let target = target(text).map_err(|error| Refused { id: None, error })?;
            return Ok(Self { id: None, target, params: None });
        }
        let shape: Shape = serde_json::from_str(text).map_err(|error| {
            let message = format!("the message is not a request: {error}");
            Refused { id: None, error: Error::invalid(message).source(error) }
        })?;
        let refuse = |message: &'static str| Refused { id: None, error: Error::invalid(message) };
        let id = match shape.id {
            Some(id) if id.get() == "null" => None,
            Some(id) if id.get().starts_with(['{', '[', 't', 'f']) => {
                return Err(refuse("id must be a number or a text"));
            }
            Some(id) if id.get().len() > 256 => return Err(refuse("id is too long, at most 256 bytes")),
            id => id,
        };
        let target = match target(&shape.path) {
            Ok(target) => target,
            Err(error) => return Err(Refused { id, error }),
        };
        let params = match shape.params {
            Some(params) if params.get() == "null" => None,
            Some(params) if !params.get().starts_with('{') => {
                return Err(Refused { id, error: Error::invalid("params must be an object") });
            }
            params => params.map(|params| Bytes::from(String::from(Box::<str>::from(params)))),
        };
        Ok(Self { id, target, params })
    }

    /// The request, with the headers of the connection.
    pub(super) fn request(self, headers: &HeaderMap) -> Request<Full<Bytes>> {
        let has_params = self.params.is_some();
        let mut request = Request::new(Full::new(self.params.unwrap_or_default()));
        *request.headers_mut() = headers.clone();
        *request.uri_mut() = self.target;
        request.extensions_mut().insert(OverSocket);
        if has_params {
            *request.method_mut() = Method::POST;
            request.headers_mut().insert(header::CONTENT_TYPE, JSON);
        }
        request
    }
}

fn target(text: &str) -> Result<Uri> {
    if !text.starts_with('/') {
        return Err(Error::invalid(
            "the message is not a request: neither a path, which starts with /, nor JSON",
        ));
    }
    text.parse()
        .map_err(|e| Error::invalid("the path is not an address: write %XX for other characters").source(e))
}

/// What is sent for a reply.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: Option<Id>,
    pub(super) status: StatusCode,
    pub(super) message: Message,
    pub(super) push: Option<Push>,
}

#[derive(Serialize)]
struct Numbered<'a, T> {
    id: &'a RawValue,
    status: u16,
    body: T,
}

#[derive(Serialize)]
struct Failed<'a> {
    status: u16,
    message: &'a str,
}

impl Answer {
    /// The message of a reply: its body; with an id, JSON with id, status and body.
    pub(super) async fn of(id: Option<Id>, mut response: Response) -> Self {
        let push = response.extensions_mut().remove::<Push>();
        let (parts, body) = response.into_parts();
        let body = match Limited::new(body, MAX_REPLY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                let error = match error.is::<LengthLimitError>() {
                    true => Error::new(ErrorKind::TooLarge, "the reply is too large for a message"),
                    false => Error::internal(format!("a reply was not sent over a websocket: {error}")),
                };
                return Self::refusal(Refused { id, error });
            }
        };
        let status = parts.status;
        let is_json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == JSON);
        let Some(own) = &id else {
            let message = match Utf8Bytes::try_from(body.clone()) {
                Ok(text) => Message::Text(text),
                Err(_) => Message::Binary(body),
            };
            return Self { id, status, message, push };
        };
        let raw = if is_json { serde_json::from_slice::<&RawValue>(&body).ok() } else { None };
        let text = match (raw, std::str::from_utf8(&body)) {
            (Some(body), _) => json(&Numbered { id: own, status: status.as_u16(), body }),
            (None, Ok(body)) => json(&Numbered { id: own, status: status.as_u16(), body }),
            (None, Err(_)) => {
                let error = Error::invalid("the reply is no text: ask for it without an id").with_status(406);
                return Self::refusal(Refused { id, error });
            }
        };
        Self { id, status, message: Message::Text(text), push }
    }

    /// The message that says why there is no other.
    pub(super) fn refusal(Refused { id, error }: Refused) -> Self {
        let status = error.status();
        let body = Failed { status, message: error.message() };
        let text = match &id {
            Some(id) => json(&Numbered { id, status, body }),
            None => json(&body),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { id, status, message: Message::Text(text), push: None }
    }
}

/// The message of what comes after a reply; of none, that it is over.
pub(super) fn pushed(id: Option<&RawValue>, pushed: Option<&Pushed>) -> Message {
    let field = match pushed {
        Some(Pushed::Event(event)) if id.is_none() => return Message::Text(json(event)),
        Some(Pushed::Event(event)) => ("event", event.to_json()),
        Some(Pushed::Missed) => ("missed", true.into()),
        None => ("end", true.into()),
    };
    let (name, value) = field;
    let mut text = String::from("{");
    if let Some(id) = id {
        text.push_str(&format!("\"id\":{},", id.get()));
    }
    text.push_str(&format!("\"{name}\":{value}}}"));
    Message::text(text)
}

/// What is made of texts, numbers and JSON always serializes.
fn json(value: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(value).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> std::result::Result<String, String> {
        let wanted = Wanted::parse(text).map_err(|refused| refused.error.message().to_owned())?;
        let id = wanted.id.as_ref().map(|id| id.get().to_owned());
        let request = wanted.request(&HeaderMap::new());
        Ok(format!("{} {} {id:?}", request.method(), request.uri()))
    }

    #[test]
    fn a_message_is_an_address_or_an_object() {
        for (text, expected) in [
            ("/account/get", "GET /account/get None"),
            (" /a?b=%20 \n", "GET /a?b=%20 None"),
            (r#"{"path":"/a?b=1"}"#, "GET /a?b=1 None"),
            (r#"{"path":"/a","id":7,"params":{"b":1}}"#, r#"POST /a Some("7")"#),
            (r#"{"path":"/a","id":"x","params":null}"#, r#"GET /a Some("\"x\"")"#),
            (r#"{"path":"/a","id":null,"params":{}}"#, "POST /a None"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused_by_name() {
        for (text, words) in [
            ("", "neither a path"),
            ("account/get", "neither a path"),
            ("http://a/b", "neither a path"),
            ("[]", "neither a path"),
            ("/a b", "%XX"),
            ("/\u{fc} \u{0}", "%XX"),
            ("{", "not a request"),
            ("{}", "path"),
            (r#"{"path":1}"#, "not a request"),
            (r#"{"path":"/a","parms":{}}"#, "parms"),
            (r#"{"path":"/a","path":"/b"}"#, "duplicate"),
            (r#"{"path":"a"}"#, "neither a path"),
            (r#"{"path":"/a","params":[1]}"#, "params must be an object"),
            (r#"{"path":"/a","id":{}}"#, "id must be"),
            (r#"{"path":"/a","id":true}"#, "id must be"),
            (&format!(r#"{{"path":"/a","id":"{}"}}"#, "x".repeat(300)), "id is too long"),
        ] {
            let message = parsed(text).expect_err(text);
            assert!(message.contains(words), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_pushed_carries_the_id() {
        let id = RawValue::from_string("7".into()).expect("a number");
        let event = Pushed::Event(bkjs_core::value::Value::Text("x".into()));
        let text = |id: Option<&RawValue>, what: Option<&Pushed>| {
            pushed(id, what).into_text().expect("text").to_string()
        };
        assert_eq!(text(None, Some(&event)), r#""x""#);
        assert_eq!(text(Some(&id), Some(&event)), r#"{"id":7,"event":"x"}"#);
        assert_eq!(text(None, Some(&Pushed::Missed)), r#"{"missed":true}"#);
        assert_eq!(text(Some(&id), None), r#"{"id":7,"end":true}"#);
    }
}
