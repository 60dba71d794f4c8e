//! Lines on their way to a slow reader: gathered in memory, written in blocks by a thread of its own.
//!
//! A general channel wakes its receiver for every line, which cost more than a third of a small request. This
//! writer sleeps a moment after each block, so that under load a line costs a copy and no system call.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::output::Output;
use crate::{Error, Result};

/// What may wait, in bytes; beyond it lines are lost rather than waited for.
const ROOM: usize = 1 << 20;
/// How long lines are gathered for a block.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the end of a process waits for the last block.
const LAST: Duration = Duration::from_millis(500);

/// The way of a line to the writing thread; clones are the same way.
#[derive(Clone)]
pub(super) struct Background(Arc<Shared>);

/// Ends the writing thread when it goes, after the last line.
pub(super) struct Guard(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is a line, or the end has come.
    some: Condvar,
    /// Nothing is left, and the thread is about to go.
    done: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    closed: bool,
    finished: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic between two lines leaves nothing half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Background {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Internal` when the system gives no thread.
    pub(super) fn start(output: Arc<Output>) -> Result<(Self, Guard)> {
        let shared = Arc::new(Shared::default());
        let writer = shared.clone();
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write_blocks(&writer, &output))
            .map_err(|e| Error::internal("no thread for the log").source(e))?;
        Ok((Self(shared.clone()), Guard(shared)))
    }
}

fn write_blocks(shared: &Shared, mut output: &Output) {
    let mut block = Vec::new();
    loop {
        let waiting = shared.lock();
        let waiting = shared.some.wait_while(waiting, |w| w.lines.is_empty() && !w.closed);
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        // Lines come in bursts: a moment later there are more, unless this is the end.
        let waiting = shared.some.wait_timeout_while(waiting, PAUSE, |w| !w.closed);
        let (mut waiting, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut block, &mut waiting.lines);
        let lost = std::mem::take(&mut waiting.lost);
        let closed = waiting.closed;
        drop(waiting);

        // A closed stream is nobody's fault here, and there is no one to tell.
        let _ = output.write_all(&block).and_then(|()| match lost {
            0 => Ok(()),
            lost => writeln!(output, "{lost} lines of the log were lost: it is read too slowly"),
        });
        let _ = output.flush();
        block.clear();
        if closed {
            shared.lock().finished = true;
            shared.done.notify_all();
            return;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        self.0.some.notify_all();
        // Not joined: a reader that has stopped must not hold the process.
        drop(self.0.done.wait_timeout_while(waiting, LAST, |w| !w.finished));
    }
}

impl Write for Background {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > ROOM {
            waiting.lost += 1;
            return Ok(line.len());
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if first {
            self.0.some.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Background {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::Target;
    use super::super::params::Format;
    use super::*;

    #[test]
    fn every_line_is_written_in_order_before_the_end() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("log");
        let target = Target::open(path.clone()).expect("opens");
        let output = Arc::new(Output::new("web", target, Format::Text));
        let (mut lines, guard) = Background::start(output).expect("starts");
        let expected: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        for line in expected.split_inclusive('\n') {
            lines.write_all(line.as_bytes()).expect("takes");
        }
        drop(guard);
        assert_eq!(std::fs::read_to_string(path).expect("reads"), expected);
    }

    #[test]
    fn what_has_no_room_is_lost_and_counted() {
        let mut lines = Background(Arc::default());
        let line = vec![b'x'; ROOM / 2 + 1];
        lines.write_all(&line).expect("takes");
        lines.write_all(&line).expect("takes no notice");
        let waiting = lines.0.lock();
        assert_eq!((waiting.lines.len(), waiting.lost), (line.len(), 1));
    }
}
