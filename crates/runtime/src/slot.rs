//! One place in the tree: keeps one child alive, replaces it on request, and sees it to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bkjs_core::task;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Role;
use crate::backoff::Backoff;
use crate::drain::Halt;
use crate::exit::Exit;
use crate::ipc::{Link, Message, WeakLink};
use crate::launch::Setting;
use crate::listen::Sockets;
use crate::process::{Process, Seen};

/// The order to replace the child, answered by whether the new one serves; not at all when the child has
/// meanwhile died and is started anew anyway.
pub(crate) type Replace = oneshot::Sender<bool>;

/// What a slot tells its supervisor.
#[derive(Debug)]
pub(crate) struct Event {
    /// The number of the slot.
    pub(crate) slot: usize,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// A child was started, and is reached by this link as long as it lives.
    Born(WeakLink),
    /// A child is there, reached by this link.
    Up(Link),
    /// The child serves.
    Ready,
    /// The child died.
    Down,
    /// The child says that it cannot work, or it could not be started.
    Failed(String),
    /// A process below asks for the replacement of the web processes.
    Restart,
    /// A process below says something to all.
    Tell { from: Link, message: Message },
    /// A process below asks; the reply goes to the link.
    Call { from: Link, id: u64, name: String, body: serde_json::Value },
}

/// One place in the tree.
pub(crate) struct Slot {
    pub(crate) number: usize,
    pub(crate) role: Role,
    pub(crate) index: usize,
    pub(crate) setting: Arc<Setting>,
    pub(crate) sockets: Sockets,
    pub(crate) halt: Halt,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) orders: mpsc::Receiver<Replace>,
}

/// A child that is to take over once it is ready.
struct Successor {
    process: Process,
    done: Replace,
}

impl Slot {
    /// Keeps a child until draining begins, and returns when all are gone: whether none had to be forced.
    pub(crate) async fn keep(mut self) -> bool {
        let mut backoff = Backoff::new(self.setting.params.server_crash_delay);
        let mut retiring = Vec::new();
        while !self.halt.drain.is_draining() {
            let lived = self.life(&mut retiring).await;
            let pause = backoff.pause(lived);
            if !pause.is_zero() && !self.halt.drain.is_draining() {
                tracing::warn!(role = %self.role, index = self.index, pause_ms = pause.as_millis() as u64, "starting again after a pause");
            }
            self.rest(pause).await;
        }
        let mut clean = true;
        for process in retiring {
            clean &= matches!(process.await, Ok(Some(true)));
        }
        clean
    }

    /// One child from its start to its death or until draining begins, successors included.
    async fn life(&mut self, retiring: &mut Vec<JoinHandle<Option<bool>>>) -> Duration {
        let Some(mut current) = self.start().await else { return Duration::ZERO };
        self.tell(What::Up(current.link.clone())).await;
        let mut successor: Option<Successor> = None;
        loop {
            tokio::select! {
                seen = current.next() => match seen {
                    Seen::Message(message) => self.hear(&current, message).await,
                    Seen::Gone(status) => {
                        tracing::warn!(role = %self.role, index = self.index, pid = current.pid, %status, "process ended");
                        self.tell(What::Down).await;
                        match successor.take() {
                            // Its readiness is reported like that of any child that was started again.
                            Some(next) => current = next.process,
                            None => return current.age(),
                        }
                        self.tell(What::Up(current.link.clone())).await;
                    }
                },
                seen = next_of(&mut successor) => match seen {
                    Seen::Message(Message::Ready) => if let Some(next) = successor.take() {
                        let old = std::mem::replace(&mut current, next.process);
                        tracing::info!(role = %self.role, index = self.index, pid = current.pid, replaces = old.pid, "process replaced");
                        self.tell(What::Up(current.link.clone())).await;
                        self.tell(What::Ready).await;
                        retiring.retain(|task| !task.is_finished());
                        retiring.push(self.retire(old));
                        let _ = next.done.send(true);
                    },
                    Seen::Message(message) => if let Some(next) = &successor {
                        self.hear(&next.process, message).await;
                    },
                    Seen::Gone(status) => if let Some(next) = successor.take() {
                        tracing::error!(role = %self.role, index = self.index, %status, "the new process ended before it served, keeping the old one");
                        let _ = next.done.send(false);
                    },
                },
                Some(done) = self.orders.recv(), if successor.is_none() => {
                    match self.start().await {
                        Some(process) => successor = Some(Successor { process, done }),
                        None => drop(done.send(false)),
                    }
                }
                () = self.halt.drain.begun() => {
                    retiring.push(self.retire(current));
                    retiring.extend(successor.map(|next| self.retire(next.process)));
                    return Duration::ZERO;
                }
            }
        }
    }

