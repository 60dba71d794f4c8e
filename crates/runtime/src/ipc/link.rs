//! One end of a socket pair inside an event loop.

use std::collections::HashMap;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result, task};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::frame::{MAX_FRAME, codec};
use super::message::{Message, Outcome};

const QUEUE: usize = 1024;
/// How many bytes of what is told to all wait for one peer.
const MAX_TOLD: usize = 8 << 20;
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// The sending end; clones send to the same peer.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    out: mpsc::Sender<Out>,
    calls: Arc<Calls>,
    told: Arc<Told>,
}

/// A link that does not keep itself open.
#[derive(Debug)]
pub(crate) struct WeakLink {
    out: mpsc::WeakSender<Out>,
    calls: Arc<Calls>,
    told: Arc<Told>,
}

/// What is told to all and waits to be written.
#[derive(Debug, Default)]
struct Told {
    bytes: AtomicUsize,
    /// Whether something had no room.
    lost: AtomicBool,
}

#[derive(Debug)]
enum Out {
    Frame(Bytes),
    Told(Bytes),
    Flushed(oneshot::Sender<()>),
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct Inbox {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    calls: Arc<Calls>,
}

/// Calls that wait for their reply; `None` once the peer is gone.
#[derive(Debug)]
struct Calls {
    next: AtomicU64,
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Outcome>>>>,
}

impl Link {
    /// Takes over one end of a socket pair; needs a running event loop.
    pub(crate) fn open(stream: StdStream) -> io::Result<(Self, Inbox)> {
        stream.set_nonblocking(true)?;
        let (read, write) = UnixStream::from_std(stream)?.into_split();
        let (out, queue) = mpsc::channel(QUEUE);
        let told = Arc::<Told>::default();
        task::spawn("link", write_frames(queue, FramedWrite::new(write, codec()), told.clone()));
        let calls = Arc::new(Calls { next: AtomicU64::new(0), waiting: Mutex::new(Some(HashMap::new())) });
        Ok((
            Self { out, calls: calls.clone(), told },
            Inbox { frames: FramedRead::new(read, codec()), calls },
        ))
    }

    /// Sends a message without waiting.
    ///
    /// A peer that has a thousand messages unread does not run; its heartbeat will tell. A peer that is gone
    /// is noticed by the inbox.
    pub(crate) fn post(&self, message: &Message) {
        if let Ok(frame) = encode(message) {
            let _ = self.out.try_send(Out::Frame(frame));
        }
    }

    /// Sends what is told to all without waiting: the peer may be slow, but nothing piles up for it.
    ///
    /// # Errors
    /// `OverCapacity` when there is no room, `TooLarge` for more than a megabyte, `Unavailable` when the peer is gone.
    pub(crate) fn tell(&self, message: &Message) -> Result<()> {
        let frame = encode(message)?;
        let size = frame.len();
        let full =
            || Error::new(ErrorKind::OverCapacity, "the other processes do not keep up, try again later");
        if self.told.bytes.fetch_add(size, Ordering::Relaxed) > MAX_TOLD {
            self.told.bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(full());
        }
        self.out.try_send(Out::Told(frame)).map_err(|refused| {
            self.told.bytes.fetch_sub(size, Ordering::Relaxed);
            match refused {
                mpsc::error::TrySendError::Full(_) => full(),
                mpsc::error::TrySendError::Closed(_) => Self::gone(),
            }
        })
    }

    /// As [`tell`](Self::tell), for somebody else: the peer is told when something had no room.
    pub(crate) fn pass_on(&self, message: &Message) {
        // What is in the way is written later, and this with it.
        if self.tell(message).is_err() {
            self.told.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether both lead to the same peer.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.out.same_channel(&other.out)
    }

    /// The same link for whoever does not keep it open.
    pub(crate) fn downgrade(&self) -> WeakLink {
        WeakLink { out: self.out.downgrade(), calls: self.calls.clone(), told: self.told.clone() }
    }

    /// Sends a message as soon as there is room for it.
    pub(crate) async fn send(&self, message: &Message) {
        if let Ok(frame) = encode(message) {
            let _ = self.out.send(Out::Frame(frame)).await;
        }
    }

    /// Sends the result of a call; one that does not fit becomes its refusal.
    pub(crate) async fn reply(&self, id: u64, result: Result<Value>) {
        let reply = |result: Result<Value>| encode(&Message::Reply { id, outcome: result.into() });
        if let Ok(frame) = reply(result).or_else(|error| reply(Err(error))) {
            let _ = self.out.send(Out::Frame(frame)).await;
        }
    }

    /// Waits until everything sent before has been written, or cannot be.
    pub(crate) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.out.send(Out::Flushed(done)).await.is_ok() {
            let _ = flushed.await;
        }
    }

