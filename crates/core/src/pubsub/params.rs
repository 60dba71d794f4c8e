//! The parameters of pub/sub clients.

use std::collections::BTreeMap;

use crate::config::{Params, Secret};

/// Publish and subscribe: where the products are, by name.
#[derive(Params, Clone, Debug)]
#[params(prefix = "ipc")]
pub struct PubsubParams {
    /// The URL of the pub/sub server that is used when none is named; without it, messages reach the processes of this
    /// tree.
    #[param(secret)]
    pub pubsub: Secret,
    /// The URL of a pub/sub server by its name; local is there without it.
    #[param(pattern = "pubsub-([a-z0-9]+)", secret)]
    pub pubsub_named: BTreeMap<String, Secret>,
    /// A setting of the pub/sub client that is used when none is named, by the name that its driver's documentation
    /// gives.
    #[param(pattern = "pubsub-options-([a-z0-9_-]+)", secret)]
    pub pubsub_options: BTreeMap<String, Secret>,
    /// The same of a pub/sub client by its name.
    #[param(pattern = "pubsub-([a-z0-9]+)-options-([a-z0-9_-]+)", secret)]
    pub pubsub_named_options: BTreeMap<(String, String), Secret>,
    /// The name of the pub/sub client over which hosts tell each other to restart, to read their configuration again or
    /// to forget their caches; default is the one of ipc-pubsub. Empty: such messages stay in their tree.
    #[param()]
    pub system_queue: String,
}
