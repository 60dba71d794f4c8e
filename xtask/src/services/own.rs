//! A server of its own for one chore, which may end it and start it again.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use super::place::{Place, Running};
use super::process;
use super::table::Service;

/// A server that nobody else uses; it ends with this value, and its data with it.
pub(crate) struct Server {
    service: &'static Service,
    place: Place,
    program: PathBuf,
    running: Running,
}

impl Server {
    /// Starts the service with this name beside the shared one.
    ///
    /// # Errors
    /// For an unknown name, one that is not installed, or a server that does not answer.
    pub(crate) fn start(name: &str) -> Result<Self> {
        let service = super::chosen(&[name.to_owned()])?.pop().context("no such service")?;
        let program =
            service.installed().with_context(|| format!("{name} is not installed, {}", service.package))?;
        let place = Place::of(&format!("{name}-own-{}", std::process::id()))?;
        process::start(service, &place, &program)?;
        let running = place.running().context("the server has ended")?;
        Ok(Self { service, place, program, running })
    }

    /// Where it is, also after it was started again.
    pub(crate) fn address(&self) -> String {
        self.service.address(self.running.port)
    }

    /// Asks it to end in its own way.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn stop(&self) -> Result<()> {
        process::stop(&self.running, self.service.stop_signal)
    }

    /// Ends it and all its processes at once, as a crash would.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn crash(&self) -> Result<()> {
        process::stop(&self.running, Signal::KILL)?;
        process::end_marked(self.place.folder());
        Ok(())
    }

    /// Starts it again on its data and its port.
    ///
    /// # Errors
    /// When it ends or does not answer.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.running = process::serve(self.service, &self.place, &self.program, self.running.port)?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left when this fails is listed nowhere, but has its folder in its environment.
        let _ = self.crash();
        let _ = self.place.delete();
    }
}
