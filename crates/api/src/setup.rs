//! What an application consists of, collected from its modules.

mod draft;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use bkjs_core::auth::{Hasher, HasherOptions};
use bkjs_core::config::{Handle, Params, Registry, defaults};
use bkjs_core::db::{Db, DbBuilder, Options, RowFate};
use bkjs_core::jobs::Functions;
use bkjs_core::schema::{Schema, SchemaBuilder, Table};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use regex::RegexSet;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::ModulePaths;
use crate::auth::auth_table;
use crate::command::Command;
use crate::config::ApiParams;
use crate::hooks::{AccountEvent, HookCall, Hooks, ReplyCall, Verdict};
use crate::job::JobContext;
use crate::module::Module;
use crate::openapi::{self, About, Around, Described, Endpoint, Published};
use crate::reply::Reply;
use crate::service::HttpService;
use crate::settings::Settings;
use crate::socket::SocketParams;
use crate::state::{Api, ApiOptions, Parts};

pub use draft::Draft;

type DbStep = Box<dyn FnOnce(DbBuilder) -> DbBuilder + Send>;
type JobStep = Box<dyn FnOnce(&Api, &mut Functions) + Send>;

/// Collects parameters, tables, routes, hooks and commands.
///
/// The order of use: modules and the application register, as [`Draft`]s where the configuration decides whether they
/// take part; the configuration is loaded from
/// [`take_registry`](Self::take_registry); the database is built with [`db_builder`](Self::db_builder);
/// [`build`](Self::build) gives the service. A mistake of a registration is reported by `build`.
pub struct Setup {
    registry: Registry,
    params: Handle<ApiParams>,
    sockets: Handle<SocketParams>,
    schema: SchemaBuilder,
    db_steps: Vec<DbStep>,
    job_steps: Vec<JobStep>,
    router: Router<Api>,
    endpoints: Vec<Described>,
    /// How many routers were given whose paths nobody knows.
    undescribed: usize,
    paths: ModulePaths,
    documents: Vec<String>,
    hooks: Hooks,
    shared: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    commands: Vec<Command>,
    modules: Vec<&'static str>,
    hasher: Option<HasherOptions>,
    mistakes: Vec<Error>,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// Declares a struct of parameters; one that is wrong is a mistake, and has its defaults.
fn declare<P: Params>(registry: &mut Registry, mistakes: &mut Vec<Error>) -> Handle<P> {
    registry.register::<P>().unwrap_or_else(|error| {
        mistakes.push(error);
        Handle::fixed(defaults::<P>())
    })
}

impl Setup {
    /// The layer alone: its parameters, `bk_auth`, `/ping` and `/openapi.json`.
    pub fn new() -> Self {
        let mut registry = Registry::new();
        let mut mistakes = Vec::new();
        let params = declare(&mut registry, &mut mistakes);
        let sockets = declare(&mut registry, &mut mistakes);
        let mut setup = Self { mistakes, ..Self::empty(registry, params, sockets) };
        setup.table(auth_table());
        setup.endpoint(crate::ping::endpoint());
        setup.endpoint(openapi::openapi_endpoint());
        setup.allow(r"^/openapi\.json$");
        setup
    }

    fn empty(registry: Registry, params: Handle<ApiParams>, sockets: Handle<SocketParams>) -> Self {
        Self {
            registry,
            params,
            sockets,
            schema: SchemaBuilder::new(),
            db_steps: Vec::new(),
            job_steps: Vec::new(),
            router: Router::new(),
            endpoints: Vec::new(),
            undescribed: 0,
            paths: ModulePaths::default(),
            documents: Vec::new(),
            hooks: Hooks::default(),
            shared: HashMap::new(),
            commands: Vec::new(),
            modules: Vec::new(),
            hasher: None,
            mistakes: Vec::new(),
        }
    }

    /// Takes a module in.
    pub fn module(&mut self, module: &dyn Module) {
        self.modules.push(module.name());
        module.register(self);
    }

    /// The names of the modules, in order.
    pub fn modules(&self) -> &[&'static str] {
        &self.modules
    }

    /// Declares a struct of parameters; the handle shows their values once the configuration is loaded.
    pub fn params<P: Params>(&mut self) -> Handle<P> {
        declare(&mut self.registry, &mut self.mistakes)
    }

