//! Endpoints that describe themselves, and the document that is made of their descriptions.
//!
//! A module registers an [`Endpoint`]: its path, its handler, and what the types of the handler do not say. What the
//! handler takes is read off its arguments ([`Argument`]): the struct of [`Params<T>`](crate::Params) that refuses a
//! request is the one whose schema is published, and `Options` and `Ids` bring the parameters that they read. Tables
//! bring their columns. So the document cannot say of an endpoint what its code does not know.
//!
//! Who may ask is decided by the access lists as everywhere, and read off them here.
//!
//! ```
//! use bkjs_api::{Endpoint, Gives, Params, Reply, Setup};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Greeting {
//!     /// Who is greeted.
//!     name: String,
//! }
//!
//! #[derive(JsonSchema)]
//! #[allow(dead_code)] // only its description is used
//! struct Greeted {
//!     /// The greeting.
//!     text: String,
//! }
//!
//! async fn greet(Params(greeting): Params<Greeting>) -> Reply {
//!     Reply::value(bkjs_core::value::Row::new().with("text", format!("hello {}", greeting.name)))
//! }
//!
//! let mut setup = Setup::new();
//! setup.endpoint(Endpoint::new("/greet", greet).does("Greets somebody.").gives(Gives::value::<Greeted>()));
//! let document = setup.openapi("example", "1.0")?;
//! let name = &document["paths"]["/greet"]["get"]["parameters"][0];
//! assert_eq!((name["name"].as_str(), name["required"].as_bool()), (Some("name"), Some(true)));
//! # Ok::<(), bkjs_core::Error>(())
//! ```
//!
//! Any method reaches any endpoint; the document shows GET, with parameters in the query, and POST, with the same in a
//! body of JSON, of a form, or of several parts.
//!
//! # What was rejected
//!
//! Attributes over handlers, which repeat in a macro's language what the signature says, and drift from it; and a
//! router of our own that knows its routes, which axum's does not: routes that [`Setup::routes`](crate::Setup::routes)
//! is given serve as well and are not in the document.

mod argument;
mod columns;
mod control;
mod document;
mod endpoint;
mod failures;
mod gives;
mod operation;
mod schema;
mod serve;
mod takes;

pub use argument::{Argument, Arguments};
pub use control::Control;
pub(crate) use document::{About, Around, document};
pub(crate) use endpoint::Described;
pub use endpoint::Endpoint;
pub use gives::Gives;
pub(crate) use serve::{Published, openapi_endpoint};
pub use takes::Takes;
