//! The application as handlers see it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use bkjs_core::auth::{Hasher, LocalReplayGuard, ReplayGuard, Sessions, Tokens, secrets};
use bkjs_core::cache::{Caches, Limiter};
use bkjs_core::config::{Config, Handle};
use bkjs_core::control::Control;
use bkjs_core::db::Db;
use bkjs_core::jobs::Jobs;
use bkjs_core::metrics::{self, Gather, Report};
use bkjs_core::pubsub::{Pubsub, Pubsubs};
use bkjs_core::schema::Schema;
use bkjs_core::storage::Storage;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use regex::RegexSet;
use tokio_util::sync::CancellationToken;

use crate::access::ModulePaths;
use crate::access::rate::{LocalLimiter, RateLimiter};
use crate::auth::AclCache;
use crate::config::ApiParams;
use crate::context::Context;
use crate::hooks::{AccountEvent, Hooks};
use crate::locale::Locales;
use crate::meters::Meters;
use crate::observe::Observer;
use crate::openapi::Published;
use crate::reply::{ColumnRules, Reply, RuleBook, Viewer};
use crate::routing::Forward;
use crate::settings::Settings;
use crate::socket::SocketParams;
use crate::statics::Assets;

/// The most signatures that one process remembers against replay, about 15 MB.
const REPLAY_CAPACITY: usize = 100_000;

/// What the layer is given beside database and modules.
#[derive(Clone, Default)]
pub struct ApiOptions {
    /// The name of the application and its version, for the `Server` header.
    pub name: String,
    /// The version, for the `Version` header; this crate's own when empty.
    pub version: String,
    /// A secret of the home that all its processes share: it seals sessions and tokens where no secret is
    /// configured. Empty: a random one, and both end with the process.
    pub server_secret: Vec<u8>,
    /// The folder with the application's own web site.
    pub web_dir: Option<PathBuf>,
    /// Where images are kept; modules with images need it.
    pub images: Option<Storage>,
    /// Where uploaded files are kept; modules with files need it.
    pub files: Option<Storage>,
    /// The files built into the program.
    pub assets: Vec<Arc<dyn Assets>>,
    /// The caches; all in the memory of this process when none.
    pub caches: Option<Caches>,
    /// Where rate limits are counted; when none, in the cache that `api-limiter-cache` names, or in this process when
    /// there are no caches.
    pub limiter: Option<Arc<dyn RateLimiter>>,
    /// Where signatures are remembered; in this process when none.
    pub replay: Option<Arc<dyn ReplayGuard>>,
    /// The queues of jobs; without them none can be submitted.
    pub jobs: Option<Jobs>,
    /// Publish and subscribe; within this process when none.
    pub pubsubs: Option<Pubsubs>,
    /// Texts in other languages; none when empty.
    pub locales: Arc<Locales>,
    /// The port of HTTPS, for those who are sent there; 0 is the usual one.
    pub ssl_port: u16,
    /// The configuration, to be shown to operators.
    pub config: Option<Arc<Config>>,
    /// Gives commands to other processes.
    pub control: Option<Arc<dyn Control>>,
    /// The way to what other processes have counted; without it there is no other.
    pub gather: Option<Arc<dyn Gather>>,
    /// Told of every request.
    pub observers: Vec<Arc<dyn Observer>>,
}

/// The application: database, parameters, hooks, authentication. Cheap to clone; the state of every
/// router, so that handlers take `State<Api>`.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    params: Handle<ApiParams>,
    sockets: Handle<SocketParams>,
    settings: ArcSwap<Settings>,
    module_paths: ModulePaths,
    documents: RegexSet,
    db: Db,
    hooks: Hooks,
    shared: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    rules: RuleBook,
    published: Published,
    hasher: Hasher,
    sessions: Sessions,
    tokens: Tokens,
    replay: Arc<dyn ReplayGuard>,
    limiter: Arc<dyn RateLimiter>,
    caches: Caches,
    acl: AclCache,
    pubsubs: Pubsubs,
    options: ApiOptions,
    forward: Forward,
    in_progress: AtomicUsize,
    meters: Meters,
    draining: CancellationToken,
}

/// What [`Setup`](crate::setup::Setup) has collected for the state.
pub(crate) struct Parts {
    pub(crate) params: Handle<ApiParams>,
    pub(crate) sockets: Handle<SocketParams>,
    pub(crate) module_paths: ModulePaths,
    /// The paths whose handlers read a JSON body that is no object.
    pub(crate) documents: RegexSet,
    pub(crate) hooks: Hooks,
    pub(crate) shared: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    pub(crate) hasher: Hasher,
    /// The endpoints that describe themselves.
    pub(crate) published: Published,
}

