//! One endpoint in the document.

use serde_json::{Map, Value as Json, json};

use super::control::Control;
use super::document::Around;
use super::endpoint::Described;
use super::failures;
use super::takes::{Field, object};
use crate::access::Entrance;

/// Puts the operations of an endpoint at one of its paths together.
pub(super) struct Operations<'a> {
    around: Around<'a>,
    pub(super) components: Components,
}

/// What operations refer to.
#[derive(Default)]
pub(super) struct Components {
    pub(super) schemas: Map<String, Json>,
    pub(super) responses: Map<String, Json>,
}

impl<'a> Operations<'a> {
    pub(super) fn new(around: Around<'a>) -> Self {
        Self { around, components: Components::default() }
    }

    /// The path item.
    pub(super) fn of(&mut self, endpoint: &Described, path: &str) -> Json {
        let fields = endpoint.takes.all(self.around.schema);
        let mut get = self.shared(endpoint, path, "get", &failures::ALWAYS);
        let mut post =
            self.shared(endpoint, path, "post", &[&failures::ALWAYS[..], &failures::OF_BODIES].concat());
        let in_path = parameters_of(path).map(|name| {
            let schema = match name {
                "table" => json!({"type": "string", "enum": self.tables()}),
                _ => json!({"type": "string"}),
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        });
        let in_path: Vec<Json> = in_path.collect();
        let in_query = fields.iter().map(query_parameter);
        let open = endpoint.takes.open.map(|says| {
            json!({
                "name": "others", "in": "query", "style": "form", "explode": true, "description": says,
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            })
        });
        let all: Vec<Json> = in_path.iter().cloned().chain(in_query).chain(open).collect();
        if !all.is_empty() {
            get["parameters"] = all.into();
        }
        if !in_path.is_empty() {
            post["parameters"] = in_path.into();
        }
        if !endpoint.takes.is_empty(self.around.schema) {
            post["requestBody"] = self.body(endpoint, &fields);
        }
        json!({"get": get, "post": post})
    }

    fn shared(&mut self, endpoint: &Described, path: &str, method: &str, failures: &[u16]) -> Json {
        // Where nobody may ask without an account, or the handler wants to know whose it is.
        let access = &self.around.settings.access;
        let entrance = access.entrance_of(path);
        let login = entrance == Entrance::Login || endpoint.takes.account;
        let mut statuses: Vec<u16> = failures.iter().chain(&endpoint.fails).copied().collect();
        if login {
            statuses.extend(failures::OF_LOGINS);
        }
        let mut responses = Map::new();
        responses.insert("200".into(), self.success(endpoint));
        for status in statuses {
            responses.entry(status.to_string()).or_insert_with(|| failures::response(status));
        }
        let known = ["signature", "session", "token", "bearer"].into_iter().map(|name| json!({name: []}));
        let nobody = (!login).then(|| json!({}));
        let who = match (login, access.types().is_for_admins(path)) {
            (_, true) => "administrator",
            (true, false) => "account",
            (false, false) => "anybody",
        };
        let mut operation = json!({
            "operationId": format!("{method}{}", path.replace('/', "_").replace(['{', '}', '*'], "")),
            "tags": [path.split('/').nth(1).unwrap_or_default()],
            "security": nobody.into_iter().chain(known).collect::<Vec<_>>(),
            "x-access": who,
            "responses": responses,
        });
        for (name, text) in [("summary", endpoint.summary), ("description", endpoint.details)] {
            if !text.is_empty() {
                operation[name] = text.into();
            }
        }
        operation
    }

    /// What is answered; the same for all paths and methods of an endpoint.
    fn success(&mut self, endpoint: &Described) -> Json {
        let name = format!("{}.gives", component(endpoint));
        if !self.components.responses.contains_key(&name) {
            let response = endpoint.gives.response(self.around, &mut self.components.schemas);
            self.components.responses.insert(name.clone(), response);
        }
        json!({"$ref": format!("#/components/responses/{name}")})
    }

    /// The names of all tables.
    fn tables(&self) -> Vec<&'a str> {
        self.around.schema.tables().iter().map(|table| &*table.name).collect()
    }

    /// The parameters in a body, of whichever type.
    fn body(&mut self, endpoint: &Described, fields: &[Field]) -> Json {
        let takes = &endpoint.takes;
        let name = format!("{}.takes", component(endpoint));
        self.components.schemas.insert(name.clone(), object(fields, takes.open));
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        let in_json = match &takes.document {
            Some(document) => json!({"anyOf": [document, reference]}),
            None => reference.clone(),
        };
        let mut content = json!({
            "application/json": {"schema": in_json},
            "application/x-www-form-urlencoded": {"schema": reference, "encoding": encoding(fields)},
        });
        if !takes.files.is_empty() {
            let mut whole = object(fields, takes.open);
            for file in &takes.files {
                whole["properties"][file] =
                    json!({"type": "string", "contentMediaType": "application/octet-stream"});
            }
            content["multipart/form-data"] = json!({"schema": whole});
        }
        let required = fields.iter().any(|field| field.required);
        json!({"required": required, "content": content})
    }
}

/// What the components of an endpoint begin with.
fn component(endpoint: &Described) -> String {
    let path = endpoint.paths.first().map_or("", String::as_str);
    path.trim_matches('/').replace('/', ".").replace(['{', '}', '*'], "")
}

/// The names of the parameters in a path.
fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.trim_start_matches('*'))
}

/// The controls as parameters of a query, to be referred to.
pub(super) fn control_parameters() -> Map<String, Json> {
    let fields = Control::PAGE.into_iter().chain(Control::SIGN_IN).map(Control::field);
    fields.map(|field| (field.name.clone(), described_parameter(&field))).collect()
}

fn query_parameter(field: &Field) -> Json {
    match field.control {
        true => json!({"$ref": format!("#/components/parameters/{}", field.name)}),
        false => described_parameter(field),
    }
}

fn described_parameter(field: &Field) -> Json {
    let Field { name, schema, required, .. } = field;
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({"name": name, "in": "query", "required": required, "schema": schema});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    if is(&parameter["schema"], "array") {
        parameter["style"] = "form".into();
        parameter["explode"] = false.into();
    }
    parameter
}

/// Lists in forms are texts between commas.
fn encoding(fields: &[Field]) -> Json {
    let lists = fields.iter().filter(|field| is(&field.schema, "array"));
    lists
        .map(|field| (field.name.clone(), json!({"style": "form", "explode": false})))
        .collect::<Map<_, _>>()
        .into()
}

fn is(schema: &Json, kind: &str) -> bool {
    schema["type"] == kind
}
