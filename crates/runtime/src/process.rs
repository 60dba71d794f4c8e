//! One living child as its parent sees it.

use std::process::ExitStatus;
use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result};
use tokio::process::{Child, Command};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use crate::Role;
use crate::heartbeat::{Beat, Pulse};
use crate::ipc::{Inbox, Link, Message, Parent};
use crate::launch::Setting;
use crate::listen::Sockets;
use crate::spawn::{Place, command};

/// How long a child may take to end after it was told to stop, for each level of processes from it downwards.
const STOP_LIMIT: Duration = Duration::from_millis(300);

/// A child with its link and its heartbeat. It is killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) role: Role,
    pub(crate) pid: u32,
    pub(crate) link: Link,
    child: Child,
    /// `None` once the child has closed its end.
    inbox: Option<Inbox>,
    ended: Option<ExitStatus>,
    pulse: Pulse,
    ticks: Interval,
    born: Instant,
}

/// What a child does.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It said something.
    Message(Message),
    /// It ended, and everything it said before has been reported.
    Gone(ExitStatus),
}

impl Process {
    /// Starts a child.
    ///
    /// # Errors
    /// `Unavailable` when the executable cannot be started.
    pub(crate) fn start(setting: &Setting, role: Role, index: usize, sockets: &Sockets) -> Result<Self> {
        let place = Place { role, index, parent: Parent::Supervisor };
        let (command, stream) = sockets.with(|listeners| command(setting, place, listeners))?;
        let cannot = |e| {
            let message = format!("cannot start a {role} process from {}", setting.exe.display());
            Error::new(ErrorKind::Unavailable, message).source(e)
        };
        let child = Command::from(command).kill_on_drop(true).spawn().map_err(cannot)?;
        let (link, inbox) = Link::open(stream).map_err(cannot)?;
        let every = setting.params.ipc_ping_interval;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            role,
            pid: child.id().unwrap_or_default(),
            link,
            child,
            inbox: Some(inbox),
            ended: None,
            pulse: Pulse::new(),
            ticks,
            born: Instant::now(),
        })
    }

    /// How long it has lived.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// Waits for the next thing it does, pinging it meanwhile and killing it when it is silent. Cancel safe.
    pub(crate) async fn next(&mut self) -> Seen {
        loop {
            if let Some(status) = self.ended {
                // Its last words lie in the socket still.
                return match self.last_word().await {
                    Some(message) => Seen::Message(message),
                    None => Seen::Gone(status),
                };
            }
            tokio::select! {
                biased;
                message = next_message(&mut self.inbox) => match message {
                    Some(message) => {
                        self.pulse.hear();
                        if !matches!(message, Message::Pong) {
                            return Seen::Message(message);
                        }
                    }
                    None => self.inbox = None,
                },
                status = self.child.wait() => match status {
                    Ok(status) => self.ended = Some(status),
                    Err(error) => {
                        tracing::error!(pid = self.pid, %error, "cannot wait for a process");
                        self.ended = Some(ExitStatus::default());
                    }
                },
                _ = self.ticks.tick() => match self.pulse.tick() {
                    Beat::Wait => {}
                    Beat::Ping => self.link.post(&Message::Ping),
                    Beat::Silent => {
                        tracing::error!(role = %self.role, pid = self.pid, "process does not answer, killing it");
                        let _ = self.child.start_kill();
                    }
                },
            }
        }
    }

    /// Has it end at once, by force if it does not.
    pub(crate) async fn stop(mut self) {
        self.link.post(&Message::Stop);
        let limit = STOP_LIMIT * (self.role.levels_below() + 1);
        let gone = async { while !matches!(self.next().await, Seen::Gone(_)) {} };
        if timeout(limit, gone).await.is_err() {
            let _ = self.child.kill().await;
        }
    }

    async fn last_word(&mut self) -> Option<Message> {
        self.inbox.as_ref()?;
        // Bounded, in case something it started has kept its end of the socket.
        let word = timeout(STOP_LIMIT, next_message(&mut self.inbox)).await.ok().flatten();
        if word.is_none() {
            self.inbox = None;
        }
        word
    }
}

/// The next message; `None` once the child has closed its end or spoke nonsense; never when it had closed before.
async fn next_message(inbox: &mut Option<Inbox>) -> Option<Message> {
    match inbox {
        Some(inbox) => inbox.next().await.unwrap_or_else(|error| {
            tracing::error!(%error, "a child process sent a bad message");
            None
        }),
        None => std::future::pending().await,
    }
}
