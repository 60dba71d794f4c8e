use std::time::Duration;

/// The rows of one table that are kept in this process.
pub(super) struct RowCache {
    #[allow(dead_code)] // filled with the reading operations
    ttl: Duration,
}

impl RowCache {
    /// A cache whose rows live for `ttl`.
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl }
    }
}
