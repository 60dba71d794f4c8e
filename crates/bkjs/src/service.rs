//! What the processes of an application run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_api::statics::Embedded;
use bkjs_api::{ApiOptions, HttpService, Listener, Offers, ServeOptions, Setup, Tls, serve};
use bkjs_core::auth::ReplayGuard;
use bkjs_core::cache::{CacheDriver, Caches, LOCAL};
use bkjs_core::config::{Params, home};
use bkjs_core::control::Control;
use bkjs_core::db::{self, Db, DbBuilder};
use bkjs_core::metrics::Gather;
use bkjs_core::pubsub::Pubsubs;
use bkjs_core::pubsub::drivers::local::LocalPubsub;
use bkjs_core::storage::Storage;
use bkjs_core::{Error, Result, metrics, task};
use bkjs_runtime::{Ipc, Program, Role, RoleContext, Serves, Tree};
use futures_util::future::BoxFuture;

use crate::assets::Web;
use crate::bell;
use crate::book::Book;
use crate::boot::Environment;
use crate::cache;
use crate::control::{self, Reins};
use crate::metrics::{self as counts, Counts, TreeGather};
use crate::pubsub::{self, Clients};
use crate::replay::{self, SharedReplayGuard};

/// How often it is looked whether the certificate has changed.
const LOOK_AT_CERTIFICATES: Duration = Duration::from_secs(10);

/// Connections.
#[derive(Params, Clone, Debug)]
pub(crate) struct ServeParams {
    /// How long a connection may be idle, the head of a request may take, and a body may stop.
    #[param(default = "30s", unit = "ms", min = "100ms", max = "1h")]
    timeout: Duration,
}

/// What a process that works shares with the others of its tree.
pub(crate) struct Shared {
    ipc: Ipc,
    pubsubs: Pubsubs,
    control: Arc<Reins>,
}

/// An application as the processes see it.
pub(crate) struct Service {
    pub(crate) environment: Environment,
    /// Taken once, by the process that serves.
    pub(crate) setup: Mutex<Setup>,
    /// Used in the server process, as the next one.
    replay: replay::Memory,
    cache: Arc<cache::Memory>,
    bell: bell::Memory,
    pub(crate) clients: Clients,
    pub(crate) reins: Arc<Reins>,
    counts: Arc<Counts>,
}

impl Service {
    pub(crate) fn new(environment: Environment, setup: Setup) -> Self {
        metrics::install();
        let (replay, cache) = (replay::Memory::new(), Arc::<cache::Memory>::default());
        let bell = bell::Memory::default();
        let reins = Arc::new(Reins::new(&environment, cache.clone()));
        Self {
            environment,
            setup: Mutex::new(setup),
            replay,
            cache,
            bell,
            clients: Clients::default(),
            reins,
            counts: Arc::default(),
        }
    }

    async fn prepare_tables(&self) -> Result<()> {
        let schema = self.setup.lock().unwrap_or_else(PoisonError::into_inner).schema();
        let db = self.environment.open(Db::builder(schema))?;
        crate::db::log(&db.create_tables_in(|pool| self.environment.keeps_tables(pool)).await?);
        db.close().await;
        Ok(())
    }

    /// What a process that works shares with the others of its tree.
    pub(crate) fn shared(&self, context: &RoleContext) -> Result<Shared> {
        self.reins.stand(context.role, &context.tree);
        self.counts.stand(context.role, &context.tree);
        self.counts.work(context.index, &context.ipc);
        let pubsubs = self.clients.of(&self.environment, &context.tree)?;
        self.reins.join(&self.environment, &pubsubs)?;
        Ok(Shared { ipc: context.ipc.clone(), pubsubs, control: self.reins.clone() })
    }

    async fn serve_web(&self, mut context: RoleContext) -> Result<()> {
        let setup = std::mem::take(&mut *self.setup.lock().unwrap_or_else(PoisonError::into_inner));
        let service = self.environment.http_service(setup, Some(&self.shared(&context)?))?;
        let db = service.api().db().clone();
        self.reins.keep(&db);
        let listeners = std::mem::take(&mut context.listeners).into_iter();
        let core = self.environment.params.core.load_full();
        let given = self.environment.params.tls.load_full();
        let tls = given.is_configured().then(|| Tls::open(&given, &core.home)).transpose()?;
        let listeners = listeners.map(|given| listener(given, &tls)).collect::<std::io::Result<Vec<_>>>();
        let listeners =
            listeners.map_err(|e| Error::internal("a listening socket does not work").source(e))?;
        let params = self.environment.params.runtime.load_full();
        let timeout = self.environment.params.serve.load().timeout;
        let options = ServeOptions { timeout, drain: params.shutdown_timeout };
        context.ready();
        let drain = context.drain.token();
        if let Some(tls) = tls {
            task::spawn("certificates", tls.follow(LOOK_AT_CERTIFICATES, drain.clone()));
        }
        let jobs = service.api().jobs()?.clone();
        let pubsubs = service.api().pubsubs().clone();
        let beside = match context.ipc.is_alone() {
            true => self.work_beside(&service, drain.clone())?,
            false => Vec::new(),
        };
        serve(listeners, service, drain, options).await;
        for work in beside {
            // A panic was logged.
            let _ = work.await;
        }
        jobs.close().await;
        pubsubs.close();
        db.close().await;
        Ok(())
    }
}