    /// Declares a table; one of the same name is merged into.
    pub fn table(&mut self, table: Table) {
        self.schema.add(table);
    }

    /// Adds an endpoint: its path, its handler and its description.
    ///
    /// # Panics
    /// When its path is there already, as [`Router::route`] does: a mistake of the program, found at its start.
    pub fn endpoint(&mut self, endpoint: Endpoint) {
        let (routes, described) = endpoint.into_parts();
        self.merge(routes);
        self.endpoints.push(described);
    }

    /// Adds routes that `/openapi.json` does not know, since a router does not tell its paths; [`endpoint`](Self::endpoint)
    /// is the way into it. Every method reaches a route: write `any(handler)`.
    ///
    /// # Panics
    /// When a route is there already, as [`Router::merge`] does: a mistake of the program, found at its start.
    pub fn routes(&mut self, routes: Router<Api>) {
        self.undescribed += 1;
        self.merge(routes);
    }

    /// How many routers [`routes`](Self::routes) was given: what they lead to is not in the document.
    pub fn undescribed(&self) -> usize {
        self.undescribed
    }

    fn merge(&mut self, routes: Router<Api>) {
        self.router = std::mem::take(&mut self.router).merge(routes);
    }

    /// Opens paths to callers without a login, unless `api-ignore-allow-path` closes them.
    pub fn allow(&mut self, pattern: &str) {
        self.paths.allow.push(pattern.to_owned());
    }

    /// Closes paths to all but administrators, unless `api-allow-authenticated` or `api-allow-account-TYPE` opens them.
    pub fn admins(&mut self, pattern: &str) {
        self.paths.admin.push(pattern.to_owned());
    }

    /// Says that handlers of paths read a JSON body that is no object, from
    /// [`RequestParams::document`](crate::RequestParams::document). On other paths such a body is refused with 400: it
    /// holds no parameters, so that nothing in it would be looked at.
    pub fn documents(&mut self, pattern: &str) {
        self.documents.push(pattern.to_owned());
    }

    /// Adds a command of the shell.
    pub fn command(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// A function that jobs call by its name, usually `module.function`; a later one of a name takes its place.
    ///
    /// Its parameters are any type with serde. What it gives is kept as the result of the job, unless it is `()`. An
    /// error whose status is 500 or more, a panic, and more time than `jobs-max-runtime` make the job run again later.
    /// It may run twice, and should bear that; it must not block its thread.
    pub fn job<F, P, R, T>(&mut self, name: &str, function: F)
    where
        F: Fn(JobContext, P) -> R + Send + Sync + 'static,
        P: DeserializeOwned + Send,
        R: Future<Output = Result<T>> + Send + 'static,
        T: Serialize,
    {
        let name = name.to_owned();
        self.job_steps.push(Box::new(move |api, functions| {
            let api = api.clone();
            functions.add(&name, move |running, params| {
                function(JobContext { api: api.clone(), running }, params)
            });
        }));
    }

    /// The commands, in order.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Shares a value under its type: handlers find it with [`Api::shared`] or the extractor
    /// [`Shared`](crate::extract::Shared).
    pub fn share<T: Send + Sync + 'static>(&mut self, value: T) {
        self.shared.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// The cost and bounds of password hashing.
    pub fn hasher(&mut self, options: HasherOptions) {
        self.hasher = Some(options);
    }

    /// A hook on rows of a table (`*`: all) before they are written.
    pub fn pre_row<F>(&mut self, table: &str, hook: F)
    where
        F: Fn(&mut Row, &Options) -> Result<RowFate> + Send + Sync + 'static,
    {
        let table = table.to_owned();
        self.db_steps.push(Box::new(move |builder| builder.pre_row(&table, hook)));
    }

    /// A hook on rows of a table (`*`: all) after they were read.
    pub fn post_row<F>(&mut self, table: &str, hook: F)
    where
        F: Fn(&mut Row, &Options) -> Result<RowFate> + Send + Sync + 'static,
    {
        let table = table.to_owned();
        self.db_steps.push(Box::new(move |builder| builder.post_row(&table, hook)));
    }
}

/// Hooks along the path of a request. A path is an expression; one that starts with `/` and holds no mark
/// of an expression is that path alone; an empty one is every path.
impl Setup {
    /// Before authentication: may let in, refuse, send elsewhere. Runs on open paths too.
    pub fn access_check<F>(&mut self, path: &str, hook: F)
    where
        F: for<'a> Fn(HookCall<'a>) -> BoxFuture<'a, Verdict> + Send + Sync + 'static,
    {
        let result = self.hooks.add_access(path, Arc::new(hook));
        self.note(result);
    }

