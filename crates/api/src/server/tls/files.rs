//! From files to what rustls serves with.

use std::path::Path;
use std::sync::Arc;

use bkjs_core::{Error, ErrorKind, Result};
use p12_keystore::KeyStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

use super::TlsParams;

/// What a client may ask for: HTTP/2 rather than HTTP/1.1.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads all files. Blocks.
///
/// # Errors
/// `Config` naming the parameter and the file.
pub(super) fn load(params: &TlsParams) -> Result<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (chain, key) = own(params)?;
    let certified = CertifiedKey::from_der(chain, key, &provider)
        .map_err(|e| wrong("ssl-cert", &params.cert, "does not work with its key").source(e))?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal("TLS does not work").source(e))?;
    let builder = match params.request_cert {
        true => builder.with_client_cert_verifier(verifier(params, provider)?),
        false => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(One(Arc::new(certified))));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// The one certificate, whatever host a client asks for.
#[derive(Debug)]
struct One(Arc<CertifiedKey>);

impl ResolvesServerCert for One {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// The server's own certificates and key.
fn own(params: &TlsParams) -> Result<Chain> {
    let given = |path: &Path| !path.as_os_str().is_empty();
    match (given(&params.pfx), given(&params.key), given(&params.cert)) {
        (true, false, false) => keystore(params),
        (true, ..) => {
            Err(Error::new(ErrorKind::Config, "ssl-pfx has key and certificate: remove ssl-key and ssl-cert"))
        }
        (false, true, true) => {
            let chain = pem("ssl-cert", &params.cert)?;
            if chain.is_empty() {
                return Err(wrong("ssl-cert", &params.cert, "holds no certificate"));
            }
            let key = PrivateKeyDer::from_pem_file(&params.key).map_err(|e| {
                wrong("ssl-key", &params.key, "holds no private key without a pass phrase").source(e)
            })?;
            Ok((chain, key))
        }
        (false, true, false) => Err(Error::new(ErrorKind::Config, "ssl-key is given without ssl-cert")),
        (false, false, _) => Err(Error::new(ErrorKind::Config, "ssl-cert is given without ssl-key")),
    }
}

fn keystore(params: &TlsParams) -> Result<Chain> {
    let file = &params.pfx;
    let bytes = std::fs::read(file).map_err(|e| wrong("ssl-pfx", file, "cannot be read").source(e))?;
    let store = KeyStore::from_pkcs12(&bytes, params.passphrase.expose())
        .map_err(|e| wrong("ssl-pfx", file, "is no PKCS#12 file of this ssl-passphrase").source(e))?;
    let Some((_, chain)) = store.private_key_chain() else {
        return Err(wrong("ssl-pfx", file, "holds no private key with its certificate"));
    };
    let certificates = chain.chain().iter().map(|c| CertificateDer::from(c.as_der().to_vec())).collect();
    let key = PrivatePkcs8KeyDer::from(chain.key().to_vec());
    Ok((certificates, key.into()))
}

/// By which certificates of clients are verified.
fn verifier(
    params: &TlsParams,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for file in &params.ca {
        for certificate in pem::<CertificateDer<'static>>("ssl-ca", file)? {
            roots
                .add(certificate)
                .map_err(|e| wrong("ssl-ca", file, "holds what is no certificate").source(e))?;
        }
    }
    if roots.is_empty() {
        let message = "ssl-request-cert needs ssl-ca: certificates by which those of clients are verified";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let mut revoked = Vec::new();
    for file in &params.crl {
        revoked.extend(pem::<CertificateRevocationListDer<'static>>("ssl-crl", file)?);
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).with_crls(revoked);
    let builder = if params.reject_unauthorized { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|e| Error::new(ErrorKind::Config, "ssl-crl or ssl-ca does not work").source(e))
}

/// All objects of a kind in a file.
fn pem<T: PemObject>(parameter: &str, file: &Path) -> Result<Vec<T>> {
    let cannot = |e| wrong(parameter, file, "cannot be read as PEM").source(e);
    T::pem_file_iter(file).map_err(cannot)?.collect::<std::result::Result<_, _>>().map_err(cannot)
}

fn wrong(parameter: &str, file: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{parameter}: {} {what}", file.display()))
}
