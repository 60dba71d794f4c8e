//! The sources of the configuration on other hosts, as the processes of an application use them.

use std::sync::PoisonError;

use bkjs_core::config::RemoteSources;
use bkjs_core::{Error, Result};

use crate::boot::Environment;

impl Environment {
    /// Reads the sources on other hosts before the process begins its work.
    ///
    /// # Errors
    /// When one cannot be read or says what is wrong, and no values of an earlier start are kept.
    pub(crate) fn read_sources(&mut self, role: &str) -> Result<()> {
        let mut sources = RemoteSources::new(self.config.clone(), role)?;
        if !sources.are_configured() {
            return Ok(());
        }
        wait_for(sources.start())??;
        self.apply_log();
        *self.sources.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(sources);
        Ok(())
    }

    /// Takes what the sources say for a process that only explains itself: nothing is kept, and what is wrong is
    /// told, since help is most wanted then.
    ///
    /// # Errors
    /// When there is no event loop for it.
    #[allow(clippy::print_stderr)] // there is no log
    pub(crate) fn look_at_sources(&self, role: &str) -> Result<()> {
        let sources = RemoteSources::new(self.config.clone(), role)?;
        if sources.are_configured() {
            wait_for(sources.look())?.iter().for_each(|line| eprintln!("{}: {line}", self.name));
        }
        Ok(())
    }

    /// Keeps to what the sources say, as long as it is polled; the first caller in the process does.
    pub(crate) async fn follow_sources(&self) {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sources) = sources {
            sources.follow(&self.again, |_| self.apply_log()).await;
        }
    }

    fn apply_log(&self) {
        let applied =
            self.log.as_ref().map(|log| log.apply(&self.params.log.load(), &self.params.core.load()));
        if let Some(Err(error)) = applied {
            tracing::error!(error = error.log_text(), "the log stays as it was");
        }
    }
}

/// Runs a future to its end in a process that has no event loop yet.
fn wait_for<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::internal("cannot build an event loop").source(e))?;
    let output = runtime.block_on(future);
    // A server that does not answer may hold a thread: the process does not wait for it.
    runtime.shutdown_background();
    Ok(output)
}
