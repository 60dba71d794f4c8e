//! An endpoint: path, handler and description.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, any};
use schemars::JsonSchema;

use super::argument::Arguments;
use super::control::Control;
use super::gives::Gives;
use super::schema::schema_of;
use super::takes::Takes;
use crate::state::Api;

/// A path with its handler and what there is to know about it; see the [module](crate::openapi).
///
/// Every method reaches it. What the arguments of the handler say need not be said again; what an endpoint takes beside
/// them is added here, and has no effect but on the document.
#[must_use]
pub struct Endpoint {
    route: MethodRouter<Api>,
    described: Described,
}

/// The description of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// The path, and others that lead to the same handler.
    pub(crate) paths: Vec<String>,
    pub(crate) summary: &'static str,
    pub(crate) details: &'static str,
    pub(crate) takes: Takes,
    pub(crate) gives: Gives,
    pub(crate) fails: Vec<u16>,
    /// It is not in the document.
    pub(crate) hidden: bool,
}

impl Endpoint {
    /// A path in the syntax of axum, as `/data/get/{table}`, and its handler.
    pub fn new<H, T>(path: &str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: Arguments + 'static,
    {
        let mut takes = Takes::default();
        T::describe(&mut takes);
        let described = Described {
            paths: vec![path.to_owned()],
            summary: "",
            details: "",
            takes,
            gives: Gives::any(),
            fails: Vec::new(),
            hidden: false,
        };
        Self { route: any(handler), described }
    }

    /// Another path of the same.
    pub fn also(mut self, path: &str) -> Self {
        self.described.paths.push(path.to_owned());
        self
    }

    /// Leaves it out of the document: for paths that only refuse what others do not know.
    pub fn hidden(mut self) -> Self {
        self.described.hidden = true;
        self
    }

    /// What it does, in one sentence.
    pub fn does(mut self, summary: &'static str) -> Self {
        self.described.summary = summary;
        self
    }

    /// More about it, in Markdown.
    pub fn details(mut self, details: &'static str) -> Self {
        self.described.details = details;
        self
    }

    /// The fields of a struct are parameters, though no argument of the handler reads it.
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.described.takes.fields::<T>();
        self
    }

    /// The columns of a table that callers may write are parameters, but for some.
    pub fn takes_record(mut self, table: &str, except: &[&str]) -> Self {
        self.described.takes.record(table, except);
        self
    }

    /// The columns of a table are conditions, but for some; names may carry an operator, as `age_$gt`.
    pub fn takes_conditions(mut self, table: &str, except: &[&str]) -> Self {
        self.described.takes.conditions(table, except);
        self
    }

    /// These controls are read, and no others that `Options` among the arguments would name.
    pub fn takes_controls(mut self, controls: &[Control]) -> Self {
        self.described.takes.controls = controls.to_vec();
        self
    }

    /// Names that are not known beforehand are parameters too; says what they are.
    pub fn takes_others(mut self, what: &'static str) -> Self {
        self.described.takes.open = Some(what);
        self
    }

    /// These fields of a multipart body are files.
    pub fn takes_files(mut self, fields: &[&'static str]) -> Self {
        self.described.takes.files.extend(fields);
        self
    }

    /// A JSON body may be this in place of an object with the parameters; see [`Setup::documents`](crate::Setup::documents).
    pub fn takes_document<T: JsonSchema>(mut self) -> Self {
        self.described.takes.document = Some(schema_of::<T>());
        self
    }

    /// What a successful reply is; any JSON unless this is said.
    pub fn gives(mut self, gives: Gives) -> Self {
        self.described.gives = gives;
        self
    }

    /// The statuses of errors that it has beside those of every endpoint: 400, 403, 408, 413, 414, 429, 500, 503, 504,
    /// and where a login is needed 401, 404, 406, 412, 415, 416, 417.
    pub fn fails(mut self, statuses: &[u16]) -> Self {
        self.described.fails.extend(statuses);
        self
    }

    /// The routes and the description.
    pub(crate) fn into_parts(self) -> (Router<Api>, Described) {
        let Self { route, described } = self;
        let routes = Router::new();
        let routes = described.paths.iter().fold(routes, |routes, path| routes.route(path, route.clone()));
        (routes, described)
    }
}
