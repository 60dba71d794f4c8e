//! What a connection has brought and nobody has fetched yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use futures_util::task::AtomicWaker;

use crate::pubsub::Heard;
use crate::{Error, Result};

/// The most that waits.
const MESSAGES: usize = 4096;
const BYTES: usize = 16 << 20;

/// Where the reading end of a connection puts what it brings; never waits. One task fetches.
#[derive(Debug, Default)]
pub(super) struct Spool {
    state: Mutex<State>,
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(String, Bytes)>,
    bytes: usize,
    /// Whether something was thrown away.
    missed: bool,
    end: Option<Error>,
}

impl Spool {
    /// Puts a message in, or takes note that there was no room for it.
    pub(super) fn put(&self, channel: String, body: Bytes) {
        let mut state = self.state();
        if state.waiting.len() >= MESSAGES || state.bytes > BYTES {
            state.missed = true;
        } else {
            state.bytes += body.len();
            state.waiting.push_back((channel, body));
        }
        drop(state);
        self.reader.wake();
    }

    /// Takes note that something did not get here.
    pub(super) fn missed(&self) {
        self.state().missed = true;
        self.reader.wake();
    }

    /// Takes note that nothing more comes.
    #[allow(dead_code)] // what is in this process does not end
    pub(super) fn end(&self, error: Error) {
        self.state().end.get_or_insert(error);
        self.reader.wake();
    }

    /// What comes next. That something is missing is told at once: it was published before.
    pub(super) async fn next(&self) -> Result<Heard> {
        std::future::poll_fn(|context| {
            self.reader.register(context.waker());
            let mut state = self.state();
            if std::mem::take(&mut state.missed) {
                return Poll::Ready(Ok(Heard::Missed));
            }
            if let Some((channel, body)) = state.waiting.pop_front() {
                state.bytes -= body.len();
                return Poll::Ready(Ok(Heard::Message { channel, body }));
            }
            match &state.end {
                Some(error) => Poll::Ready(Err(error.duplicate())),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_no_room_is_noted_and_the_rest_arrives() {
        let spool = Spool::default();
        for n in 0..=MESSAGES {
            spool.put(n.to_string(), Bytes::new());
        }
        spool.end(Error::internal("over"));
        assert_eq!(spool.next().await.expect("is there"), Heard::Missed);
        for n in 0..MESSAGES {
            let message = Heard::Message { channel: n.to_string(), body: Bytes::new() };
            assert_eq!(spool.next().await.expect("is there"), message);
        }
        spool.next().await.expect_err("has ended");
    }
}
