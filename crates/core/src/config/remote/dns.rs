//! TXT records.

use std::net::SocketAddr;

use super::super::Params;
use super::Reading;
use crate::Result;

/// Configuration in TXT records.
#[derive(Params, Clone, Debug)]
pub struct DnsParams {
    /// The domain whose TXT records say parameters as name=value; empty is none. The TXT records of run-mode.DOMAIN and
    /// db-pool.DOMAIN say the values of these two.
    #[param(name = "config-domain", local)]
    pub domain: String,
    /// The addresses of the DNS servers that are asked for them; by default those of the system.
    #[param(name = "config-domain-servers", local)]
    pub servers: Vec<SocketAddr>,
    /// Reads no TXT records, whatever the domain is.
    #[param(name = "no-dns", local)]
    pub off: bool,
}

impl DnsParams {
    /// The domain to ask; none when DNS is no source.
    pub(super) fn name(&self) -> Option<&str> {
        Some(self.domain.trim()).filter(|name| !name.is_empty() && !self.off)
    }
}

/// Reads the records. A name without any says nothing.
///
/// # Errors
/// `Config` for a name that is none, `Unavailable` when no server answers.
#[cfg(feature = "dns")]
pub(super) async fn read(params: &DnsParams) -> Result<Reading> {
    super::txt::read(params).await
}

/// Reads nothing.
///
/// # Errors
/// `Config`, always.
#[cfg(not(feature = "dns"))]
pub(super) async fn read(_: &DnsParams) -> Result<Reading> {
    let text = "config-domain is set, but this build does not read DNS: build it with the feature dns";
    Err(crate::Error::new(crate::ErrorKind::Config, text))
}
