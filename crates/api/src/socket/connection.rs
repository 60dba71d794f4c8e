//! The life of a connection.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bkjs_core::task;
use futures_util::stream::{BoxStream, SelectAll};
use futures_util::{SinkExt as _, StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::line::Line;
use super::message::{Answer, Refused, Wanted, pushed};
use super::upgrade::Opened;
use crate::server::Offers;
use crate::service::{HttpService, Peer};

/// How long the other end may take to answer a close.
const CLOSING: Duration = Duration::from_secs(2);
/// After how many replies in a row that say "too many requests" a client is sent away.
const MAX_REFUSED: u32 = 20;
/// Room for what is read at once.
const READ_BUFFER: usize = 8 << 10;

type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Streams = SelectAll<BoxStream<'static, Message>>;

/// Why a connection ends.
enum End {
    /// It is closed with a code and a reason.
    Close(CloseCode, &'static str),
    /// There is nobody to say anything to.
    Gone,
}

impl Opened {
    /// Serves the connection to its end: until the client closes it, breaks the protocol, gives no sign of life or does
    /// not read; when draining begins, until what runs is answered; at the latest until `end`.
    pub(crate) async fn serve(self, service: HttpService, peer: Peer, end: &CancellationToken) {
        let upgraded = match self.on_upgrade.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => return tracing::debug!(%error, "a connection ended before it was a websocket"),
        };
        let most = service.api().sockets().max_message.len();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
        let peer = Peer { offers: Offers { http: true, websockets: false }, ..peer };
        let mut connection = Connection {
            socket,
            service,
            peer,
            headers: Arc::new(self.headers),
            line: Line::default(),
            streams: Streams::new(),
            refused: 0,
            silent: 0,
        };
        tokio::select! {
            () = end.cancelled() => {}
            () = connection.live() => {}
        }
    }
}

struct Connection {
    socket: Socket,
    service: HttpService,
    peer: Peer,
    headers: Arc<HeaderMap>,
    line: Line,
    streams: Streams,
    /// How many replies in a row said "too many requests".
    refused: u32,
    /// How many intervals have passed without anything from the client.
    silent: u32,
}

impl Connection {
    async fn live(&mut self) {
        if let End::Close(code, reason) = self.exchange().await {
            let closed = timeout(CLOSING, async {
                let frame = CloseFrame { code, reason: reason.into() };
                self.socket.close(Some(frame)).await?;
                // What still comes is not looked at; the answer to the close ends it.
                while let Some(Ok(_)) = self.socket.next().await {}
                // Nor do bytes that are no message: were they left unread, the close might not arrive.
                let stream = self.socket.get_mut();
                stream.shutdown().await?;
                tokio::io::copy(stream, &mut tokio::io::sink()).await?;
                Ok::<_, WsError>(())
            });
            if closed.await.is_err() {
                tracing::debug!(%code, "a websocket was not closed by its client");
            }
        }
    }

    /// Messages in, messages out.
    async fn exchange(&mut self) -> End {
        let draining = self.service.api().draining().clone();
        let mut drain = pin!(draining.cancelled());
        let mut drains = false;
        let every = self.service.api().sockets().ping_interval;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if drains && self.line.is_empty() {
                return End::Close(CloseCode::Away, "the server restarts");
            }
            let reads = self.line.has_room() && !drains;
            let step = tokio::select! {
                biased;
                () = &mut drain, if !drains => {
                    drains = true;
                    self.line.turn_away();
                    self.streams = Streams::new();
                    Ok(())
                }
                answer = self.line.next(), if !self.line.is_empty() => self.answer(answer).await,
                Some(message) = self.streams.next(), if !self.streams.is_empty() => self.send(message).await,
                read = self.socket.next(), if reads => self.take(read).await,
                _ = ticks.tick() => self.ask_for_life(reads).await,
            };
            if let Err(end) = step {
                return end;
            }
            let most = self.service.api().sockets().max_requests;
            let (service, headers, peer) = (&self.service, &self.headers, self.peer);
            self.line.start(most, |wanted| run(service.clone(), headers.clone(), peer, wanted));
        }
    }

    /// Takes what was read.
    async fn take(&mut self, read: Option<Result<Message, WsError>>) -> Result<(), End> {
        self.silent = 0;
        match read {
            Some(Ok(Message::Text(text))) => match Wanted::parse(&text) {
                Ok(wanted) => {
                    self.line.push(wanted);
                    Ok(())
                }
                Err(refused) => self.refuse(refused).await,
            },
            Some(Ok(Message::Binary(_))) => {
                Err(End::Close(CloseCode::Unsupported, "a request is a message of text"))
            }
            // Their answers go out by themselves.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_))) => Ok(()),
            Some(Err(error)) => Err(end_of(&error)),
            None => Err(End::Gone),
        }
    }

    async fn refuse(&mut self, refused: Refused) -> Result<(), End> {
        tracing::debug!(error = refused.error.log_text(), "a message was refused");
        self.send(Answer::refusal(refused).message).await
    }

    /// Sends the answer to a request, and what comes after it from now on.
    async fn answer(&mut self, answer: Option<Answer>) -> Result<(), End> {
        // A panic of a handler is a reply; one here was logged.
        let Some(mut answer) = answer else { return Err(End::Close(CloseCode::Error, "internal error")) };
        let stream = answer.push.take().and_then(|push| push.take());
        if let Some(stream) = stream {
            if self.streams.len() >= self.service.api().sockets().max_streams {
                let message = "too many requests of this connection go on, ws-max-streams";
                let error = bkjs_core::Error::new(bkjs_core::ErrorKind::TooManyRequests, message);
                return self.refuse(Refused { id: answer.id, error }).await;
            }
            let id: Option<Arc<_>> = answer.id.map(Arc::from);
            let last = id.clone();
            let events = stream.map(move |what| pushed(id.as_deref(), Some(&what)));
            let over = stream::once(async move { pushed(last.as_deref(), None) });
            self.send(answer.message).await?;
            self.streams.push(events.chain(over).boxed());
            return Ok(());
        }
        self.refused = if answer.status == StatusCode::TOO_MANY_REQUESTS { self.refused + 1 } else { 0 };
        self.send(answer.message).await?;
        if self.refused >= MAX_REFUSED {
            return Err(End::Close(CloseCode::Policy, "too many requests"));
        }
        Ok(())
    }

    /// Sends a message. A client that takes nothing for as long as a connection may be idle is dropped.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.peer.stall, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(end_of(&error)),
            Err(_) => {
                tracing::debug!(ip = %self.peer.ip, "a websocket whose client does not read was dropped");
                Err(End::Gone)
            }
        }
    }

    async fn ask_for_life(&mut self, reads: bool) -> Result<(), End> {
        if reads {
            self.silent += 1;
        }
        if self.silent > 2 {
            return Err(End::Close(CloseCode::Away, "no sign of life"));
        }
        self.send(Message::Ping(Bytes::new())).await
    }
}

/// Has a request answered, in a task of its own: it must not stand still while a message is written.
fn run(
    service: HttpService,
    headers: Arc<HeaderMap>,
    peer: Peer,
    wanted: Wanted,
) -> AbortOnDropHandle<Option<Answer>> {
    let answer = async move {
        let mut wanted = wanted;
        let id = wanted.id.take();
        let response = service.handle(wanted.request(&headers), peer).await;
        Answer::of(id, response).await
    };
    AbortOnDropHandle::new(task::spawn("websocket request", answer))
}

/// How a connection ends that cannot be read or written.
fn end_of(error: &WsError) -> End {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => {
            End::Close(CloseCode::Size, "the message is too large, ws-max-message")
        }
        WsError::Utf8(_) => End::Close(CloseCode::Invalid, "a text is not UTF-8"),
        WsError::Protocol(_) | WsError::Capacity(_) => {
            tracing::debug!(%error, "a websocket broke the protocol");
            End::Close(CloseCode::Protocol, "the protocol was broken")
        }
        _ => End::Gone,
    }
}
