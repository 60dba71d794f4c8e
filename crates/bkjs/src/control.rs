//! System messages, as the processes of an application give and follow them.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bkjs_core::config::{Config, home};
use bkjs_core::control::{Command, Control, Order, channel, tree_name};
use bkjs_core::db::Db;
use bkjs_core::pubsub::{Pubsub, Pubsubs, Received};
use bkjs_core::{Error, Result, task};
use bkjs_runtime::{Role, RuntimeParams, Tree};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Notify;

use crate::boot::Environment;
use crate::cache;

/// The name under which commands are told.
pub(crate) const TOLD: &str = "system";
/// How long is waited before a server that is not there is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// What a process needs to follow commands.
pub(crate) struct Reins {
    config: Arc<Config>,
    /// Has the sources on other hosts read again.
    pub(crate) again: Arc<Notify>,
    cache: Arc<cache::Memory>,
    place: OnceLock<(Role, Tree)>,
    others: OnceLock<Others>,
    /// The database, in a process that works with one.
    db: OnceLock<Db>,
}

/// The way to other hosts.
struct Others {
    client: Pubsub,
    channel: String,
    own: String,
}

impl Reins {
    pub(crate) fn new(environment: &Environment, cache: Arc<cache::Memory>) -> Self {
        let (config, again) = (environment.config.clone(), environment.again.clone());
        Self { config, again, cache, place: OnceLock::new(), others: OnceLock::new(), db: OnceLock::new() }
    }

    /// Where this process is.
    pub(crate) fn stand(&self, role: Role, tree: &Tree) {
        let _ = self.place.set((role, tree.clone()));
    }

    /// The database of this process, whose rows are kept.
    pub(crate) fn keep(&self, db: &Db) {
        let _ = self.db.set(db.clone());
    }

    /// Another process has told this.
    pub(crate) fn told(&self, body: &Value) {
        match body.as_str().map(Command::named) {
            Some(Ok(command)) => self.obey(command),
            _ => tracing::warn!("another process has told what is no command"),
        }
    }

    /// Does what this process has to do about a command; returns at once.
    fn obey(&self, command: Command) {
        let Some((role, tree)) = self.place.get() else { return };
        match (command, role) {
            (Command::Restart, Role::Server) | (Command::RestartWorkers, Role::Master) => {
                tracing::info!(%command, "replacing processes");
                tree.replace_children();
            }
            (Command::Restart | Command::RestartWorkers, _) if tree.is_alone() => tree.replace_children(),
            (Command::Restart | Command::RestartWorkers, _) => {}
            (Command::ReadConfig, _) => {
                let config = self.config.clone();
                let again = self.again.clone();
                task::spawn("config", async move {
                    // Files are read where that may take its time.
                    if let Err(error) = tokio::task::spawn_blocking(move || read_files(&config)).await {
                        tracing::error!(%error, "the configuration could not be read");
                    }
                    again.notify_one();
                });
            }
            (Command::ClearCache, _) => {
                // Only in the one that keeps values are there some.
                self.cache.clear();
                if let Some(db) = self.db.get().cloned() {
                    task::spawn("cache", async move { db.forget_all_kept().await });
                }
            }
        }
    }

    /// Follows the commands of other hosts as long as it is polled, if this is the process of its tree that does, and
    /// hosts are to tell each other.
    pub(crate) async fn follow_hosts(&self, environment: &Environment, clients: Result<Pubsubs>) {
        if environment.params.pubsub.load().system_queue.is_empty() {
            return;
        }
        if let Err(error) = clients.and_then(|clients| self.join(environment, &clients)) {
            tracing::error!(error = error.log_text(), "no system messages of other hosts are followed");
            return;
        }
        let (Some(others), Some((role, tree))) = (self.others.get(), self.place.get()) else { return };
        if !listens(*role, tree, &environment.params.runtime.load()) {
            return;
        }
        loop {
            if let Err(error) = self.listen(others, tree).await {
                tracing::warn!(
                    error = error.log_text(),
                    "system messages of other hosts do not arrive, trying again"
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(&self, others: &Others, tree: &Tree) -> Result<()> {
        let mut messages = others.client.subscribe(&others.channel).await?;
        tracing::info!(channel = others.channel, "following system messages of other hosts");
        loop {
            let Received::Message(message) = messages.recv().await? else { continue };
            match Order::from_json(&message.body) {
                Ok(order) if order.from == others.own => {}
                Ok(Order { command, .. }) => {
                    tracing::info!(%command, "another host has sent a system message");
                    self.tell_tree(command, tree)?;
                }
                Err(error) => {
                    tracing::warn!(
                        error = error.log_text(),
                        "something that is no system message was published as one"
                    );
                }
            }
        }
    }

    /// Learns the way to other hosts.
    pub(crate) fn join(&self, environment: &Environment, clients: &Pubsubs) -> Result<()> {
        let queue = environment.params.pubsub.load().system_queue.clone();
        if queue.is_empty() || self.others.get().is_some() {
            return Ok(());
        }
        let core = environment.params.core.load_full();
        let channel = channel(&[&environment.name, &core.app_name, core.run_mode.as_str()]);
        let secret: String = home::secret(&core)?.iter().map(|byte| format!("{byte:02x}")).collect();
        let (host, home) =
            (core.host_name.clone().unwrap_or_default(), core.home.to_string_lossy().into_owned());
        let own = tree_name(&[&secret, &host, &home]);
        let _ = self.others.set(Others { client: clients.get(&queue)?.clone(), channel, own });
        Ok(())
    }

    fn tell_tree(&self, command: Command, tree: &Tree) -> Result<()> {
        let told = tree.tell(TOLD, Value::from(command.name()));
        // Last here: it may be the end of this process.
        self.obey(command);
        told
    }
}

impl Control for Reins {
    fn send(&self, command: Command) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if let (Command::ClearCache, Some(db)) = (command, self.db.get()) {
                // For all processes of this home, by the time at which this is answered.
                db.forget_all_kept().await;
            }
            let here = match self.place.get() {
                Some((_, tree)) => self.tell_tree(command, tree),
                None => Ok(()),
            };
            if let Some(others) = self.others.get() {
                let order = Order { command, from: others.own.clone() };
                others.client.publish_json(&others.channel, &order.to_json()).await.map_err(|error| {
                    let text = format!("other hosts could not be told {command}: {}", error.message());
                    Error::new(error.kind(), text).source(error)
                })?;
            }
            here
        })
    }
}

impl fmt::Debug for Reins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reins")
    }
}

/// Whether the process of this role listens for its whole tree: the server, or who does its work.
fn listens(role: Role, tree: &Tree, params: &RuntimeParams) -> bool {
    match role {
        Role::Server => true,
        Role::Master => params.no_web,
        Role::Web | Role::Worker => tree.is_alone(),
        Role::Monitor => false,
    }
}

fn read_files(config: &Config) {
    match config.reload_files() {
        Ok(reload) => {
            reload.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            let (changed, restart) = (reload.changed.join(" "), reload.restart.join(" "));
            tracing::info!(changed, restart, "the configuration was read again");
        }
        Err(error) => {
            tracing::error!(error = error.log_text(), "the configuration is wrong, nothing is changed")
        }
    }
}
