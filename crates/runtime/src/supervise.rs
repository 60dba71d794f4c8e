//! The three supervisors: monitor, master and server.

use std::sync::Arc;

use bkjs_core::{Result, task};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::claim::Claim;
use crate::drain::Halt;
use crate::exit::Exit;
use crate::ipc::{Link, Message, Parent, WeakLink, Word};
use crate::launch::{Setting, accompany, children, top_role, unique_roles};
use crate::listen::Sockets;
use crate::pidfile::PidFile;
use crate::roll::Roll;
use crate::signals::{Signals, Wish};
use crate::slot::{Event, Replace, Slot, What};
use crate::start::{Birth, complain};
use crate::upwards::{Upwards, report};
use crate::{Program, Role, Tree, listen};

/// What a supervisor keeps in mind.
struct Supervisor {
    role: Role,
    setting: Arc<Setting>,
    program: Arc<dyn Program>,
    parent: Upwards,
    sockets: Sockets,
    halt: Halt,
    kept: Vec<Kept>,
    /// All that live below, also those that take over or drain.
    below: Vec<WeakLink>,
    /// What this process says itself.
    words: mpsc::Receiver<Word>,
    /// Whether everything below has served once.
    complete: bool,
    /// Why it ends without being asked to.
    failure: Option<Exit>,
    roll: Roll,
}

/// One slot as the supervisor knows it.
struct Kept {
    role: Role,
    orders: mpsc::Sender<Replace>,
    link: Option<Link>,
    ready: bool,
}

/// Runs a supervisor to its end.
///
/// # Errors
/// When the home is in use, or it cannot write its pid file, prepare, or listen, and has no parent to report that to.
pub(crate) async fn run(setting: Arc<Setting>, birth: Birth, program: Arc<dyn Program>) -> Result<Exit> {
    let role = birth.boot.role;
    let below_supervisor = birth.boot.parent == Parent::Supervisor;
    let mut signals = Signals::take(below_supervisor)?;
    let mut parent = Upwards::open(birth)?;
    // The first word: from now on it is asked for signs of life, and gives them while it prepares.
    parent.tell(&Message::Pong);
    let (tree, words) = Tree::of_supervisor();
    accompany(&program, role, tree);
    let started = async {
        let claim = match below_supervisor {
            true => None,
            false => Some(Claim::take(&setting, &unique_roles(role, &setting.params)).await?),
        };
        let pid_file = PidFile::write(&setting.var_dir, role)?;
        Ok((claim, pid_file, begin(role, &setting, program.as_ref()).await?))
    };
    let started = tokio::select! {
        started = started => started,
        exit = parent.attend() => return Ok(exit),
        () = signals.end() => return Ok(Exit::Stopped),
    };
    let (_claim, _pid_file, sockets) = match (started, &parent.link) {
        (Ok(started), _) => started,
        (Err(error), None) => return Err(error),
        (Err(error), Some(link)) => {
            report(link, error.log_text()).await;
            return Ok(Exit::Failed);
        }
    };
    let supervisor = Supervisor {
        role,
        setting,
        program,
        parent,
        sockets,
        halt: Halt::default(),
        kept: Vec::new(),
        below: Vec::new(),
        words,
        complete: false,
        failure: None,
        roll: Roll::default(),
    };
    Ok(supervisor.watch(&mut signals).await)
}

/// What has to work before anything is served or started.
///
/// # Errors
/// Those of [`Program::prepare`] and of the listening sockets.
pub(crate) async fn begin(role: Role, setting: &Setting, program: &dyn Program) -> Result<Sockets> {
    let prepares = match role {
        Role::Master | Role::Web => true,
        Role::Server => setting.params.no_master,
        Role::Monitor | Role::Worker => false,
    };
    if prepares {
        program.prepare(role).await?;
    }
    match role {
        Role::Server | Role::Web => listen::open(&setting.params, &setting.var_dir).await,
        _ => Ok(Sockets::default()),
    }
}

impl Supervisor {
    async fn watch(mut self, signals: &mut Signals) -> Exit {
        let (events, mut happened) = mpsc::channel(256);
        let slots: Vec<_> =
            self.slots(&events).into_iter().map(|slot| task::spawn("slot", slot.keep())).collect();
        self.check_complete();
        let halt = self.halt.clone();
        let mut ended = std::pin::pin!(async {
            // A supervisor without children lives until it is told to end.
            halt.drain.begun().await;
            join_all(slots).await.into_iter().all(|kept| matches!(kept, Ok(Some(true))))
        });
        let clean = loop {
            tokio::select! {
                clean = &mut ended => break clean,
                Some(event) = happened.recv() => self.on_event(event),
                message = self.parent.next() => match message {
                    Some(message) => self.on_message(message),
                    None => {
                        self.failure.get_or_insert(Exit::ParentGone);
                        self.halt.force();
                    }
                },
                wish = signals.next() => self.on_signal(wish),
                Some(word) = self.words.recv() => match word {
                    Word::Tell(message) => self.spread(None, &message),
                    Word::Replace => self.roll(),
                },
                () = self.roll.finished() => if self.roll.wanted_again() {
                    self.roll();
                },
            }
        };
        self.parent.flush().await;
        match self.failure {
            Some(exit) => exit,
            None if clean => Exit::Stopped,
            None => Exit::Forced,
        }
    }

