//! Which requests of a connection run, and which wait.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::task::AbortOnDropHandle;

use super::message::{Answer, Wanted};

/// The most requests that wait for their turn; while there are as many, nothing is read from the client.
const MAX_WAITING: usize = 16;

/// The requests of a connection. Those without an id follow each other, for by nothing but their order the client knows
/// the replies; those with one run beside each other. Its drop ends what runs.
#[derive(Default)]
pub(super) struct Line {
    waiting: VecDeque<Wanted>,
    running: FuturesUnordered<AbortOnDropHandle<Option<Answer>>>,
    /// Whether one without an id runs.
    taken: bool,
}

impl Line {
    /// Whether another request may be read.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MAX_WAITING
    }

    /// Whether nothing runs or waits.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    /// Forgets those that wait.
    pub(super) fn turn_away(&mut self) {
        self.waiting.clear();
    }

    /// Takes a request in.
    pub(super) fn push(&mut self, wanted: Wanted) {
        self.waiting.push_back(wanted);
    }

    /// Starts what may run, at most so many at once.
    pub(super) fn start(&mut self, most: usize, run: impl Fn(Wanted) -> AbortOnDropHandle<Option<Answer>>) {
        while self.running.len() < most {
            let may = |wanted: &Wanted| wanted.id.is_some() || !self.taken;
            let Some(wanted) = self.waiting.iter().position(may).and_then(|at| self.waiting.remove(at))
            else {
                return;
            };
            self.taken |= wanted.id.is_none();
            self.running.push(run(wanted));
        }
    }

    /// The next answer; none when nothing runs, or a request has panicked. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        let answer = self.running.next().await?.ok().flatten();
        if answer.as_ref().is_none_or(|answer| answer.id.is_none()) {
            self.taken = false;
        }
        answer
    }
}
