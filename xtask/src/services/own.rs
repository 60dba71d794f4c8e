//! A server of its own for one chore, which may end it and start it again.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::place::{Place, Running};
use super::process;
use super::table::Service;

/// A server that nobody else uses; it ends with this value, and its data with it.
pub(crate) struct Server {
    service: &'static Service,
    place: Place,
    program: PathBuf,
    running: Running,
    durable: bool,
}

impl Server {
    /// Starts the service with this name beside the shared one.
    ///
    /// # Errors
    /// For an unknown name, one that is not installed, or a server that does not answer.
    pub(crate) fn start(name: &str) -> Result<Self> {
        Self::start_with(name, false)
    }

    /// As [`start`](Self::start), a server that keeps what it acknowledges through a crash, if it can.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub(crate) fn start_durable(name: &str) -> Result<Self> {
        Self::start_with(name, true)
    }

    fn start_with(name: &str, durable: bool) -> Result<Self> {
        let service = super::chosen(&[name.to_owned()])?.pop().context("no such service")?;
        let program =
            service.installed().with_context(|| format!("{name} is not installed, {}", service.package))?;
        let place = Place::of(&format!("{name}-own-{}", std::process::id()))?;
        process::start(service, &place, &program, durable)?;
        let running = place.running().context("the server has ended")?;
        Ok(Self { service, place, program, running, durable: durable && service.keeps_data })
    }

    /// Where it is, also after it was started again.
    pub(crate) fn address(&self) -> String {
        self.address_at(self.running.port)
    }

    /// Its address as it would be on another port, from which it can be reached too.
    pub(crate) fn address_at(&self, port: u16) -> String {
        self.service.address(port)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.running.port
    }

    /// Whether a crash leaves what it has acknowledged.
    pub(crate) fn is_durable(&self) -> bool {
        self.durable
    }

    /// Stops its process where it is: its connections stay and are not served.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.running.pid).context("not a process id")?;
        kill_process(pid, signal).context("cannot signal the server")
    }

    /// Asks it to end in its own way.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn stop(&self) -> Result<()> {
        process::stop(&self.running, self.service.stop_signal)?;
        self.reap();
        Ok(())
    }

    /// Takes note of its end: until then it counts as alive, and a new one would not start beside it.
    fn reap(&self) {
        let _ = waitpid(Pid::from_raw(self.running.pid), WaitOptions::empty());
    }

    /// Ends it and all its processes at once, as a crash would.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(crate) fn crash(&self) -> Result<()> {
        process::stop(&self.running, Signal::KILL)?;
        process::end_marked(self.place.folder());
        self.reap();
        Ok(())
    }

    /// Starts it again on its data and its port.
    ///
    /// # Errors
    /// When it ends or does not answer.
    #[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
    pub(crate) fn start_again(&mut self) -> Result<()> {
        let mut left = 40;
        loop {
            match process::serve(self.service, &self.place, &self.program, self.running.port, self.durable) {
                Ok(running) => {
                    self.running = running;
                    return Ok(());
                }
                // After a crash, its other processes hold the data for a moment.
                Err(_) if left > 0 => left -= 1,
                Err(error) => return Err(error),
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left when this fails is listed nowhere, but has its folder in its environment.
        let _ = self.crash();
        let _ = self.place.delete();
    }
}
