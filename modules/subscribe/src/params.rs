//! The parameters of this module.

use std::time::Duration;

use bkjs_core::config::Params;

/// Subscribe: how long clients wait for events.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api-subscribe")]
pub struct SubscribeParams {
    /// How long a request waits for events before it is answered with an empty list, or a stream lasts.
    #[param(default = "30m", unit = "ms", min = "1s", max = "1h", live)]
    pub timeout: Duration,
    /// How long events are collected after the first one, before they are answered together; 0 answers at once.
    #[param(default = "5s", unit = "ms", max = "1h", live)]
    pub interval: Duration,
    /// How often a stream without events says that it is still there.
    #[param(default = "15s", unit = "ms", min = "100ms", max = "10m", live)]
    pub keepalive: Duration,
    /// Most requests of one account that wait in one process; one more, and the one that has waited longest is answered.
    #[param(default = "10", min = "1", max = "1000", live)]
    pub max: usize,
}
