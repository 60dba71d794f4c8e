//! A WebSocket of a test.

// What does not work here has failed the test.
#![allow(clippy::panic)]

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Call;

/// Longer than anything may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);

/// An open WebSocket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Call {
    /// Asks for a WebSocket on a connection of its own; the status of the refusal when there is none.
    ///
    /// # Errors
    /// The status of the reply that is no switch of protocols, and its body.
    pub async fn open(self) -> Result<Socket, (u16, serde_json::Value)> {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let call = self
            .header(header::CONNECTION.as_str(), "keep-alive, Upgrade")
            .header(header::UPGRADE.as_str(), "WebSocket")
            .header(header::SEC_WEBSOCKET_VERSION.as_str(), "13")
            .header(header::SEC_WEBSOCKET_KEY.as_str(), generate_key());
        let (mut parts, _) = call.request().into_parts();
        let host = parts.headers[header::HOST].to_str().expect("a host").to_owned();
        parts.uri = format!("ws://{host}{}", parts.uri).parse().expect("an address");
        let request = http::Request::from_parts(parts, ());
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(reply)) => {
                let body = reply.body().as_deref().unwrap_or_default();
                Err((reply.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
            }
            Err(error) => panic!("no websocket: {error}"),
        }
    }
}

impl Socket {
    /// Sends a message of text.
    pub async fn say(&mut self, text: impl Into<String>) {
        self.send(Message::text(text.into())).await;
    }

    /// Sends a message of text that the server may no longer take.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn try_say(&mut self, text: &str) -> Result<(), Error> {
        self.0.send(Message::text(text)).await
    }

    /// Sends any message.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("a connection that takes messages");
    }

    /// The next message that is no sign of life.
    pub async fn next(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(LIMIT, self.0.next()).await.expect("a message in time");
            match next.expect("a message, and not the end").expect("a message") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The next message as JSON.
    pub async fn hear(&mut self) -> serde_json::Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}")),
            message => panic!("no text: {message:?}"),
        }
    }

    /// Sends a message, and gives the next one as JSON.
    pub async fn ask(&mut self, text: impl Into<String>) -> serde_json::Value {
        self.say(text).await;
        self.hear().await
    }

    /// The code and the reason with which the server closes, after whatever messages; 0 when it just ends.
    pub async fn closed(&mut self) -> (u16, String) {
        let mut closed = (0, String::new());
        loop {
            match tokio::time::timeout(LIMIT, self.0.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(frame))) => {
                    closed = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return closed,
            }
        }
    }

    /// The connection below, for bytes that no client would send.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }
}
