//! TLS: what is served over it is the same, and comes on a port of its own.

mod files;
mod params;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bkjs_core::{Error, Result};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

pub use params::TlsParams;

/// How long a client may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The certificate and all else of TLS, as the files say it now. Clones share it.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    params: TlsParams,
    config: ArcSwap<ServerConfig>,
    /// The state of the files that were read last.
    stamps: ArcSwap<Stamps>,
}

/// When each file was changed, and how long it is.
type Stamps = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

impl Tls {
    /// Reads the files that the parameters name, below `home`. Blocks, and is meant for a start.
    ///
    /// # Errors
    /// `Config` naming the parameter and the file that does not work.
    pub fn open(params: &TlsParams, home: &Path) -> Result<Self> {
        let params = params.below(home);
        let stamps = stamps(&params);
        let config = ArcSwap::from_pointee(files::load(&params)?);
        Ok(Self(Arc::new(Inner { params, config, stamps: ArcSwap::from_pointee(stamps) })))
    }

    /// Looks at the files from time to time until `stop` is cancelled. Changed ones count for the next connection; when
    /// they do not work, the log is told and those before count on.
    pub async fn follow(self, every: Duration, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            match self.refresh().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("the changed certificate is served from now on"),
                Err(error) => {
                    tracing::error!(
                        error = error.log_text(),
                        "a changed certificate does not work, the old one stays"
                    );
                }
            }
        }
    }

    /// Reads the files again when they have changed; whether they had.
    async fn refresh(&self) -> Result<bool> {
        let inner = self.0.clone();
        let read = tokio::task::spawn_blocking(move || {
            let now = stamps(&inner.params);
            if now == **inner.stamps.load() {
                return Ok(false);
            }
            // Also of files that do not work: they are tried again when they have changed again.
            inner.stamps.store(Arc::new(now));
            inner.config.store(Arc::new(files::load(&inner.params)?));
            Ok(true)
        });
        read.await.map_err(|e| Error::internal("the files of TLS were not read").source(e))?
    }

    /// Agrees on keys with a client.
    ///
    /// # Errors
    /// When it takes too long, is no TLS, or its certificate is not taken.
    pub(super) async fn accept<S>(&self, stream: S, patience: Duration) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.0.config.load_full());
        match timeout(patience.min(HANDSHAKE), acceptor.accept(stream)).await {
            Ok(accepted) => accepted,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

fn stamps(params: &TlsParams) -> Stamps {
    let of = |file: &Path| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    params.files().map(|file| (file.to_owned(), of(file))).collect()
}
