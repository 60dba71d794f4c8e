use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use bkjs_api::{Api, Endpoint, JobContext, Module, Setup};
use bkjs_core::schema::Table;
use bkjs_core::value::Typed;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::boot;

type Step = Box<dyn FnOnce(&mut Setup) + Send + Sync>;

/// An application: its name, its modules, and what it adds itself.
///
/// Nothing happens before [`run`](Self::run), which is what `main` returns. Every process of the
/// application builds the same `App` again and plays its own role in it.
#[must_use]
pub struct App {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) modules: Vec<Arc<dyn Module>>,
    pub(crate) steps: Vec<Step>,
}

impl App {
    /// An application with the modules of this build; `-allow-modules` and `-deny-modules` choose among
    /// them at run time.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            modules: built_in(),
            steps: Vec::new(),
        }
    }

    /// The version that the `Server` and `Version` headers tell; `env!("CARGO_PKG_VERSION")` as a rule.
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Another module.
    pub fn module(mut self, module: impl Module) -> Self {
        self.modules.push(Arc::new(module));
        self
    }

    /// The table that holds records of a type.
    pub fn table<T: Typed>(self) -> Self {
        self.describe(T::table())
    }

    /// A table, or more columns of one that a module has.
    pub fn describe(self, table: Table) -> Self {
        self.setup(move |setup| setup.table(table))
    }

    /// An endpoint, described in `/openapi.json`; like those of modules it needs a login unless `-api-allow-path` opens
    /// it.
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        self.setup(move |setup| setup.endpoint(endpoint))
    }

    /// Routes that `/openapi.json` does not know; like [`endpoint`](Self::endpoint)s they need a login.
    pub fn routes(self, routes: Router<Api>) -> Self {
        self.setup(move |setup| setup.routes(routes))
    }

    /// A function that jobs call by its name; see [`Setup::job`].
    pub fn job<F, P, R, T>(self, name: &str, function: F) -> Self
    where
        F: Fn(JobContext, P) -> R + Send + Sync + 'static,
        P: DeserializeOwned + Send,
        R: Future<Output = bkjs_core::Result<T>> + Send + 'static,
        T: Serialize,
    {
        let name = name.to_owned();
        self.setup(move |setup| setup.job(&name, function))
    }

    /// Anything that a module can do: parameters, hooks, commands.
    ///
    /// The step runs once, after the modules have registered and before the configuration is read: the handles that
    /// [`Setup::params`] gives it show their values from then on.
    pub fn setup(mut self, step: impl FnOnce(&mut Setup) + Send + Sync + 'static) -> Self {
        self.steps.push(Box::new(step));
        self
    }

    /// Does what the command line says, and returns when that is done. Errors have been reported then.
    pub fn run(self) -> ExitCode {
        boot::run(self)
    }
}

/// The modules of this build, in the order in which they register.
fn built_in() -> Vec<Arc<dyn Module>> {
    vec![
        #[cfg(feature = "accounts")]
        Arc::new(bkjs_accounts::AccountsModule),
        #[cfg(feature = "connections")]
        Arc::new(bkjs_connections::ConnectionsModule),
        #[cfg(feature = "counters")]
        Arc::new(bkjs_counters::CountersModule),
        #[cfg(feature = "data")]
        Arc::new(bkjs_data::DataModule),
        #[cfg(feature = "files")]
        Arc::new(bkjs_files::FilesModule),
        #[cfg(feature = "icons")]
        Arc::new(bkjs_icons::IconsModule),
        #[cfg(feature = "locations")]
        Arc::new(bkjs_locations::LocationsModule),
        #[cfg(feature = "messages")]
        Arc::new(bkjs_messages::MessagesModule),
        #[cfg(feature = "pages")]
        Arc::new(bkjs_pages::PagesModule),
        #[cfg(feature = "subscribe")]
        Arc::new(bkjs_subscribe::SubscribeModule),
        #[cfg(feature = "system")]
        Arc::new(bkjs_system::SystemModule),
    ]
}
