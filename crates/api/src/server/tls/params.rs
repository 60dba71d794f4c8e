//! The parameters of TLS.

use std::path::{Path, PathBuf};

use bkjs_core::config::{Params, Secret};

/// TLS: the certificate of the server, and which clients it takes.
///
/// Where HTTPS comes in (`ssl-port`, `ssl-bind`) belongs to the processes that own the sockets. Files are looked at from
/// time to time: changed ones are read again, and one that does not work is left aside.
#[derive(Clone, Debug, Params)]
#[params(prefix = "ssl")]
pub struct TlsParams {
    /// The file with the private key, PEM without a pass phrase; from the home unless absolute, as all of these.
    pub key: PathBuf,
    /// The file with the certificate and those that lead from it to a known one, PEM.
    pub cert: PathBuf,
    /// A PKCS#12 file with key and certificates, instead of the two.
    pub pfx: PathBuf,
    /// The pass phrase of `ssl-pfx`.
    #[param(secret)]
    pub passphrase: Secret,
    /// Files with the certificates, PEM, by which those of clients are verified.
    pub ca: Vec<PathBuf>,
    /// Files with lists of revoked certificates of clients, PEM.
    pub crl: Vec<PathBuf>,
    /// Asks clients for a certificate; a wrong one ends the connection.
    pub request_cert: bool,
    /// Takes no clients without a certificate.
    pub reject_unauthorized: bool,
}

impl TlsParams {
    /// Whether there is to be TLS.
    pub fn is_configured(&self) -> bool {
        [&self.key, &self.cert, &self.pfx].iter().any(|path| !path.as_os_str().is_empty())
    }

    /// The same with all files below a home.
    pub(super) fn below(&self, home: &Path) -> Self {
        let full =
            |path: &PathBuf| if path.as_os_str().is_empty() { PathBuf::new() } else { home.join(path) };
        Self {
            key: full(&self.key),
            cert: full(&self.cert),
            pfx: full(&self.pfx),
            ca: self.ca.iter().map(full).collect(),
            crl: self.crl.iter().map(full).collect(),
            ..self.clone()
        }
    }

    /// Every file that is named.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let own = [&self.key, &self.cert, &self.pfx].into_iter().filter(|path| !path.as_os_str().is_empty());
        own.chain(&self.ca).chain(&self.crl).map(PathBuf::as_path)
    }
}
