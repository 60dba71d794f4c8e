//! The link to whoever started this process.

use bkjs_core::{Error, Result};

use crate::exit::Exit;
use crate::ipc::{Inbox, Link, Message, Parent};
use crate::start::Birth;

/// Whoever started this process: a supervisor, a command that waits for a daemon, or nobody.
#[derive(Debug)]
pub(crate) struct Upwards {
    pub(crate) link: Option<Link>,
    inbox: Option<Inbox>,
    /// Whether this process must not live without it.
    pub(crate) depends: bool,
}

impl Upwards {
    /// Takes over the link; needs a running event loop.
    pub(crate) fn open(birth: Birth) -> Result<Self> {
        let depends = birth.boot.parent == Parent::Supervisor;
        if birth.boot.parent == Parent::Itself {
            return Ok(Self { link: None, inbox: None, depends });
        }
        let (link, inbox) = Link::open(birth.stream)
            .map_err(|e| Error::internal("cannot use the link to the parent").source(e))?;
        Ok(Self { link: Some(link), inbox: Some(inbox), depends })
    }

    /// Sends a message without waiting.
    pub(crate) fn tell(&self, message: &Message) {
        if let Some(link) = &self.link {
            link.post(message);
        }
    }

    /// Waits until everything told has been written.
    pub(crate) async fn flush(&self) {
        if let Some(link) = &self.link {
            link.flush().await;
        }
    }

    /// The next message; `None` once, when a parent on which this process depends is gone or speaks nonsense.
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        if let Some(inbox) = &mut self.inbox {
            match inbox.next().await {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "the parent sent a bad message"),
            }
            self.inbox = None;
            if self.depends {
                return None;
            }
        }
        std::future::pending().await
    }

    /// Gives signs of life until the parent wants the end or is gone; for a time in which there is nothing to drain.
    /// Cancel safe.
    pub(crate) async fn attend(&mut self) -> Exit {
        loop {
            match self.next().await {
                Some(Message::Ping) => self.tell(&Message::Pong),
                Some(Message::Drain) => return Exit::Stopped,
                Some(Message::Stop) => return Exit::Forced,
                Some(_) => {}
                None => return Exit::ParentGone,
            }
        }
    }
}

/// Tells the parent why this process ends, and sees that it is written.
pub(crate) async fn report(parent: &Link, message: String) {
    parent.send(&Message::Failed { message }).await;
    parent.flush().await;
}
