//! What handlers answer, and how it becomes bytes.
//!
//! A handler returns a [`Reply`]. It does not serialize anything: the layer runs the post-process
//! hooks on it, leaves out the columns that the caller may not see, and writes the JSON straight from
//! the rows. An ordinary axum response (a page, a file, bytes) passes through as it is.

mod clean;
mod error;
mod render;
mod rules;

pub use clean::Viewer;
pub use error::{ApiError, Result};
pub(crate) use error::{Failure, error_response};
pub(crate) use render::render;
pub(crate) use rules::{Class, RuleBook};
pub use rules::{ColumnRules, Question};

use axum::response::{IntoResponse, Response};
use bkjs_core::db::Page;
use bkjs_core::value::{Name, Row, Value};
use http::header::{HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};

use crate::auth::{Account, Cookie};
use crate::socket::Push;

/// Room for the headers of a usual reply, so that they are not moved while they are added.
const HEADERS: usize = 16;

/// What the body of a reply is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// `{}`.
    Empty,
    /// `[]`.
    EmptyList,
    /// One record of a table.
    Row(Row),
    /// Records of a table, as a list.
    Rows(Vec<Row>),
    /// Records of a table, as `{"count":N,"data":[...],"next_token":"..."}`.
    Page(Page<Row>),
    /// Data that comes from no table; it is sent as it is.
    Value(Value),
    /// A text that is no JSON, such as a page, with its type.
    Text(&'static str, String),
}

/// What a handler answers.
///
/// ```
/// use bkjs_api::Reply;
/// use bkjs_core::value::Row;
/// let reply = Reply::row("todo", Row::new().with("id", "a").with("name", "milk"));
/// assert_eq!(reply.status.as_u16(), 200);
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub content: Content,
    /// The tables whose rules say which columns leave, in order; empty for data of no table.
    pub tables: Vec<Name>,
    /// Columns that leave though their table says they are secure.
    pub revealed: Vec<Name>,
    /// Whether administrators see private columns of others too.
    pub unveiled: bool,
    /// Who looks at it, when that is not the account that the request came with.
    pub viewer: Option<Account>,
    /// More headers.
    pub headers: HeaderMap,
    /// What comes after it over a WebSocket.
    pub(crate) push: Option<Push>,
}

impl Reply {
    fn of(content: Content) -> Self {
        Self {
            status: StatusCode::OK,
            content,
            tables: Vec::new(),
            revealed: Vec::new(),
            unveiled: false,
            viewer: None,
            headers: HeaderMap::with_capacity(HEADERS),
            push: None,
        }
    }

    fn from_table(table: &str, content: Content) -> Self {
        Self { tables: vec![table.into()], ..Self::of(content) }
    }

    /// `{}`.
    pub fn empty() -> Self {
        Self::of(Content::Empty)
    }

    /// `[]`.
    pub fn empty_list() -> Self {
        Self::of(Content::EmptyList)
    }

    /// One record of a table, without the columns that the caller may not see.
    pub fn row(table: &str, row: Row) -> Self {
        Self::from_table(table, Content::Row(row))
    }

    /// A list of records of a table, each without the columns that the caller may not see.
    pub fn rows(table: &str, rows: Vec<Row>) -> Self {
        Self::from_table(table, Content::Rows(rows))
    }

    /// A page of records of a table, each without the columns that the caller may not see.
    pub fn page(table: &str, page: Page<Row>) -> Self {
        Self::from_table(table, Content::Page(page))
    }

    /// Data that comes from no table: nothing is left out.
    pub fn value(value: impl Into<Value>) -> Self {
        Self::of(Content::Value(value.into()))
    }

    /// A text of a type, such as `text/html; charset=utf-8`, in place of JSON.
    pub fn text(content_type: &'static str, text: impl Into<String>) -> Self {
        Self::of(Content::Text(content_type, text.into()))
    }

    /// `{"status":200,"message":...}`.
    pub fn message(message: &str) -> Self {
        Self::value(Row::new().with("status", 200).with("message", message))
    }

    /// The rows hold columns of this table as well; what either table calls secure does not leave.
    #[must_use]
    pub fn joined(mut self, table: &str) -> Self {
        self.tables.push(table.into());
        self
    }

    /// Lets these columns leave though they are secure: only for what the caller has just proven to know
    /// or must be told once.
    #[must_use]
    pub fn reveal<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.revealed.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Shows administrators private columns of others too, which are all but the secure ones: for what manages tables.
    #[must_use]
    pub fn unveil(mut self) -> Self {
        self.unveiled = true;
        self
    }

    /// This account looks at it: the one that has just signed in or was just made.
    #[must_use]
    pub fn viewed_by(mut self, account: Account) -> Self {
        self.viewer = Some(account);
        self
    }

    /// Another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Another header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets or clears a cookie.
    #[must_use]
    pub fn cookie(self, cookie: &Cookie) -> Self {
        match cookie.header() {
            Some(value) => self.header(SET_COOKIE, value),
            None => self,
        }
    }

    /// The records, for hooks that look at or change them.
    pub fn rows_mut(&mut self) -> &mut [Row] {
        match &mut self.content {
            Content::Row(row) => std::slice::from_mut(row),
            Content::Rows(rows) => rows,
            Content::Page(page) => &mut page.rows,
            Content::Empty | Content::EmptyList | Content::Value(_) | Content::Text(..) => &mut [],
        }
    }
}

impl IntoResponse for Reply {
    // The layer takes the reply out again; a response keeps it meanwhile.
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}