/// A socket of the runtime's as the layer serves it.
fn listener(given: bkjs_runtime::Listener, with: &Option<Tls>) -> std::io::Result<Listener> {
    let Serves { http, websockets, tls } = given.serves;
    let socket = tokio::net::TcpListener::from_std(given.socket)?;
    let tls = match (tls, with) {
        (false, _) => None,
        (true, Some(tls)) => Some(tls.clone()),
        // The configuration has changed since the socket was opened.
        (true, None) => {
            return Err(std::io::Error::other("there is no certificate for the port of HTTPS any more"));
        }
    };
    Ok(Listener { socket, offers: Offers { http, websockets }, tls })
}

impl Program for Service {
    fn prepare(&self, _: Role) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.prepare_tables())
    }

    fn serve(&self, context: RoleContext) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match context.role {
                Role::Web => self.serve_web(context).await,
                _ => self.serve_worker(context).await,
            }
        })
    }

    fn accompany(&self, role: Role, tree: Tree) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let cron = async {
                if role == Role::Master {
                    self.follow_cron().await;
                }
            };
            self.reins.stand(role, &tree);
            self.counts.stand(role, &tree);
            let hosts = async {
                if !self.environment.params.pubsub.load().system_queue.is_empty() {
                    let clients = self.clients.of(&self.environment, &tree);
                    self.reins.follow_hosts(&self.environment, clients).await;
                }
            };
            tokio::join!(self.environment.follow_sources(), cron, hosts, metrics::keep_up());
        })
    }

    fn told(&self, name: &str, body: serde_json::Value) {
        match name {
            pubsub::TOLD => self.clients.told(body),
            control::TOLD => self.reins.told(&body),
            counts::NAME => self.counts.told(body),
            _ => tracing::warn!(name, "another process has told what nobody knows"),
        }
    }

    fn missed(&self) {
        self.clients.missed();
    }

    fn answer(&self, name: String, body: serde_json::Value) -> BoxFuture<'_, Result<serde_json::Value>> {
        let answer = match name.as_str() {
            replay::CALL => self.replay.answer(body),
            counts::NAME => return Box::pin(self.counts.answer(body)),
            bell::CALL => return Box::pin(self.bell.answer(body)),
            cache::CALL => self.cache.answer(body, &self.environment.params.store.load()),
            _ => Err(Error::not_found(format!("no process answers the call {name:.40}"))),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Environment {
    /// The database of the configured pools, for a process on its own: a server may run on the same home, started with
    /// other parameters, and is told of every write.
    pub(crate) fn open(&self, builder: DbBuilder) -> Result<Db> {
        let caches = self.open_caches(None)?;
        self.open_pools(builder.tell_all_writes(), &caches)
    }

    /// The same for who only looks at the tables: nothing is made in the home.
    pub(crate) fn look(&self, builder: DbBuilder) -> Result<Db> {
        db::open_to_look(builder, &self.params.db.load(), &self.params.core.load().var())
    }

    /// Whether the tables of a pool are brought in step with their descriptions at the start.
    pub(crate) fn keeps_tables(&self, pool: &str) -> bool {
        db::keeps_tables(&self.params.db.load(), pool, &self.params.core.load().var())
    }

    /// The configured caches; `tree` is the way to the one that the processes of a server share, without which a
    /// process has one for itself.
    pub(crate) fn open_caches(&self, tree: Option<&Ipc>) -> Result<Caches> {
        let local = match tree {
            Some(tree) => cache::of_tree(tree),
            None => cache::own(&self.params.store.load()),
        };
        let local: Arc<dyn CacheDriver> = Arc::new(local);
        Caches::open(&self.params.caches.load(), &local)
    }

    fn open_pools(&self, builder: DbBuilder, caches: &Caches) -> Result<Db> {
        let core = self.params.core.load_full();
        let builder = builder.token_key(home::secret(&core)?).caches(caches);
        db::open(builder, &self.params.db.load(), &core.var())
    }

    /// The application on its database, ready to answer; `shared` is what the processes of a server share.
    pub(crate) fn http_service(&self, mut setup: Setup, shared: Option<&Shared>) -> Result<HttpService> {
        let tree = shared.map(|shared| &shared.ipc);
        let core = self.params.core.load_full();
        let builder = setup.db_builder();
        let caches = self.open_caches(tree)?;
        let builder = match tree {
            None => builder.tell_all_writes(),
            // What one process shares with itself, it has.
            Some(tree) if tree.is_alone() => builder,
            Some(_) => builder.host_cache(caches.get(LOCAL)?.driver().clone()),
        };
        let db = self.open_pools(builder, &caches)?;
        let jobs = self.open_jobs(&db, tree)?;
        let pubsubs = match shared {
            Some(shared) => shared.pubsubs.clone(),
            None => self.open_pubsubs(LocalPubsub::alone())?,
        };
        let options = ApiOptions {
            jobs: Some(jobs),
            pubsubs: Some(pubsubs),
            control: shared.map(|shared| shared.control.clone() as Arc<dyn Control>),
            name: self.name.clone(),
            version: self.version.clone(),
            server_secret: home::secret(&core)?.to_vec(),
            web_dir: Some(core.web()),
            locales: Arc::new(self.params.locale.load().load(&core.home)),
            ssl_port: self.params.runtime.load().ssl_port,
            images: Some(Storage::local(core.images())),
            files: Some(Storage::local(core.files())),
            assets: vec![Arc::new(Embedded::<Web>::new()), Arc::new(Book)],
            caches: Some(caches),
            config: Some(self.config.clone()),
            gather: tree.map(|tree| Arc::new(TreeGather(tree.clone())) as Arc<dyn Gather>),
            replay: tree.map(|tree| Arc::new(SharedReplayGuard(tree.clone())) as Arc<dyn ReplayGuard>),
            ..ApiOptions::default()
        };
        setup.build(db, options)
    }
}