    fn slots(&mut self, events: &mpsc::Sender<Event>) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (role, count) in children(self.role, &self.setting.params) {
            for index in 0..count {
                let (orders, receive) = mpsc::channel(1);
                self.kept.push(Kept { role, orders, link: None, ready: false });
                slots.push(Slot {
                    number: slots.len(),
                    role,
                    index,
                    setting: self.setting.clone(),
                    sockets: self.sockets.clone(),
                    halt: self.halt.clone(),
                    events: events.clone(),
                    orders: receive,
                });
            }
        }
        slots
    }

    fn on_event(&mut self, Event { slot, what }: Event) {
        let Some(kept) = self.kept.get_mut(slot) else { return };
        match what {
            What::Born(link) => {
                self.below.retain(|link| link.upgrade().is_some());
                self.below.push(link);
            }
            What::Up(link) => kept.link = Some(link),
            What::Down => {
                (kept.link, kept.ready) = (None, false);
                // What those below it said may have been lost with it.
                if kept.role.is_supervisor() {
                    self.hear(None, Message::Missed);
                }
            }
            What::Ready => {
                kept.ready = true;
                self.check_complete();
            }
            What::Failed(message) => self.on_failure(message),
            What::Restart => self.restart(),
            What::Tell { from, message } => self.hear(Some(&from), message),
            What::Call { from, id, name, body } => self.answer(from, id, name, body),
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Ping => self.parent.tell(&Message::Pong),
            Message::Drain => self.drain(),
            Message::Stop => self.halt.force(),
            Message::Restart => self.restart(),
            message @ (Message::Tell { .. } | Message::Missed) => {
                let parent = self.parent.link.clone();
                self.hear(parent.as_ref(), message);
            }
            Message::Call { id, name, body } => {
                if let Some(link) = self.parent.link.clone() {
                    self.answer(link, id, name, body);
                }
            }
            // What only children say.
            Message::Ready | Message::Pong | Message::Failed { .. } | Message::Reply { .. } => {}
        }
    }

    fn on_signal(&mut self, wish: Wish) {
        match wish {
            Wish::End if self.halt.drain.is_draining() => self.halt.force(),
            Wish::End => self.drain(),
            // Workers are the master's own; the rest is for the server, wherever it is.
            Wish::Restart if self.role == Role::Master => self.roll(),
            Wish::Restart => self.restart(),
        }
    }

    fn drain(&mut self) {
        tracing::info!(role = %self.role, "draining");
        self.sockets.turn_away();
        self.sockets.close();
        self.halt.drain.begin();
    }

    /// Says that everything below serves, the first time it does.
    fn check_complete(&mut self) {
        if self.complete || !self.kept.iter().all(|kept| kept.ready) {
            return;
        }
        self.complete = true;
        self.parent.tell(&Message::Ready);
        if top_role(&self.setting.params).is_ok_and(|top| top == self.role) {
            let (port, elapsed_ms) = (self.setting.params.port, self.setting.elapsed_ms());
            tracing::info!(role = %self.role, pid = std::process::id(), port, elapsed_ms, "ready");
        }
    }

    /// A child cannot work: the end of a tree that never stood, else a matter for the slot's next try.
    fn on_failure(&mut self, message: String) {
        if self.halt.drain.is_draining() {
            return;
        }
        if self.complete {
            tracing::error!(role = %self.role, error = message, "a process failed");
            return;
        }
        self.failure = Some(Exit::Failed);
        match &self.parent.link {
            Some(link) => link.post(&Message::Failed { message }),
            None => complain(&message),
        }
        self.sockets.close();
        self.halt.force();
    }

    /// Passes the wish for new web processes down to the server.
    fn restart(&mut self) {
        match self.kept.iter().find(|kept| matches!(kept.role, Role::Master | Role::Server)) {
            Some(Kept { link: Some(link), .. }) => link.post(&Message::Restart),
            Some(_) => tracing::warn!("nothing to restart: the process below is being started"),
            None => self.roll(),
        }
    }

    /// Passes on what is told to all, and tells the own program.
    fn hear(&self, from: Option<&Link>, message: Message) {
        self.spread(from, &message);
        match message {
            Message::Tell { name, body } => self.program.told(&name, body),
            _ => self.program.missed(),
        }
    }

    /// Passes something on to all but the one that it came from.
    fn spread(&self, from: Option<&Link>, message: &Message) {
        let above = self.parent.link.clone().filter(|_| self.parent.depends);
        for link in self.below.iter().filter_map(WeakLink::upgrade).chain(above) {
            if from.is_none_or(|from| !from.is_same(&link)) {
                link.pass_on(message);
            }
        }
    }

    /// Replaces the children that do the work.
    fn roll(&mut self) {
        let workers = self.kept.iter().filter(|kept| !kept.role.is_supervisor());
        self.roll.begin(workers.map(|kept| kept.orders.clone()).collect());
    }

    /// Answers a call, or has the server answer it.
    fn answer(&self, from: Link, id: u64, name: String, body: serde_json::Value) {
        let program = self.program.clone();
        let server = self.kept.iter().find(|kept| kept.role == Role::Server).map(|kept| kept.link.clone());
        task::spawn("answer", async move {
            let result = match server {
                Some(Some(server)) => server.call(&name, body).await,
                Some(None) => Err(Link::gone()),
                None => program.answer(name, body).await,
            };
            from.reply(id, result).await;
        });
    }
}
