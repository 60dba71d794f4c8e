use std::fmt;
use std::time::Duration;

use super::sdk::config::Credentials;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

use crate::{Error, ErrorKind, Result};

/// How often a call is sent that may be repeated.
const ATTEMPTS: u32 = 3;

/// Where a service is and how it is reached; see the [module](super) for what is not given.
#[derive(Clone)]
pub struct AwsOptions {
    /// The address of the service, for emulators and private endpoints; none is the region's own.
    pub endpoint: Option<String>,
    /// The id of the access key.
    pub key: Option<String>,
    /// The secret of the access key.
    pub secret: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The time to make a connection; default 3 s.
    pub connect_timeout: Duration,
    /// The time of a call with all its attempts; default 30 s.
    pub timeout: Duration,
}

impl Default for AwsOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            key: None,
            secret: None,
            region: None,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(30),
        }
    }
}

impl AwsOptions {
    /// What the clients of all services are made from.
    ///
    /// # Errors
    /// `Unavailable` when region or credentials cannot be looked up in time.
    pub async fn load(&self) -> Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.connect_timeout)
            .operation_timeout(self.timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        let emulator = self.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        match (&self.key, &self.secret) {
            (Some(key), Some(secret)) => {
                loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "options"));
            }
            _ if emulator => {
                let made_up = Credentials::new("emulator", "emulator", None, None, "emulator");
                loader = loader.credentials_provider(made_up);
            }
            _ => {}
        }
        match &self.region {
            Some(region) => loader = loader.region(Region::new(region.clone())),
            None if emulator => loader = loader.region(Region::from_static("us-east-1")),
            None => {}
        }
        let late = |_| {
            let message =
                "the region and credentials for aws cannot be looked up now: set aws-region and aws-key";
            Error::new(ErrorKind::Unavailable, message)
        };
        tokio::time::timeout(self.timeout, loader.load()).await.map_err(late)
    }
}

/// The policy for calls that may be sent again when it is not known whether they arrived: reads, and
/// writes that carry a token.
pub fn repeated() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

impl fmt::Debug for AwsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsOptions")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let options =
            AwsOptions { key: Some("AKIAX".into()), secret: Some("geheim".into()), ..AwsOptions::default() };
        let shown = format!("{options:?}");
        assert!(!shown.contains("geheim") && !shown.contains("AKIAX"), "{shown}");
    }
}
