//! WebSockets of a server of several processes.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bkjs_tests::{Call, Home, Server, free_port, raw};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Longer than anything here may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(40);
const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let (socket, _) = tokio_tungstenite::client_async(format!("ws://127.0.0.1:{port}/"), stream).await?;
        Ok(Self(socket))
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next message of text.
    async fn hear(&mut self) -> Result<Value> {
        loop {
            let next = tokio::time::timeout(LIMIT, self.0.next()).await?;
            match next.context("the end")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Ping(_) | Message::Pong(_) => {}
                message => bail!("no text: {message:?}"),
            }
        }
    }

    /// The code of the close.
    async fn closed(&mut self) -> Result<u16> {
        loop {
            match tokio::time::timeout(LIMIT, self.0.next()).await? {
                Some(Ok(Message::Close(frame))) => return Ok(frame.context("no code")?.code.into()),
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed)) | None => bail!("closed without a word"),
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }
}

#[tokio::test]
async fn messages_of_the_http_port_are_requests_and_a_stop_closes_with_the_reason() -> Result<()> {
    let home = Home::new()?;
    let port = free_port()?;
    let args = ["-ws-port", &port.to_string(), "-server-max-processes", "2"];
    let server = Server::start_on(&home, port, &args).await?;
    for login in ["ann", "bob"] {
        let form = [("login", login), ("secret", "wonder"), ("name", login)];
        ensure!(server.send(Call::post("/account/add").form(&form)).await?.status == 200);
    }
    let sign = |login: &str, path: &str| -> Result<String> {
        let request = Call::get(path).sign(login, "wonder").prepare(server.port)?;
        let signature = request.headers()["bk-signature"].as_bytes();
        let value: String = form_urlencoded::byte_serialize(signature).collect();
        Ok(format!("{path}?bk-signature={value}"))
    };
    let mut ann = Socket::open(server.port).await?;
    ann.say(&sign("ann", "/account/get")?).await?;
    let account = ann.hear().await?;
    ensure!(account["name"] == "ann", "{account}");
    ann.say(&sign("ann", "/account/subscribe")?).await?;
    ensure!(ann.hear().await?["status"] == 200);

    // From another process perhaps.
    let id = account["id"].as_str().context("an id")?;
    let ring = Call::get(&format!("/counter/incr?ping=1&id={id}")).sign("bob", "wonder");
    ensure!(server.send(ring).await?.status == 200);
    let event = ann.hear().await?;
    ensure!(event["path"] == "/counter/incr" && event["type"] == "ping", "{event}");

    let mut idle = Socket::open(server.port).await?;
    let (code, first, second) = tokio::join!(server.stop(), ann.closed(), idle.closed());
    ensure!((code?, first?, second?) == (0, 1001, 1001));
    Ok(())
}

#[tokio::test]
async fn websockets_may_have_a_port_of_their_own_and_none_are_served_elsewhere() -> Result<()> {
    let home = Home::new()?;
    let port = free_port()?;
    let args = ["-ws-port", &port.to_string(), "-ws-bind", "127.0.0.1", "-server-max-processes", "1"];
    let server = Server::start(&home, &args).await?;
    let mut socket = Socket::open(port).await?;
    socket.say(r#"{"id":1,"path":"/ping"}"#).await?;
    ensure!(socket.hear().await?["status"] == 200);
    let plain = raw::send(port, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n", LIMIT).await?;
    ensure!(plain == raw::Answer::Status(426), "{plain:?}");
    let upgrade = raw::send(server.port, HEAD.as_bytes(), LIMIT).await?;
    ensure!(matches!(upgrade, raw::Answer::Status(200 | 404)), "{upgrade:?}");
    server.stop().await?;
    Ok(())
}