    /// After authentication, also when it failed (the error is given): may turn the outcome.
    pub fn auth_check<F>(&mut self, path: &str, hook: F)
    where
        F: for<'a> Fn(HookCall<'a>, Option<&'a Error>) -> BoxFuture<'a, Verdict> + Send + Sync + 'static,
    {
        let result = self.hooks.add_auth(path, Arc::new(hook));
        self.note(result);
    }

    /// Before the handler: may change parameters or answer itself.
    pub fn pre_process<F>(&mut self, path: &str, hook: F)
    where
        F: for<'a> Fn(HookCall<'a>) -> BoxFuture<'a, Result<Option<Reply>>> + Send + Sync + 'static,
    {
        let result = self.hooks.add_pre(path, Arc::new(hook));
        self.note(result);
    }

    /// After the handler's reply, before columns are removed from it.
    pub fn post_process<F>(&mut self, path: &str, hook: F)
    where
        F: for<'a> Fn(ReplyCall<'a>) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        let result = self.hooks.add_post(path, Arc::new(hook));
        self.note(result);
    }

    /// When an account was added, changed or removed; the record has no secrets.
    ///
    /// An error of an added account takes the registration back, and `Deleted` follows. A removed one keeps its
    /// profile until no hook fails, and the removal may be done again. So a hook may be told of the same
    /// removal more than once, and of one whose account it was never told of.
    pub fn account_hook<F>(&mut self, hook: F)
    where
        F: for<'a> Fn(&'a Api, AccountEvent, &'a Row) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        self.hooks.add_account(Arc::new(hook));
    }

    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.mistakes.push(error);
        }
    }
}

impl Setup {
    /// The registry of parameters, to declare more.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The registry of parameters, to load the configuration from; what is declared later is not loaded.
    pub fn take_registry(&mut self) -> Registry {
        std::mem::take(&mut self.registry)
    }

    /// All tables as they are now.
    pub fn schema(&self) -> Arc<Schema> {
        Arc::new(self.schema.clone().build())
    }

    /// The OpenAPI document of the endpoints, as `/openapi.json` gives it with the parameters as they are now.
    ///
    /// # Errors
    /// `Config` for a parameter that does not work.
    pub fn openapi(&self, name: &str, version: &str) -> Result<serde_json::Value> {
        let settings = Settings::new(self.params.load_full(), &self.paths)?;
        let schema = self.schema();
        let around = Around { schema: &schema, settings: &settings };
        Ok(openapi::document(&About { name, version, endpoints: &self.endpoints, around }))
    }

    /// A database with all tables and row hooks, still without pools.
    pub fn db_builder(&mut self) -> DbBuilder {
        let builder = Db::builder(self.schema());
        self.db_steps.drain(..).fold(builder, |builder, step| step(builder))
    }

    /// The service that answers requests.
    ///
    /// # Errors
    /// `Config`: the first mistake of a registration, or a parameter that does not work.
    pub fn build(mut self, db: Db, options: ApiOptions) -> Result<HttpService> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes.swap_remove(0));
        }
        let parts = Parts {
            params: self.params,
            sockets: self.sockets,
            module_paths: self.paths,
            documents: RegexSet::new(&self.documents).map_err(|e| {
                Error::new(ErrorKind::Config, "a pattern of paths that take documents is no expression")
                    .source(e)
            })?,
            hooks: self.hooks,
            shared: self.shared,
            hasher: Hasher::new(self.hasher.unwrap_or_default())?,
            published: Published::new(self.endpoints),
        };
        let api = Api::new(parts, db, options)?;
        let mut functions = Functions::new();
        self.job_steps.into_iter().for_each(|step| step(&api, &mut functions));
        if let Some(mistake) = functions.mistakes().first() {
            return Err(Error::new(ErrorKind::Config, mistake.clone()));
        }
        Ok(HttpService::new(api, self.router, Arc::new(functions)))
    }
}