    /// The error of a call that reaches nobody.
    pub(crate) fn gone() -> Error {
        Error::new(ErrorKind::Unavailable, "the server process is not there, try again later")
    }

    /// Sends a call and waits for its reply.
    pub(crate) async fn call(&self, name: &str, body: Value) -> Result<Value> {
        let id = self.calls.next.fetch_add(1, Ordering::Relaxed);
        let reply = self.calls.register(id).ok_or_else(Self::gone)?;
        let _forget = Forget { calls: &self.calls, id };
        let call = encode(&Message::Call { id, name: name.to_owned(), body })?;
        let answered = async {
            self.out.send(Out::Frame(call)).await.map_err(|_| Self::gone())?;
            reply.await.map_err(|_| Self::gone())
        };
        match tokio::time::timeout(CALL_LIMIT, answered).await {
            Ok(outcome) => outcome?.into(),
            Err(_) => {
                Err(Error::new(ErrorKind::Timeout, "the server process does not answer, try again later"))
            }
        }
    }
}

impl WeakLink {
    /// The link, if somebody keeps it open.
    pub(crate) fn upgrade(&self) -> Option<Link> {
        Some(Link { out: self.out.upgrade()?, calls: self.calls.clone(), told: self.told.clone() })
    }
}

impl Inbox {
    /// The next message other than a reply; `None` when the peer has closed. Cancel safe.
    ///
    /// # Errors
    /// A frame that is too long or no message. The link is of no use afterwards.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Message>> {
        while let Some(frame) = self.frames.next().await {
            let frame = match frame {
                // A peer that ends with messages of ours unread, such as a ping, closes in this way.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                frame => frame?,
            };
            match serde_json::from_slice(&frame)? {
                Message::Reply { id, outcome } => self.calls.resolve(id, outcome),
                message => return Ok(Some(message)),
            }
        }
        self.calls.close();
        Ok(None)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.calls.close();
    }
}

impl Calls {
    fn register(&self, id: u64) -> Option<oneshot::Receiver<Outcome>> {
        let (send, receive) = oneshot::channel();
        self.with(|waiting| waiting.insert(id, send))?;
        Some(receive)
    }

    fn resolve(&self, id: u64, outcome: Outcome) {
        if let Some(waiting) = self.with(|waiting| waiting.remove(&id)).flatten() {
            let _ = waiting.send(outcome);
        }
    }

    fn close(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<u64, oneshot::Sender<Outcome>>) -> T) -> Option<T> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(act)
    }
}

/// Forgets a call whose caller no longer waits.
struct Forget<'a> {
    calls: &'a Calls,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.calls.with(|waiting| waiting.remove(&self.id));
    }
}

/// Writes until the last sender or the peer is gone.
async fn write_frames(
    mut queue: mpsc::Receiver<Out>,
    mut to: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
    told: Arc<Told>,
) {
    while let Some(out) = queue.recv().await {
        if told.lost.swap(false, Ordering::Relaxed)
            && let Ok(missed) = encode(&Message::Missed)
            && to.send(missed).await.is_err()
        {
            return;
        }
        let written = match out {
            Out::Frame(frame) => to.send(frame).await,
            Out::Told(frame) => {
                let size = frame.len();
                let written = to.send(frame).await;
                told.bytes.fetch_sub(size, Ordering::Relaxed);
                written
            }
            Out::Flushed(done) => {
                let _ = done.send(());
                Ok(())
            }
        };
        if written.is_err() {
            return;
        }
    }
}