impl Api {
    pub(crate) fn new(parts: Parts, db: Db, mut options: ApiOptions) -> Result<Self> {
        let params = parts.params.load_full();
        if options.server_secret.is_empty() {
            options.server_secret = secrets::random_bytes::<32>()?.to_vec();
        }
        let secret = |own: &bkjs_core::config::Secret| match own.expose() {
            "" => options.server_secret.clone(),
            own => own.as_bytes().to_vec(),
        };
        let millis = |d: std::time::Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        let rules = RuleBook::new(db.schema().clone());
        let replay = options.replay.take();
        let limiter: Arc<dyn RateLimiter> = match (options.limiter.take(), &options.caches) {
            (Some(limiter), _) => limiter,
            (None, None) => Arc::new(LocalLimiter::new()),
            (None, Some(caches)) => {
                let cache = caches.get(&params.limiter_cache).map_err(|error| {
                    let text = format!("api-limiter-cache: {}", error.message());
                    Error::new(ErrorKind::Config, text)
                })?;
                Arc::new(Limiter::new(cache.clone()))
            }
        };
        let caches = options.caches.take().unwrap_or_else(Caches::in_memory);
        let pubsubs = options.pubsubs.take();
        Ok(Self(Arc::new(Inner {
            settings: ArcSwap::from_pointee(Settings::new(params.clone(), &parts.module_paths)?),
            sessions: Sessions::new(&secret(&params.session_secret), millis(params.session_age))?,
            tokens: Tokens::new(&secret(&params.access_token_secret), millis(params.access_token_age))?,
            replay: replay.unwrap_or_else(|| Arc::new(LocalReplayGuard::new(REPLAY_CAPACITY))),
            limiter,
            caches,
            params: parts.params,
            sockets: parts.sockets,
            module_paths: parts.module_paths,
            documents: parts.documents,
            db,
            hooks: parts.hooks,
            shared: parts.shared,
            rules,
            published: parts.published,
            hasher: parts.hasher,
            acl: AclCache::new(),
            pubsubs: pubsubs.unwrap_or_else(Pubsubs::in_memory),
            options,
            forward: Forward::new(),
            in_progress: AtomicUsize::new(0),
            meters: Meters::new(),
            draining: CancellationToken::new(),
        })))
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Refuses a JSON body without parameters where nobody reads it.
    ///
    /// # Errors
    /// `Invalid`, saying what the body is.
    pub(crate) fn check_document(&self, path: &str, document: Option<&Value>) -> Result<()> {
        let kind = match document {
            // No value is what clients send for no parameters.
            None | Some(Value::Null | Value::Map(_)) => return Ok(()),
            _ if self.0.documents.is_match(path) => return Ok(()),
            Some(Value::List(_)) => "an array",
            Some(Value::Text(_)) => "a text",
            Some(Value::Bool(_)) => "true or false",
            Some(_) => "a number",
        };
        Err(Error::invalid(format!("the JSON body is {kind}, it must be an object of names and values")))
    }

    /// The caches, by name; the one that is used when none is named is an extractor of handlers too.
    pub fn caches(&self) -> &Caches {
        &self.0.caches
    }

    /// The tables.
    pub fn schema(&self) -> &Arc<Schema> {
        self.0.db.schema()
    }

    /// Submits jobs, and looks at them.
    ///
    /// # Errors
    /// `Unsupported` for an application that was built without queues.
    pub fn jobs(&self) -> Result<&Jobs> {
        let none = || Error::new(ErrorKind::Unsupported, "this process has no queues of jobs");
        self.0.options.jobs.as_ref().ok_or_else(none)
    }

    /// Publishes, and subscribes to what others publish, with the client of `ipc-pubsub`.
    pub fn pubsub(&self) -> &Pubsub {
        self.0.pubsubs.default()
    }

    /// All pub/sub clients, by name.
    pub fn pubsubs(&self) -> &Pubsubs {
        &self.0.pubsubs
    }

    /// The configuration: what is set, and where.
    ///
    /// # Errors
    /// `Unsupported` for an application that was built without one.
    pub fn config(&self) -> Result<&Config> {
        let none = || Error::new(ErrorKind::Unsupported, "this process has no configuration to show");
        self.0.options.config.as_deref().ok_or_else(none)
    }

    /// Gives commands to all processes of this tree, and of other hosts.
    ///
    /// # Errors
    /// `Unsupported` in a process that is part of no tree, such as a shell.
    pub fn control(&self) -> Result<&dyn Control> {
        let none = || Error::new(ErrorKind::Unsupported, "this process belongs to no server");
        self.0.options.control.as_deref().ok_or_else(none)
    }

    /// What all processes of this tree have counted of themselves.
    ///
    /// # Errors
    /// As [`Gather::gather`].
    pub async fn report(&self) -> Result<Report> {
        match &self.0.options.gather {
            Some(gather) => gather.gather().await,
            None => Ok(metrics::report("web", 0)),
        }
    }

    /// The name of the application and its version.
    pub fn program(&self) -> (&str, &str) {
        (&self.0.options.name, &self.0.options.version)
    }

    /// The parameters of the layer, as they are now.
    pub fn params(&self) -> Arc<ApiParams> {
        self.0.params.load_full()
    }

    /// The parameters of WebSockets, as they are now.
    pub(crate) fn sockets(&self) -> Arc<SocketParams> {
        self.0.sockets.load_full()
    }

    /// A text in the language of whoever sent a request; as it is when there is no translation.
    pub fn translate<'a>(&self, context: &Context, text: &'a str) -> Cow<'a, str> {
        match &context.language {
            Some(language) => self.0.options.locales.translate(language, text),
            None => Cow::Borrowed(text),
        }
    }

    /// The way to other servers that answer requests.
    pub(crate) fn forward(&self) -> &Forward {
        &self.0.forward
    }

    /// Hashes and verifies passwords.
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// The folder with the application's own web site.
    pub fn web_dir(&self) -> Option<&Path> {
        self.0.options.web_dir.as_deref()
    }

    /// Where images are kept.
    ///
    /// # Errors
    /// `Unsupported` for an application that was built without such a place.
    pub fn images(&self) -> Result<&Storage> {
        self.0.options.images.as_ref().ok_or_else(|| no_storage("images"))
    }

    /// Where uploaded files are kept.
    ///
    /// # Errors
    /// `Unsupported` for an application that was built without such a place.
    pub fn files(&self) -> Result<&Storage> {
        self.0.options.files.as_ref().ok_or_else(|| no_storage("files"))
    }

    /// Whether the operator has opened a path to callers without a login, with `api-allow-path`.
    pub fn is_opened(&self, path: &str) -> bool {
        self.settings().access.is_opened(path)
    }

    /// How many requests are being answered, without those that are [`aside`](Self::aside).
    pub fn requests_in_progress(&self) -> usize {
        self.0.in_progress.load(Ordering::Relaxed)
    }

    /// Waits, as part of a handler, for something that may take long and costs nothing meanwhile: until it is there the
    /// request does not count among those in progress, which `api-max-request-queue` limits.
    ///
    /// A handler that waits like this answers when [`draining`](Self::draining) begins.
    pub async fn aside<T>(&self, future: impl Future<Output = T>) -> T {
        let _aside = Aside::step(&self.0);
        future.await
    }

    /// Cancelled when this process is to end: what waits for something without a near end, and every reply without one,
    /// ends then, or it holds the end up until it is cut off.
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// What a module has shared under its type with [`Setup::share`](crate::Setup::share).
    pub fn shared<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.shared.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// Tells all hooks what became of an account; the failure of one keeps no other from being told.
    ///
    /// # Errors
    /// What the first hook that fails says.
    pub async fn account_event(&self, event: AccountEvent, row: &Row) -> Result<()> {
        self.0.hooks.account(self, event, row).await
    }

    /// Which columns of a table leave.
    pub fn column_rules(&self, table: &str) -> Option<&ColumnRules> {
        self.0.rules.of(table).map(|rules| &**rules)
    }

    pub(crate) fn render(&self, reply: Reply, viewer: Viewer<'_>) -> Result<axum::response::Response> {
        let account = reply.viewer.clone();
        let viewer = match &account {
            Some(account) => Viewer { id: Some(account.id()), admin: account.is_admin() },
            None => viewer,
        };
        let rules = self.0.rules.of_all(&reply.tables);
        crate::reply::render(reply, &rules, viewer)
    }

    /// What the parameters mean; worked out again when they have changed.
    ///
    /// A change that cannot be worked out is logged, and the old meaning stays.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        let settings = self.0.settings.load_full();
        if Arc::ptr_eq(&settings.params, &self.0.params.load()) {
            return settings;
        }
        match Settings::new(self.0.params.load_full(), &self.0.module_paths) {
            Ok(new) => {
                let new = Arc::new(new);
                self.0.settings.store(new.clone());
                new
            }
            Err(error) => {
                tracing::error!(
                    error = error.log_text(),
                    "changed api parameters do not work, the old ones stay"
                );
                settings
            }
        }
    }

    /// The endpoints that describe themselves.
    pub(crate) fn published(&self) -> &Published {
        &self.0.published
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn replay_guard(&self) -> &Arc<dyn ReplayGuard> {
        &self.0.replay
    }

    pub(crate) fn limiter(&self) -> &Arc<dyn RateLimiter> {
        &self.0.limiter
    }

    pub(crate) fn acl(&self) -> &AclCache {
        &self.0.acl
    }

    pub(crate) fn options(&self) -> &ApiOptions {
        &self.0.options
    }

    pub(crate) fn in_progress(&self) -> &AtomicUsize {
        &self.0.in_progress
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }
}

fn no_storage(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this process keeps no {what}"))
}

/// A request that waits and does not count meanwhile.
struct Aside<'a>(&'a Inner);

impl<'a> Aside<'a> {
    fn step(api: &'a Inner) -> Self {
        api.in_progress.fetch_sub(1, Ordering::Relaxed);
        api.meters.in_progress.decrement(1.0);
        Self(api)
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        self.0.in_progress.fetch_add(1, Ordering::Relaxed);
        self.0.meters.in_progress.increment(1.0);
    }
}
