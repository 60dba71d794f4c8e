//! What the processes of an application run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_api::statics::Embedded;
use bkjs_api::{ApiOptions, HttpService, ServeOptions, Setup, serve};
use bkjs_core::auth::ReplayGuard;
use bkjs_core::config::{Params, home};
use bkjs_core::db::{self, Db, DbBuilder};
use bkjs_core::{Error, Result};
use bkjs_runtime::{Ipc, Program, Role, RoleContext};
use futures_util::future::BoxFuture;

use crate::assets::Web;
use crate::boot::Environment;
use crate::cache::{self, TreeCache};
use crate::replay::{self, SharedReplayGuard};

/// Connections.
#[derive(Params, Clone, Debug)]
pub(crate) struct ServeParams {
    /// How long a connection may be idle, the head of a request may take, and a body may stop.
    #[param(default = "30s", unit = "ms", min = "100ms", max = "1h")]
    timeout: Duration,
}

/// An application as the processes see it.
pub(crate) struct Service {
    environment: Environment,
    /// Taken once, by the process that serves.
    setup: Mutex<Setup>,
    /// Used in the server process, as the next one.
    replay: replay::Memory,
    cache: cache::Memory,
}

impl Service {
    pub(crate) fn new(environment: Environment, setup: Setup) -> Self {
        let (replay, cache) = (replay::Memory::new(), cache::Memory::default());
        Self { environment, setup: Mutex::new(setup), replay, cache }
    }

    async fn prepare_tables(&self) -> Result<()> {
        let params = self.environment.db.load_full();
        let folder = self.environment.core.load().var();
        if !params.create_tables && !db::is_new(&params, &folder) {
            return Ok(());
        }
        let schema = self.setup.lock().unwrap_or_else(PoisonError::into_inner).schema();
        let db = self.environment.open(Db::builder(schema))?;
        for line in db.create_tables().await? {
            tracing::info!("{line}");
        }
        db.close().await;
        Ok(())
    }

    async fn serve_web(&self, mut context: RoleContext) -> Result<()> {
        let setup = std::mem::take(&mut *self.setup.lock().unwrap_or_else(PoisonError::into_inner));
        let service = self.environment.http_service(setup, Some(&context.ipc))?;
        let db = service.api().db().clone();
        let listeners = std::mem::take(&mut context.listeners).into_iter();
        let listeners = listeners.map(tokio::net::TcpListener::from_std).collect::<std::io::Result<Vec<_>>>();
        let listeners =
            listeners.map_err(|e| Error::internal("a listening socket does not work").source(e))?;
        let params = self.environment.runtime.load_full();
        let timeout = self.environment.serve.load().timeout;
        let options = ServeOptions { timeout, drain: params.shutdown_timeout };
        context.ready();
        let drain = context.drain.token();
        serve(listeners, service, drain, options).await;
        db.close().await;
        Ok(())
    }
}

impl Program for Service {
    fn prepare(&self, _: Role) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.prepare_tables())
    }

    fn serve(&self, context: RoleContext) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match context.role {
                Role::Web => self.serve_web(context).await,
                _ => {
                    context.ready();
                    context.drain.begun().await;
                    Ok(())
                }
            }
        })
    }

    fn accompany(&self, _: Role) -> BoxFuture<'_, ()> {
        Box::pin(self.environment.follow_sources())
    }

    fn answer(&self, name: String, body: serde_json::Value) -> BoxFuture<'_, Result<serde_json::Value>> {
        let answer = match name.as_str() {
            replay::CALL => self.replay.answer(body),
            cache::CALL => self.cache.answer(body, &self.environment.cache.load()),
            _ => Err(Error::not_found(format!("no process answers the call {name:.40}"))),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Environment {
    /// The database of the configured pools, for a process on its own: a server may run on the same home, started with
    /// other parameters, and is told of every write.
    pub(crate) fn open(&self, builder: DbBuilder) -> Result<Db> {
        self.open_pools(builder.tell_all_writes())
    }

    fn open_pools(&self, builder: DbBuilder) -> Result<Db> {
        let core = self.core.load_full();
        db::open(builder.token_key(home::secret(&core)?), &self.db.load(), &core.var())
    }

    /// The application on its database, ready to answer; `tree` is the way to what the processes of a server share.
    pub(crate) fn http_service(&self, mut setup: Setup, tree: Option<&Ipc>) -> Result<HttpService> {
        let core = self.core.load_full();
        let builder = setup.db_builder();
        let db = match tree {
            None => self.open(builder)?,
            // What one process shares with itself, it has.
            Some(tree) if tree.is_alone() => self.open_pools(builder)?,
            Some(tree) => self.open_pools(builder.host_cache(Arc::new(TreeCache(tree.clone()))))?,
        };
        let options = ApiOptions {
            name: self.name.clone(),
            version: self.version.clone(),
            server_secret: home::secret(&core)?.to_vec(),
            web_dir: Some(core.web()),
            assets: vec![Arc::new(Embedded::<Web>::new())],
            replay: tree.map(|tree| Arc::new(SharedReplayGuard(tree.clone())) as Arc<dyn ReplayGuard>),
            ..ApiOptions::default()
        };
        setup.build(db, options)
    }
}
