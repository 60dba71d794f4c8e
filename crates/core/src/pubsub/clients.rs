//! All pub/sub clients of a process, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::drivers;
use super::{Limits, Pubsub, PubsubDriver, PubsubParams};
use crate::config::Secret;
use crate::connect::settings::Settings;
use crate::pubsub::drivers::local::LocalPubsub;
use crate::queue::QueueOptions;
use crate::suggest::nearest;
use crate::{Error, ErrorKind, Result};

/// The name of the client that is used when none is named.
const DEFAULT: &str = "default";
/// The name of the one that reaches the processes of the tree.
const LOCAL: &str = "local";

/// The clients that are configured, each opened once. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Pubsubs(Arc<Inner>);

struct Inner {
    default: Pubsub,
    /// That one included.
    by_name: BTreeMap<String, Pubsub>,
}

impl Pubsubs {
    /// Opens the clients that the parameters name; `local` is what `local://` is in this process. No connection is made.
    ///
    /// There is always one named `local`, and one named `default`: that of `ipc-pubsub`, or else of `queue`, the options
    /// of `ipc-queue`, if its product can publish, or else the local one.
    ///
    /// # Errors
    /// `Config` for a URL or option that cannot be used, options of a client that has no URL, or an `ipc-system-queue`
    /// that is not there; it names the parameter, and shows neither password nor value.
    pub fn open(
        params: &PubsubParams,
        queue: Option<&QueueOptions>,
        local: &Arc<dyn PubsubDriver>,
    ) -> Result<Self> {
        let local_url = Secret::new("local://");
        let queue = queue.filter(|queue| params.pubsub.is_empty() && is_known(&queue.url)).map(shared);
        let (default_url, default_options) = match &queue {
            Some((url, options)) => (*url, options.clone()),
            None if params.pubsub.is_empty() => (local_url.expose(), Settings::new()),
            None => (params.pubsub.expose(), Settings::new()),
        };
        let open_with = |name: &str, url: &str, mut options: Settings| {
            options.extend(options_of(params, name));
            let (driver, limits) = drivers::open(url, options, local).map_err(|error| {
                Error::new(error.kind(), format!("{}: {}", parameter(name), error.message())).source(error)
            })?;
            Ok::<_, Error>(Pubsub::new(name, driver, limits))
        };
        let open = |name: &str, url: &Secret| open_with(name, url.expose(), Settings::new());
        let default = open_with(DEFAULT, default_url, default_options).map_err(|error| match &queue {
            // Whoever has set the one parameter only is not told of the other alone.
            Some(_) => Error::new(error.kind(), format!("ipc-queue, which is used as {}", error.message())),
            None => error,
        })?;
        let mut by_name = BTreeMap::from([(DEFAULT.to_owned(), default.clone())]);
        let own = params.pubsub_named.iter().map(|(name, url)| (name.as_str(), url));
        for (name, url) in std::iter::once((LOCAL, &local_url)).chain(own) {
            // The one without a name is said without a name.
            if name == DEFAULT {
                return Err(Error::new(ErrorKind::Config, "ipc-pubsub-default: say ipc-pubsub"));
            }
            by_name.insert(name.to_owned(), open(name, url)?);
        }
        let optional = params.pubsub_named_options.keys().map(|(name, _)| name);
        if let Some(name) = optional.into_iter().find(|name| !by_name.contains_key(*name)) {
            let text = format!(
                "ipc-pubsub-{name:.40}-options: there is no pub/sub client of this name, give ipc-pubsub-{name:.40}"
            );
            return Err(Error::new(ErrorKind::Config, text));
        }
        let clients = Self(Arc::new(Inner { default, by_name }));
        if !params.system_queue.is_empty() {
            clients.get(&params.system_queue).map_err(|error| {
                Error::new(ErrorKind::Config, format!("ipc-system-queue: {}", error.message()))
            })?;
        }
        Ok(clients)
    }

    /// A process without configuration: all clients reach this process only.
    pub fn in_memory() -> Self {
        let driver: Arc<dyn PubsubDriver> = Arc::new(LocalPubsub::alone());
        let [local, default] =
            [LOCAL, DEFAULT].map(|name| Pubsub::new(name, driver.clone(), Limits::default()));
        let by_name = [(LOCAL.to_owned(), local), (DEFAULT.to_owned(), default.clone())];
        Self(Arc::new(Inner { default, by_name: BTreeMap::from(by_name) }))
    }

    /// The client that is used when none is named.
    pub fn default(&self) -> &Pubsub {
        &self.0.default
    }