/// The bytes of a message, if they fit a frame.
fn encode(message: &Message) -> Result<Bytes> {
    let body = serde_json::to_vec(message)
        .map_err(|e| Error::internal("a message to another process cannot be written").source(e))?;
    if body.len() > MAX_FRAME {
        return Err(Error::new(
            ErrorKind::TooLarge,
            "a message to another process is over a megabyte: send less at once",
        ));
    }
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::json;

    use super::*;
    use crate::ipc::send_last;

    /// Two ends; the far one answers every call with its body under its name.
    async fn echo() -> Link {
        let (near, far) = StdStream::pair().expect("a pair");
        let (link, mut inbox) = Link::open(near).expect("opens");
        task::spawn("near", async move { inbox.next().await });
        let (far, mut calls) = Link::open(far).expect("opens");
        task::spawn("far", async move {
            while let Ok(Some(Message::Call { id, name, body })) = calls.next().await {
                match name.as_str() {
                    "fail" => far.reply(id, Err(Error::new(ErrorKind::Expired, "too late"))).await,
                    "huge" => far.reply(id, Ok(Value::from("x".repeat(MAX_FRAME)))).await,
                    "vanish" => return,
                    _ => far.reply(id, Ok(json!({ name: body }))).await,
                }
            }
        });
        link
    }

    #[tokio::test]
    async fn a_call_gets_its_own_reply_or_error() {
        let link = echo().await;
        let (a, b) = tokio::join!(link.call("a", json!(1)), link.call("b", json!(2)));
        assert_eq!((a.expect("a"), b.expect("b")), (json!({"a": 1}), json!({"b": 2})));
        let error = link.call("fail", Value::Null).await.expect_err("refused");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Expired, "too late"));
    }

    #[tokio::test]
    async fn what_does_not_fit_a_frame_is_refused_and_the_link_lives() {
        let link = echo().await;
        let long = Value::from("x".repeat(MAX_FRAME));
        assert_eq!(link.call("long", long).await.expect_err("call").kind(), ErrorKind::TooLarge);
        assert_eq!(link.call("huge", Value::Null).await.expect_err("reply").kind(), ErrorKind::TooLarge);
        assert!(link.call("a", Value::Null).await.is_ok());
    }

    #[tokio::test]
    async fn calls_fail_when_the_peer_goes_away() {
        let link = echo().await;
        assert_eq!(link.call("vanish", Value::Null).await.expect_err("gone").kind(), ErrorKind::Unavailable);
        assert_eq!(link.call("a", Value::Null).await.expect_err("gone").kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_peer_that_ends_with_messages_unread_is_heard_to_its_last_word() {
        let (near, far) = StdStream::pair().expect("a pair");
        let (link, mut inbox) = Link::open(near).expect("opens");
        link.post(&Message::Ping);
        link.flush().await;
        send_last(&far, &Message::Ready).expect("sends");
        drop(far);
        assert!(matches!(inbox.next().await, Ok(Some(Message::Ready))));
        assert!(matches!(inbox.next().await, Ok(None)));
    }

    #[tokio::test]
    async fn what_is_told_to_all_does_not_pile_up_and_the_peer_learns_of_it() {
        let (near, far) = StdStream::pair().expect("a pair");
        let (link, _inbox) = Link::open(near).expect("opens");
        let tell = Message::Tell { name: "news".into(), body: Value::from("x".repeat(MAX_FRAME / 2)) };
        let told = (0..100).take_while(|_| link.tell(&tell).is_ok()).count();
        assert!((16..=20).contains(&told), "{told}");
        assert_eq!(link.tell(&tell).expect_err("is full").kind(), ErrorKind::OverCapacity);
        link.pass_on(&tell);
        // Other messages have their own room.
        link.post(&Message::Ping);
        let (_far, mut inbox) = Link::open(far).expect("opens");
        let (mut heard, mut missed) = (0, 0);
        loop {
            match inbox.next().await.expect("reads") {
                Some(Message::Tell { .. }) => heard += 1,
                Some(Message::Missed) => missed += 1,
                Some(Message::Ping) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((heard, missed), (told, 1));
        link.tell(&tell).expect("there is room again");
    }

    #[tokio::test]
    async fn a_bad_frame_is_an_error() {
        for bytes in
            [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02{}", b"\0\0\0\x01\xff", b"\0\0\0\0", b"\0\0\0\x09\"Ready"]
        {
            let (near, mut far) = StdStream::pair().expect("a pair");
            let (_link, mut inbox) = Link::open(near).expect("opens");
            far.write_all(bytes).expect("writes");
            drop(far);
            inbox.next().await.expect_err("bad");
        }
    }
}
