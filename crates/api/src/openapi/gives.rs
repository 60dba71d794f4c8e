//! What an endpoint gives.

use schemars::JsonSchema;
use serde_json::{Map, Value as Json, json};

use super::columns;
use super::document::Around;
use super::schema::{object_of, schema_of};

/// What an endpoint answers with 200: records of tables, whose columns the layer lets out as the tables say, or values.
///
/// ```
/// use bkjs_api::{AUTH_TABLE, Gives};
/// let gives = Gives::record(AUTH_TABLE).or(Gives::empty_list());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Gives {
    bodies: Vec<Body>,
    headers: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Debug)]
enum Body {
    Json(Json),
    Records(Records),
    Other(&'static str),
}

#[derive(Clone, Debug)]
struct Records {
    form: Form,
    tables: Vec<String>,
    revealed: Vec<&'static str>,
    unveiled: bool,
    signs_in: bool,
    more: Vec<(String, Json)>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    One,
    List,
    Page,
}

impl Gives {
    fn of(body: Body) -> Self {
        Self { bodies: vec![body], headers: Vec::new() }
    }

    fn records(form: Form, table: &str) -> Self {
        let tables = vec![table.to_owned()];
        Self::of(Body::Records(Records {
            form,
            tables,
            revealed: Vec::new(),
            unveiled: false,
            signs_in: false,
            more: Vec::new(),
        }))
    }

    /// One record, as [`Reply::row`](crate::Reply::row).
    pub fn record(table: &str) -> Self {
        Self::records(Form::One, table)
    }

    /// A list of records, as [`Reply::rows`](crate::Reply::rows).
    pub fn list(table: &str) -> Self {
        Self::records(Form::List, table)
    }

    /// A page of records, as [`Reply::page`](crate::Reply::page).
    pub fn page(table: &str) -> Self {
        Self::records(Form::Page, table)
    }

    /// `{}`.
    pub fn empty() -> Self {
        Self::of(Body::Json(json!({"type": "object", "maxProperties": 0})))
    }

    /// `[]`.
    pub fn empty_list() -> Self {
        Self::of(Body::Json(json!({"type": "array", "maxItems": 0})))
    }

    /// `{"status":200,"message":...}`, as [`Reply::message`](crate::Reply::message).
    pub fn message() -> Self {
        Self::of(Body::Json(json!({
            "type": "object",
            "properties": {"status": {"const": 200}, "message": {"type": "string"}},
            "required": ["status", "message"],
            "additionalProperties": false,
        })))
    }

    /// A value that a type describes. Fields that are options may be absent.
    pub fn value<T: JsonSchema>() -> Self {
        Self::of(Body::Json(schema_of::<T>()))
    }

    /// JSON of which nothing is said.
    pub fn any() -> Self {
        Self::of(Body::Json(json!({})))
    }

    /// A body of a type such as `image/png` or `text/event-stream`.
    pub fn file(content_type: &'static str) -> Self {
        Self::of(Body::Other(content_type))
    }

    /// The records hold columns of this table as well, as [`Reply::joined`](crate::Reply::joined).
    pub fn joined(mut self, table: &str) -> Self {
        self.each(|records| records.tables.push(table.to_owned()));
        self
    }

    /// The records hold what is computed for them: the fields of a type.
    pub fn with<T: JsonSchema>(mut self) -> Self {
        let (fields, _) = object_of::<T>();
        self.each(|records| records.more.extend(fields.clone()));
        self
    }

    /// These columns are told though they are secure, as [`Reply::reveal`](crate::Reply::reveal).
    pub fn reveals(mut self, columns: &[&'static str]) -> Self {
        self.each(|records| records.revealed.extend(columns));
        self
    }

    /// Administrators see private columns, as [`Reply::unveil`](crate::Reply::unveil).
    pub fn unveiled(mut self) -> Self {
        self.each(|records| records.unveiled = true);
        self
    }

    /// The account's own record, to which [`Api::sign_in`](crate::Api::sign_in) adds a token and a cookie.
    pub fn signs_in(mut self) -> Self {
        self.each(|records| records.signs_in = true);
        self
    }

    /// Or this.
    pub fn or(mut self, other: Self) -> Self {
        self.bodies.extend(other.bodies);
        self.headers.extend(other.headers);
        self
    }

    /// A header of the reply, and what it says.
    pub fn header(mut self, name: &'static str, says: &'static str) -> Self {
        self.headers.push((name, says));
        self
    }

    fn each(&mut self, change: impl Fn(&mut Records)) {
        for body in &mut self.bodies {
            if let Body::Records(records) = body {
                change(records);
            }
        }
    }

    /// The response object. Records become components, which are put into `components`.
    pub(super) fn response(&self, around: Around<'_>, components: &mut Map<String, Json>) -> Json {
        let mut json = Vec::new();
        let mut content = Map::new();
        for body in &self.bodies {
            match body {
                Body::Json(schema) => json.push(schema.clone()),
                Body::Records(records) => json.push(records.schema(around, components)),
                Body::Other(kind) => drop(content.insert((*kind).into(), json!({}))),
            }
        }
        let schema = match json.len() {
            0 => None,
            1 => json.pop(),
            _ => Some(json!({"anyOf": json})),
        };
        if let Some(schema) = schema {
            content.insert("application/json".into(), json!({"schema": schema}));
        }
        let mut response = json!({"description": "Done.", "content": content});
        if self.bodies.iter().any(|body| matches!(body, Body::Records(records) if records.signs_in)) {
            let says = "The session cookie, as `_session` asks for.";
            response["headers"]["Set-Cookie"] = json!({"description": says, "schema": {"type": "string"}});
        }
        for (name, says) in &self.headers {
            response["headers"][name] = json!({"description": says, "schema": {"type": "string"}});
        }
        response
    }
}

impl Records {
    fn schema(&self, around: Around<'_>, components: &mut Map<String, Json>) -> Json {
        let record = self.record(around, components);
        match self.form {
            Form::One => record,
            Form::List => json!({"type": "array", "items": record}),
            Form::Page => json!({
                "type": "object",
                "description": "A page, without a token when it is the last; with `_total` the number alone.",
                "properties": {
                    "count": {"type": "integer", "minimum": 0},
                    "data": {"type": "array", "items": record},
                    "next_token": {"type": "string"},
                },
                "required": ["count"],
                "additionalProperties": false,
            }),
        }
    }

    /// One record: a component under the names of its tables when nothing is added to those.
    fn record(&self, around: Around<'_>, components: &mut Map<String, Json>) -> Json {
        let schema = around.schema;
        let mut properties = columns::given(schema, &self.tables, &self.revealed, self.unveiled);
        properties.extend(self.more.iter().cloned());
        if self.signs_in {
            let token = &around.settings.params.access_token_name;
            properties.insert(token.clone(), json!({"type": "string", "description": "An access token."}));
            let age = json!({"type": "integer", "description": "How long it lasts, in ms."});
            properties.insert(format!("{token}-age"), age);
        }
        // Columns of patterns have names that nobody knows beforehand.
        let open =
            self.tables.iter().filter_map(|name| schema.find(name)).any(|table| !table.custom.is_empty());
        let record = json!({"type": "object", "properties": properties, "additionalProperties": open});
        if !self.more.is_empty() || !self.revealed.is_empty() || self.unveiled || self.signs_in {
            return record;
        }
        let name = self.tables.join(".");
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        components.insert(name, record);
        reference
    }
}
