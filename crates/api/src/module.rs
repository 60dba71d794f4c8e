//! What a module is.

use crate::setup::Setup;

/// A part of an application: parameters, tables, routes, hooks and commands under one name.
///
/// ```
/// use bkjs_api::{Endpoint, Gives, Module, Params, Reply, Setup};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// struct Hello;
///
/// impl Module for Hello {
///     fn name(&self) -> &'static str {
///         "hello"
///     }
///
///     fn register(&self, setup: &mut Setup) {
///         setup.endpoint(Endpoint::new("/hello", hello).does("Says hello.").gives(Gives::message()));
///         setup.allow("^/hello$");
///     }
/// }
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Greeting {
///     /// Who is greeted.
///     name: String,
/// }
///
/// async fn hello(Params(greeting): Params<Greeting>) -> Reply {
///     Reply::message(&format!("hello {}", greeting.name))
/// }
/// ```
///
/// A module decides no access, removes no columns and formats no error: the layer does that for every
/// route alike.
pub trait Module: Send + Sync + 'static {
    /// The name, as `-allow-modules` and `-deny-modules` see it.
    fn name(&self) -> &'static str;

    /// Hands over what the module consists of. Called once, before any configuration is read.
    fn register(&self, setup: &mut Setup);
}
