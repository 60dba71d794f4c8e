use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::connect::aws::AwsOptions;
use crate::queue::QueueOptions;
use crate::{Error, ErrorKind, Result};

/// The time of one call beside that for which a question waits.
const CALL: Duration = Duration::from_secs(10);

/// The longest that a question waits at the service.
const LONGEST_POLL: u64 = 20_000;

/// Where a queue is and how it is used; see the [module](super).
#[derive(Clone)]
pub struct SqsOptions {
    /// The queue's name.
    pub(super) name: String,
    /// The queue's address, where that is what was given.
    pub(super) url: Option<String>,
    /// Whose queue it is, where that was given.
    pub(super) account: Option<String>,
    pub(super) create: bool,
    pub(super) poll: Duration,
    pub(super) count: usize,
    pub(super) attempts: u32,
    pub(super) visibility: Duration,
    pub(super) keep_failed: Duration,
    endpoint: Option<String>,
    region: Option<String>,
    key: Option<String>,
    secret: Option<String>,
    connect_timeout: Duration,
}

/// What is given beside the address.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    #[serde(alias = "aws_region", alias = "awsRegion")]
    region: Option<String>,
    #[serde(alias = "awsKey")]
    aws_key: Option<String>,
    #[serde(alias = "awsSecret")]
    aws_secret: Option<String>,
    create: bool,
    timeout: u64,
    count: u64,
    #[serde(alias = "connectTimeout")]
    connect_timeout: u64,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            region: None,
            aws_key: None,
            aws_secret: None,
            create: true,
            timeout: LONGEST_POLL,
            count: 10,
            connect_timeout: 3000,
        }
    }
}

impl SqsOptions {
    /// Those of a client's queue.
    ///
    /// # Errors
    /// `Config` for an address of no known form or an option that cannot be read; no text shows a secret.
    pub(in crate::queue) fn of(client: &str, queue: &QueueOptions) -> Result<Self> {
        let given: Given = queue.of_product("sqs")?;
        let address = queue.url.as_str();
        let place = Place::parse(address)?;
        let usual = || format!("bk_{}", if client.is_empty() { "default" } else { client });
        if place.name.is_some() && queue.queue.is_some() {
            return Err(config("the queue of an sqs url is named by it: leave out the option queue"));
        }
        let name = place.name.or_else(|| queue.queue.clone()).unwrap_or_else(usual);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.ends_with(".fifo") {
            return Err(config("fifo queues of sqs cannot be used: they know no retries of single messages"));
        }
        if name.is_empty() || name.len() > 75 || !name.chars().all(plain) {
            return Err(config(
                "a queue in sqs is named by up to 75 letters, digits, dashes and underscores",
            ));
        }
        let within =
            |option: &str, given: u64, range: std::ops::RangeInclusive<u64>| match range.contains(&given) {
                true => Ok(given),
                false => Err(config(format!(
                    "{option} is not a whole number from {} to {}",
                    range.start(),
                    range.end()
                ))),
            };
        Ok(Self {
            name,
            url: place.account.is_some().then(|| address.trim_end_matches('/').to_owned()),
            account: place.account,
            create: given.create,
            poll: Duration::from_millis(within("timeout", given.timeout, 0..=LONGEST_POLL)?),
            count: usize::try_from(within("count", given.count, 1..=10)?).unwrap_or(1),
            attempts: queue.attempts,
            visibility: queue.visibility,
            keep_failed: queue.keep_failed,
            endpoint: place.endpoint,
            region: given.region.or(place.region),
            key: given.aws_key,
            secret: given.aws_secret,
            connect_timeout: Duration::from_millis(within(
                "connect_timeout",
                given.connect_timeout,
                1..=60_000,
            )?),
        })
    }

    pub(super) fn aws(&self) -> AwsOptions {
        AwsOptions {
            endpoint: self.endpoint.clone(),
            key: self.key.clone(),
            secret: self.secret.clone(),
            region: self.region.clone(),
            connect_timeout: self.connect_timeout,
            timeout: self.poll + CALL,
        }
    }
}

/// What an address says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    endpoint: Option<String>,
    region: Option<String>,
    account: Option<String>,
    name: Option<String>,
}

impl Place {
    fn parse(address: &str) -> Result<Self> {
        const FORMS: &str =
            "sqs://NAME, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or the address of an endpoint";
        let malformed = || config(format!("this is no sqs url: give it the form {FORMS}"));
        if address.contains('@') {
            return Err(config("an sqs url has no user: give aws-key and aws-secret as options"));
        }
        let (scheme, rest) = address.split_once("://").ok_or_else(malformed)?;
        let rest = rest.trim_end_matches('/');
        if scheme == "sqs" {
            let name = Some(rest.to_owned()).filter(|name| !name.is_empty());
            return Ok(Self { name, ..Self::default() });
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() {
            return Err(malformed());
        }
        // The service itself is found by its region.
        let region = host.strip_prefix("sqs.").and_then(|host| host.strip_suffix(".amazonaws.com"));
        let region = region.filter(|_| scheme == "https").map(str::to_owned);
        let endpoint = region.is_none().then(|| format!("{scheme}://{host}"));
        let (account, name) = match path.split_once('/') {
            None if path.is_empty() => (None, None),
            Some((account, name)) if !account.is_empty() && !name.contains('/') => {
                (Some(account), Some(name))
            }
            _ => return Err(malformed()),
        };
        Ok(Self { endpoint, region, account: account.map(str::to_owned), name: name.map(str::to_owned) })
    }
}

fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Without the credentials.
impl fmt::Debug for SqsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsOptions")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<SqsOptions> {
        SqsOptions::of("mail", &QueueOptions::at(url)?)
    }

    fn shown(url: &str) -> [String; 4] {
        let options = of(url).expect(url);
        let text = |part: Option<String>| part.unwrap_or_default();
        [options.name, text(options.url), text(options.endpoint), text(options.region)]
    }

    #[test]
    fn a_url_says_which_queue_and_where() {
        assert_eq!(shown("sqs://"), ["bk_mail", "", "", ""]);
        assert_eq!(shown("sqs://jobs?region=eu-west-1"), ["jobs", "", "", "eu-west-1"]);
        assert_eq!(shown("sqs://?bk-queueName=q"), ["q", "", "", ""]);
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
        assert_eq!(shown(url), ["jobs", url, "", "eu-west-1"]);
        assert_eq!(shown("http://127.0.0.1:4566"), ["bk_mail", "", "http://127.0.0.1:4566", ""]);
        let url = "http://127.0.0.1:4566/1/jobs";
        assert_eq!(shown(url), ["jobs", url, "http://127.0.0.1:4566", ""]);
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_no_secret_shown() {
        for url in [
            "sqs://a/b",
            "sqs://a.fifo",
            "sqs://a?color=red",
            "sqs://a?bk-queue=b",
            "sqs://a?bk-timeout=30000",
            "sqs://a?bk-count=0",
            "sqs://a?bk-create=perhaps",
            "http://joe:geheim@h",
            "http://h/one",
            "https://",
        ] {
            let error = of(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!error.log_text().contains("geheim"), "{error:?}");
        }
        let options = of("sqs://a?bk-aws-key=AKIAX&bk-aws-secret=geheim").expect("fits");
        assert!(!format!("{options:?}").contains("geheim"));
        assert_eq!(options.aws().secret.as_deref(), Some("geheim"));
    }
}
