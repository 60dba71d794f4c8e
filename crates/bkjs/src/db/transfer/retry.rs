//! Trying again what a database may do a moment later.

use std::time::Duration;

use bkjs_core::{Error, Result};

/// How often a call is tried at most.
const TRIES: u32 = 6;
/// The wait before the second try; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How often something was tried.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// The error itself when it would come again, or has come often enough.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        self.0 += 1;
        if !error.kind().is_retryable() || self.0 >= TRIES {
            return Err(error);
        }
        let wait = FIRST_WAIT * 2_u32.pow(self.0 - 1);
        tracing::warn!(error = error.log_text(), wait_ms = wait.as_millis() as u64, "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn only_what_may_succeed_later_is_tried_again_and_not_for_ever() {
        let away = || Error::new(ErrorKind::Unavailable, "away");
        let mut tries = Tries::default();
        tries.after(away()).await.expect("is tried again");
        assert!(tries.after(Error::invalid("wrong")).await.is_err());
        assert!(Tries(TRIES - 1).after(away()).await.is_err());
    }
}
