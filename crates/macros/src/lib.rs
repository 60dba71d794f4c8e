//! The derive macros of bkjs: parameters from a struct, tables from a struct.
//!
//! Use them through `bkjs_core::config::Params` and `bkjs_core::schema::Table`, where their
//! attributes are explained beside the traits they implement.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod attributes;
mod params;
mod paths;
mod table;

/// Declares a component's parameters: one field is one parameter.
///
/// Implements `Params` and `Default` (from the declared default texts).
///
/// On the struct, `#[params(...)]`: `prefix = "api"` (default: none), `validate = path` names a function
/// `fn(&Self) -> Result<(), String>` that sees all values together.
///
/// On a field, `#[param(...)]`:
/// - `default = "10m"`: the text that stands when no source says anything; without it the type's own default
/// - `min = "1k"`, `max = "100m"`: bounds, both included, as texts of the same type
/// - `unit = "s"`: the unit of a plain number of a duration (`ms`, `s`, `m`, `h`, `d`; default `ms`)
/// - `name = "allow-path"`: instead of the field's name; the prefix is put before it
/// - `pattern = "allow-account-([a-z]+)"`: a family of names; the field is a `BTreeMap` from the captured part
/// - `alias = "api-allow"`: another full name, without the prefix; may repeat
/// - `live`: may change while running; without it a change needs a restart
/// - `secret`: masked in listings and messages
/// - `add`, `replace`: whether a list of a later source adds to earlier ones and to the default
/// - `bare = "text"`: what stands when the name is given without a value
/// - `early`: needed before files load, so only environment and command line may say it
/// - `command_line`: about one start, so only the command line may say it
/// - `local`: needed before other hosts are asked, so neither DNS nor the database may say it
/// - `before_database`: says where the database is or which of its records count, so the database may not say it
#[proc_macro_derive(Params, attributes(params, param))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    params::expand(&parse_macro_input!(input as DeriveInput)).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// Declares a table from a struct with serde: one field is one column.
///
/// On the struct, `#[table(...)]`: `name = "todo"` (default: the struct's name in snake case), `alias = "x"`.
///
/// Types: `String` text, integers int, `f64` real, `bool`, `Vec<String>` list, `Vec<u8>` bytes, sets of
/// `String` set, `serde_json::Value` json, `Option<T>` as `T`. Anything else names its `kind`.
///
/// On a field, `#[column(...)]`:
/// - `name = "x"`: instead of the field's name (or its `serde(rename)`)
/// - `kind = "json"`: the name of a constructor of `Column`, instead of what the type says
/// - `primary`, `index`, `unique`, `index = "group"`: the keys
/// - `uuid`, `now`, `epoch`: made by the framework; `counter`, `ttl`, `time`, `email`, `phone`: the kinds
/// - `public`, `secure`, `admin`, `findable`, `hidden`, `read_only`, `write_only`, `not_null`, `not_empty`,
///   `skip_empty`, `truncate`, `autoincr`, `of_int`, `date`: as the methods of `Column`
/// - `lower`, `upper`, `trim`, `capitalize`: changes on write
/// - `max = 64`, `range(0.0, 1.0)`, `value = "new"` (stored when none is given), `read_default = 0`
/// - `join("type", "peer")`, `separator = "|"`: built from other columns
/// - `skip`: no column (also `#[serde(skip)]`)
#[proc_macro_derive(Table, attributes(table, column))]
pub fn derive_table(input: TokenStream) -> TokenStream {
    table::expand(&parse_macro_input!(input as DeriveInput)).unwrap_or_else(|e| e.to_compile_error()).into()
}