    /// Waits before the next start; an order to replace is void meanwhile.
    async fn rest(&mut self, pause: Duration) {
        let mut over = pin!(sleep(pause));
        loop {
            tokio::select! {
                () = &mut over => return,
                () = self.halt.drain.begun() => return,
                Some(_) = self.orders.recv() => {}
            }
        }
    }

    async fn start(&self) -> Option<Process> {
        match Process::start(&self.setting, self.role, self.index, &self.sockets) {
            Ok(process) => {
                self.tell(What::Born(process.link.downgrade())).await;
                Some(process)
            }
            Err(error) => {
                self.tell(What::Failed(error.log_text())).await;
                None
            }
        }
    }

    async fn hear(&self, from: &Process, message: Message) {
        match message {
            Message::Ready => {
                tracing::info!(role = %self.role, index = self.index, pid = from.pid, elapsed_ms = from.age().as_millis() as u64, "process ready");
                self.tell(What::Ready).await;
            }
            message => {
                if let Some(what) = passed_on(message, &from.link) {
                    self.tell(what).await;
                }
            }
        }
    }

    async fn tell(&self, what: What) {
        let _ = self.events.send(Event { slot: self.number, what }).await;
    }

    /// Sees a child to its end in the background: whether neither it nor anything below had to be forced.
    fn retire(&self, mut process: Process) -> JoinHandle<Option<bool>> {
        let limit = self.grace();
        let force = self.halt.force.clone();
        let (slot, events) = (self.number, self.events.clone());
        task::spawn("retire", async move {
            process.link.post(&Message::Drain);
            let mut over = pin!(sleep(limit));
            loop {
                tokio::select! {
                    seen = process.next() => match seen {
                        Seen::Gone(status) => return status.code() != Some(Exit::Forced.code()),
                        // What still works there may still ask.
                        Seen::Message(message) => if let Some(what @ (What::Call { .. } | What::Tell { .. })) = passed_on(message, &process.link) {
                            let _ = events.send(Event { slot, what }).await;
                        },
                    },
                    () = &mut over => {
                        tracing::warn!(role = %process.role, pid = process.pid, "process did not end in time, stopping it");
                        break;
                    }
                    () = force.begun() => break,
                }
            }
            process.stop().await;
            false
        })
    }

    /// How long a child may drain; longer for one that waits for others with the same limit.
    fn grace(&self) -> Duration {
        self.setting.params.shutdown_timeout + Duration::from_secs(self.role.levels_below().into())
    }
}

/// What a message means to the supervisor, if anything.
fn passed_on(message: Message, from: &Link) -> Option<What> {
    match message {
        Message::Failed { message } => Some(What::Failed(message)),
        Message::Restart => Some(What::Restart),
        message @ (Message::Tell { .. } | Message::Missed) => {
            Some(What::Tell { from: from.clone(), message })
        }
        Message::Call { id, name, body } => Some(What::Call { from: from.clone(), id, name, body }),
        _ => None,
    }
}

async fn next_of(successor: &mut Option<Successor>) -> Seen {
    match successor {
        Some(next) => next.process.next().await,
        None => std::future::pending().await,
    }
}
