use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind as Refused, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

use super::NatsOptions;
use crate::{Error, ErrorKind, Result};

/// How often a server has to show that it is there.
const PING: Duration = Duration::from_secs(10);

/// A server, or a cluster of them. Cheap to clone; makes no connection by itself.
#[derive(Clone)]
pub struct NatsClient(Arc<Inner>);

struct Inner {
    servers: Vec<ServerAddr>,
    options: NatsOptions,
}

impl NatsClient {
    /// The client of a server.
    ///
    /// # Errors
    /// `Config` for an address that cannot be used.
    pub fn new(options: &NatsOptions) -> Result<Self> {
        // One provider for the whole program; somebody else may have said so before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = |url: String| url.parse().map_err(|_| config("a nats url has a bad host or port"));
        let servers = options.servers()?.into_iter().map(server).collect::<Result<_>>()?;
        if options.tls_cert.is_some() != options.tls_key.is_some() {
            return Err(config("tls_cert and tls_key go together"));
        }
        Ok(Self(Arc::new(Inner { servers, options: options.clone() })))
    }

    /// How connections are made; for whoever wants to add something to it, and [`connect_with`](Self::connect_with) it.
    ///
    /// # Errors
    /// `Config` for a file of credentials that cannot be used.
    pub async fn settings(&self) -> Result<ConnectOptions> {
        let options = &self.0.options;
        let mut settings = ConnectOptions::new()
            .name("bkjs")
            .ping_interval(PING)
            .connection_timeout(options.connect_timeout())
            .request_timeout(Some(options.response_timeout()));
        if let Some((user, password)) = self.login() {
            settings = settings.user_and_password(user, password);
        }
        if let Some(token) = &options.token {
            settings = settings.token(token.clone());
        }
        if let Some(file) = &options.credentials {
            settings = settings.credentials_file(file).await.map_err(|e| {
                config(format!("the credentials in {} cannot be used", file.display())).source(e)
            })?;
        }
        if let Some(file) = &options.tls_ca {
            settings = settings.add_root_certificates(file.clone());
        }
        if let (Some(cert), Some(key)) = (&options.tls_cert, &options.tls_key) {
            settings = settings.add_client_certificate(cert.clone(), key.clone());
        }
        Ok(settings)
    }

    /// User and password of the address, which the product's library does not take from there.
    fn login(&self) -> Option<(String, String)> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let server = self.0.servers.iter().find(|server| server.username().is_some())?;
        Some((decoded(server.username()?), decoded(server.password().unwrap_or_default())))
    }

    /// A connection of one's own.
    ///
    /// # Errors
    /// `Unavailable` when no server answers in time, or refuses the user.
    pub async fn connect(&self) -> Result<Client> {
        self.connect_with(self.settings().await?).await
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(&self, settings: ConnectOptions) -> Result<Client> {
        let limit = self.0.options.connect_timeout();
        match tokio::time::timeout(limit, settings.connect(self.0.servers.as_slice())).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(failed)) => Err(unavailable(match failed.kind() {
                Refused::Authentication | Refused::AuthorizationViolation => "nats does not accept the user",
                _ => "nats is not there",
            })
            .source(failed)),
            Err(_) => Err(unavailable(format!("no connection to nats within {} ms", limit.as_millis()))),
        }
    }
}

/// There is no server, or it did not do what was asked for.
pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

fn config(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Debug for NatsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.servers.iter().map(|server| (server.host(), server.port()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_and_passwords_not_shown() {
        let options = NatsOptions { token: Some("hidden".into()), ..NatsOptions::default() };
        let options = options.at("nats://joe:secret@a,b:7000").expect("fits");
        let client = NatsClient::new(&options).expect("fits");
        let shown = format!("{options:?} {client:?}");
        assert!(shown.contains("(\"a\", 4222), (\"b\", 7000)"), "{shown}");
        assert!(["secret", "joe", "hidden"].iter().all(|text| !shown.contains(text)), "{shown}");
        assert!(NatsOptions::default().at("nats://h/path").is_err());
    }

    #[test]
    fn user_and_password_of_the_address_are_told() {
        let login = |url: &str| {
            NatsClient::new(&NatsOptions::default().at(url).expect("fits")).expect("fits").login()
        };
        let of = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(login("nats://joe:p%40ss%2Fword@a,b:7000"), of("joe", "p@ss/word"));
        assert_eq!(login("nats://joe@a"), of("joe", ""));
        assert_eq!(login("nats://a,b"), None);
    }
}
