//! How a server fails under load, and comes back.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::proxy::Proxy;
use crate::services::Server;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    /// The server is asked to end, and started again on its data.
    Restart,
    /// The server is killed, and started again on its data.
    Crash,
    /// All connections end with what is on its way in them, and new ones are refused.
    Cut,
    /// The server takes connections and calls and says nothing; what it was told it does later.
    Silence,
}

/// A server that fails when it is told to.
pub(super) struct Victim {
    server: Server,
    /// For a server whose data would end with it.
    proxy: Option<Proxy>,
}

impl Victim {
    /// Starts the server with this name.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(super) fn start(name: &str) -> Result<Self> {
        let server = Server::start_durable(name)?;
        let proxy = if server.is_durable() { None } else { Some(Proxy::new(server.port())?) };
        Ok(Self { server, proxy })
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        self.server.address_at(self.proxy.as_ref().map_or(self.server.port(), Proxy::port))
    }

    /// How it can fail without losing what it was told to keep: three times.
    pub(super) fn outages(&self) -> [Outage; 3] {
        match self.proxy {
            None => [Outage::Restart, Outage::Crash, Outage::Restart],
            Some(_) => [Outage::Cut, Outage::Silence, Outage::Cut],
        }
    }

    /// Fails for so long, and comes back.
    ///
    /// # Errors
    /// When it does not come back.
    #[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
    pub(super) fn fail(&mut self, outage: Outage, time: Duration) -> Result<()> {
        match outage {
            Outage::Restart => self.server.stop()?,
            Outage::Crash => self.server.crash()?,
            Outage::Cut => self.proxy()?.cut(),
            Outage::Silence => self.server.pause()?,
        }
        sleep(time);
        match outage {
            Outage::Restart | Outage::Crash => self.server.start_again(),
            Outage::Cut => Ok(self.proxy()?.mend()?),
            Outage::Silence => self.server.resume(),
        }
    }

    fn proxy(&mut self) -> Result<&mut Proxy> {
        self.proxy.as_mut().context("there is no way to cut")
    }
}
