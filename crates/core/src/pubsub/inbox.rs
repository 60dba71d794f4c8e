//! What waits for one subscriber.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::{Limits, Message, Received};
use crate::{Error, ErrorKind, Result};

/// What has arrived and was not read. One task reads it.
#[derive(Debug)]
pub(super) struct Inbox {
    limits: Limits,
    state: Mutex<State>,
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Received>,
    /// Of the bodies that wait.
    bytes: usize,
    /// Why nothing more comes.
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    Slow(String),
    Closed,
    Left,
}

impl Inbox {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default(), reader: AtomicWaker::new() }
    }

    /// Puts something in; false when nothing may be put in any more.
    pub(super) fn put(&self, received: Received) -> bool {
        let mut state = self.state();
        if state.end.is_some() {
            return false;
        }
        match &received {
            // One note is enough where several messages in a row may be missing.
            Received::Missed if state.waiting.back() == Some(&received) => return true,
            Received::Missed => {}
            Received::Message(Message { channel, body }) => {
                let Limits { messages, bytes } = self.limits;
                // However large it is, one has room.
                let over = state.bytes + body.len() > bytes && state.bytes > 0;
                if over || state.waiting.len() >= messages {
                    let waiting = state.waiting.len();
                    let why = format!(
                        "the subscriber of {channel:.40} is too slow and was dropped: {waiting} messages wait, {} kB",
                        state.bytes >> 10
                    );
                    tracing::warn!(
                        channel = &**channel,
                        waiting,
                        bytes = state.bytes,
                        "a subscriber is too slow and was dropped"
                    );
                    state.end = Some(End::Slow(why));
                    drop(state);
                    self.reader.wake();
                    return false;
                }
                state.bytes += body.len();
            }
        }
        state.waiting.push_back(received);
        drop(state);
        self.reader.wake();
        true
    }

    /// What was put in first, and at the end why it has ended.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Result<Received>> {
        self.reader.register(context.waker());
        let mut state = self.state();
        if let Some(received) = state.waiting.pop_front() {
            if let Received::Message(message) = &received {
                state.bytes -= message.body.len();
            }
            return Poll::Ready(Ok(received));
        }
        match &state.end {
            None => Poll::Pending,
            Some(End::Slow(why)) => Poll::Ready(Err(Error::new(ErrorKind::OverCapacity, why.clone()))),
            Some(End::Closed | End::Left) => {
                Poll::Ready(Err(Error::new(ErrorKind::Unavailable, "the pub/sub client was closed")))
            }
        }
    }

    /// Nothing more comes, as the client is closed.
    pub(super) fn close(&self) {
        self.state().end.get_or_insert(End::Closed);
        self.reader.wake();
    }

    /// The reader is gone.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.end = Some(End::Left);
        state.waiting = VecDeque::new();
    }

    /// Whether something can still be put in.
    pub(super) fn is_open(&self) -> bool {
        self.state().end.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn message(body: &'static [u8]) -> Received {
        Received::Message(Message { channel: "c".into(), body: body.into() })
    }

    fn read(inbox: &Inbox) -> Option<Result<Received>> {
        std::future::poll_fn(|context| inbox.poll(context)).now_or_never()
    }

    #[test]
    fn one_that_is_full_gives_what_it_has_and_then_the_reason() {
        let inbox = Inbox::new(Limits { messages: 2, bytes: 100 });
        assert!(inbox.put(message(b"a")) && inbox.put(message(b"b")));
        assert!(!inbox.put(message(b"c")) && !inbox.is_open());
        assert_eq!(read(&inbox).expect("is there").expect("is a message"), message(b"a"));
        assert!(!inbox.put(message(b"d")), "it has ended, whatever is read");
        assert!(read(&inbox).expect("is there").is_ok());
        let error = read(&inbox).expect("has ended").expect_err("is the reason");
        assert_eq!(error.kind(), ErrorKind::OverCapacity);
        assert!(error.message().contains("too slow"), "{error}");
    }

    #[test]
    fn bytes_are_bounded_too_but_one_message_always_fits() {
        let inbox = Inbox::new(Limits { messages: 10, bytes: 3 });
        assert!(inbox.put(message(b"1234")));
        assert!(read(&inbox).is_some() && inbox.put(message(b"12")) && inbox.put(message(b"3")));
        assert!(!inbox.put(message(b"4")));
    }

    #[test]
    fn what_may_be_missing_is_noted_once() {
        let inbox = Inbox::new(Limits::default());
        assert!(inbox.put(Received::Missed) && inbox.put(Received::Missed) && inbox.put(message(b"")));
        assert_eq!(read(&inbox).expect("is there").expect("is a note"), Received::Missed);
        assert_eq!(read(&inbox).expect("is there").expect("is a message"), message(b""));
        assert!(read(&inbox).is_none());
    }
}
