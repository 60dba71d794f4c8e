//! The assertions of the suites, and waiting.

use std::time::Duration;

pub(crate) use crate::assertions::*;

/// Waits until something is so, at most half a minute.
pub(crate) async fn until(what: &str, so: impl AsyncFn() -> Checked<bool>) -> Checked {
    for _ in 0..3000 {
        if so().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(Problem::new(format!("it took too long until {what}")))
}
