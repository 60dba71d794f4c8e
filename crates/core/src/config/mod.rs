//! Parameters: how every component is told what to do, and how it learns of changes while running.
//!
//! A component declares a struct with `#[derive(Params)]`; its fields are the parameters, their doc comments the
//! help, their types the parsers. A [`Registry`] collects the structs, [`Config::load`] fills them, and readers
//! hold a [`Handle`] whose snapshot is replaced as a whole when a source changes.
//!
//! ```
//! use bkjs_core::config::{CommandLine, Config, Inputs, Params, Registry, Size, Unknown};
//!
//! /// HTTP parameters.
//! #[derive(Params, Clone, Debug)]
//! #[params(prefix = "demo")]
//! struct DemoParams {
//!     /// Largest request body.
//!     #[param(default = "10m", min = "1k", max = "100m", live)]
//!     upload_limit: Size,
//! }
//!
//! # let home = tempfile::tempdir().expect("temporary directory");
//! let mut registry = Registry::new();
//! let demo = registry.register::<DemoParams>()?;
//! let line = CommandLine::parse(["-demo-upload-limit", "2m", "run"], &registry, Unknown::Refuse);
//! assert_eq!(line.rest(), ["run"]);
//! let inputs = Inputs { home: Some(home.path().into()), ..Inputs::new(line) };
//! let config = Config::load(registry, inputs)?;
//! assert_eq!(demo.load().upload_limit.bytes(), 2 << 20);
//! assert!(config.help_text("upload").contains("Largest request body."));
//! # Ok::<(), bkjs_core::Error>(())
//! ```
//!
//! # Sources and precedence
//! Rising: defaults, `etc/config`, `etc/config.local`, DNS, database, `BKJS_*` environment, command line
//! ([`Rank`]). [`RemoteSources`] reads DNS and the database, before a process begins its work and from time to
//! time. There an unknown name, and one that this source may not say, is a warning: the record is passed over.
//!
//! # Repeats
//! Of a single value the last one counts. Lists, maps and families of expressions given several times in one
//! source add up. A later source replaces the list of an earlier one, unless the list is declared to *add*:
//! then it extends what earlier sources and the default say. [`RegexpList`] adds unless declared otherwise, so
//! that a rule in a file is not lost by one on the command line.
//!
//! # Texts
//! `''` is the empty text. `~` or `<null>` takes back what earlier sources said: a list becomes empty, anything
//! else has its default again. `%20` is a space and `\n` a line feed, except in secrets and in values with `://`,
//! where both stay as they are, and JSON, where `\n` does.
//!
//! # Errors
//! An unknown name, a malformed value and one out of range are errors with source, line and, for names, the
//! nearest known one; all are reported at once. Two cases are warnings ([`Config::warnings`]): an unknown `BKJS_*`
//! variable, since other tools use that prefix, and a parameter that this version knows but does not serve yet.

mod command_line;
mod core_params;
mod decode;
mod environment;
mod file;
mod help;
pub mod home;
mod list;
mod load;
mod pattern;
mod planned;
mod problem;
mod registry;
mod remote;
mod resolve;
mod source;
mod spec;
mod suggest;
mod types;
mod values;

pub use bkjs_macros::Params;

pub use command_line::{CommandLine, Unknown};
pub use core_params::{CoreParams, RunMode};
pub use list::ParamInfo;
pub use load::{Config, Inputs, Reload};
pub use problem::Problem;
pub use registry::{Handle, Params, Registry, defaults};
pub use remote::{CONFIG_TABLE, DnsParams, RemoteSources, config_table};
pub use source::{Assignment, Origin, Rank, SourceValues};
pub use spec::{Decoding, Scope, Shape, Spec};
pub use types::{Family, FamilyKey, ParamType, RegexpList, RegexpMap, Secret, Size, in_range, quoted};
pub use values::Values;
