//! What a module is.

use crate::setup::Setup;

/// A part of an application: parameters, tables, routes, hooks and commands under one name.
///
/// ```
/// use bkjs_api::{Api, Context, Module, Reply, Result, Setup};
/// use axum::{Router, routing::any};
///
/// struct Hello;
///
/// impl Module for Hello {
///     fn name(&self) -> &'static str {
///         "hello"
///     }
///
///     fn register(&self, setup: &mut Setup) {
///         setup.routes(Router::new().route("/hello", any(hello)));
///         setup.allow("^/hello$");
///     }
/// }
///
/// async fn hello(context: std::sync::Arc<Context>) -> Result {
///     Ok(Reply::message(context.params.required("name")?))
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
