//! Messages between the processes of a tree, and to other hosts.

use std::sync::{Arc, OnceLock};

use bkjs_core::Result;
use bkjs_core::pubsub::drivers::local::{LocalPubsub, Others};
use bkjs_core::pubsub::{PubsubDriver, Pubsubs};
use bkjs_runtime::Tree;
use serde_json::Value;

use crate::boot::Environment;

/// The name under which messages are told.
pub(crate) const TOLD: &str = "pubsub";

/// The way of a process to the others.
#[derive(Debug)]
struct TreeOthers(Tree);

impl Others for TreeOthers {
    fn tell(&self, said: Value) -> Result<()> {
        self.0.tell(TOLD, said)
    }
}

/// What this process has of it, made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    local: OnceLock<LocalPubsub>,
    all: OnceLock<Pubsubs>,
}

impl Clients {
    /// The clients of the configuration, the same ones for all of this process.
    pub(crate) fn of(&self, environment: &Environment, tree: &Tree) -> Result<Pubsubs> {
        if let Some(all) = self.all.get() {
            return Ok(all.clone());
        }
        let local = self.local.get_or_init(|| LocalPubsub::among(Arc::new(TreeOthers(tree.clone()))));
        let opened = environment.open_pubsubs(local.clone())?;
        Ok(self.all.get_or_init(|| opened).clone())
    }

    /// Another process has published something. Who has no clients has no subscribers.
    pub(crate) fn told(&self, said: Value) {
        if let Some(Err(error)) = self.local.get().map(|local| local.told(said)) {
            tracing::warn!(error = error.log_text(), "another process has told what is no message");
        }
    }

    pub(crate) fn missed(&self) {
        if let Some(local) = self.local.get() {
            local.missed();
        }
    }
}

impl Environment {
    /// The clients of the configuration; `local` is what `local://` is in this process.
    pub(crate) fn open_pubsubs(&self, local: LocalPubsub) -> Result<Pubsubs> {
        let local: Arc<dyn PubsubDriver> = Arc::new(local);
        let queue = self.params.queue.load().options_of("")?;
        Pubsubs::open(&self.params.pubsub.load(), Some(&queue), &local)
    }
}
