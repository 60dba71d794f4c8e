//! The parameters of WebSockets.

use std::time::Duration;

use bkjs_core::config::{Params, Size};

/// WebSockets: limits of a connection.
///
/// Where they come in (`ws-port`, `ws-bind`) belongs to the processes that own the sockets.
#[derive(Clone, Debug, Params)]
#[params(prefix = "ws")]
pub struct SocketParams {
    /// Largest message that a client may send over a WebSocket; a larger one closes the connection.
    #[param(default = "1m", min = "1k", max = "1g", live)]
    pub max_message: Size,
    /// How often a WebSocket is asked for a sign of life; one that gives none for twice as long is closed.
    #[param(default = "30s", unit = "ms", min = "100ms", max = "1h", live)]
    pub ping_interval: Duration,
    /// Most requests of one WebSocket that are answered at the same time; further ones wait.
    #[param(default = "8", min = "1", max = "1000", live)]
    pub max_requests: usize,
    /// Most requests of one WebSocket that may go on sending after their reply, as subscriptions do.
    #[param(default = "16", max = "1000", live)]
    pub max_streams: usize,
}