    /// The client of this name.
    ///
    /// # Errors
    /// `Config` when there is none, naming the nearest one that there is.
    pub fn get(&self, name: &str) -> Result<&Pubsub> {
        self.0.by_name.get(name).ok_or_else(|| {
            let known = || self.0.by_name.keys().map(String::as_str);
            let meant =
                nearest(name, known()).map(|name| format!(", did you mean {name}")).unwrap_or_default();
            let there: Vec<&str> = known().collect();
            let text = format!("no pub/sub client {name:.40}{meant}; there are: {}", there.join(", "));
            Error::new(ErrorKind::Config, text)
        })
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Pubsub> {
        self.0.by_name.values()
    }

    /// Ends all subscriptions and closes all connections.
    pub fn close(&self) {
        self.all().for_each(Pubsub::close);
    }
}

/// Whether a product that can publish has this URL.
fn is_known(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| drivers::products().iter().any(|product| product.schemes.contains(&scheme)))
}

/// The URL of a queue and the options of its connection; the file of a local one is for the queue only.
fn shared(queue: &QueueOptions) -> (&str, Settings) {
    match queue.url.starts_with("local:") {
        true => ("local://", Settings::new()),
        false => (&queue.url, queue.own.clone()),
    }
}

fn parameter(name: &str) -> String {
    if name == DEFAULT { "ipc-pubsub".to_owned() } else { format!("ipc-pubsub-{name:.40}") }
}

fn options_of(params: &PubsubParams, client: &str) -> Settings {
    let own = params.pubsub_named_options.iter().filter(|((name, _), _)| name == client);
    let own = own.map(|((_, option), value)| (option, value));
    let all = params.pubsub_options.iter().filter(|_| client == DEFAULT).chain(own);
    all.map(|(option, value)| (option.replace('-', "_"), value.expose().to_owned())).collect()
}

impl fmt::Debug for Pubsubs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.by_name.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(queue: Option<&str>, set: impl FnOnce(&mut PubsubParams)) -> Result<Pubsubs> {
        let mut params = PubsubParams::default();
        set(&mut params);
        let queue = queue.map(|url| QueueOptions::with(url, [("connect-timeout", "7")]).expect("fits"));
        let local: Arc<dyn PubsubDriver> = Arc::new(LocalPubsub::alone());
        Pubsubs::open(&params, queue.as_ref(), &local)
    }

    #[tokio::test]
    async fn without_configuration_all_names_reach_the_tree() {
        for clients in [open(None, |_| ()).expect("opens"), Pubsubs::in_memory()] {
            let mut news =
                clients.get("local").expect("is there").subscribe("news").await.expect("subscribes");
            clients.default().publish("news", "rain").await.expect("publishes");
            news.recv().await.expect("arrives");
            let error = clients.get("locl").expect_err("is not there");
            assert!(error.message().contains("did you mean local"), "{error}");
            clients.close();
            assert_eq!(
                clients.default().publish("news", "").await.expect_err("closed").kind(),
                ErrorKind::Unavailable
            );
        }
    }

    #[test]
    fn the_url_of_the_queue_serves_both_where_it_can() {
        let reach = |queue| open(Some(queue), |_| ()).expect("opens").default().capabilities().reach;
        assert_eq!(reach("sqs://name"), super::super::Reach::Tree);
        assert_eq!(reach(""), super::super::Reach::Tree);
        assert_eq!(reach("local://my.db?bk-interval=50"), super::super::Reach::Tree);
        assert_eq!(reach("local:///var/jobs.db"), super::super::Reach::Tree);
        #[cfg(feature = "redis")]
        assert_eq!(reach("redis://h?bk-interval=50&prefix=a"), super::super::Reach::Everywhere);
        #[cfg(feature = "redis")]
        {
            let own = open(Some("redis://h"), |p| p.pubsub = Secret::new("local://")).expect("opens");
            assert!(!own.default().is_everywhere());
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_secrets() {
        let error = open(None, |p| drop(p.pubsub_named.insert("a".into(), Secret::new("moon://u:secret@h"))));
        let error = error.expect_err("is refused");
        assert!(error.message().starts_with("ipc-pubsub-a: no pub/sub driver"), "{error}");
        assert!(error.kind() == ErrorKind::Config && !error.log_text().contains("secret"), "{error:?}");
        let option = ("b".to_owned(), "prefix".to_owned());
        let error = open(None, |p| drop(p.pubsub_named_options.insert(option, Secret::new("x"))));
        assert!(error.expect_err("refused").message().contains("ipc-pubsub-b-options"));
        let error = open(None, |p| p.system_queue = "defalt".into()).expect_err("is refused");
        assert!(
            error.message().contains("ipc-system-queue: no pub/sub client defalt, did you mean default"),
            "{error}"
        );
    }
}
