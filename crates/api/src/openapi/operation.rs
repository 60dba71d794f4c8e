//! One endpoint in the document.

use serde_json::{Map, Value as Json, json};

use super::document::Around;
use super::endpoint::Described;
use super::failures;
use super::takes::{Field, object};
use crate::access::Entrance;

/// Puts the operations of an endpoint at one of its paths together.
pub(super) struct Operations<'a> {
    pub(super) around: Around<'a>,
    /// The schemas that are referred to.
    pub(super) components: &'a mut Map<String, Json>,
}

impl Operations<'_> {
    /// The path item.
    pub(super) fn of(&mut self, endpoint: &Described, path: &str) -> Json {
        let fields = endpoint.takes.all(self.around.schema);
        let mut get = self.shared(endpoint, path, "get", &failures::ALWAYS);
        let mut post =
            self.shared(endpoint, path, "post", &[&failures::ALWAYS[..], &failures::OF_BODIES].concat());
        let in_path = parameters_of(path)
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
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
            post["requestBody"] = self.body(endpoint, path, &fields);
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
        responses.insert("200".into(), endpoint.gives.response(self.around, self.components));
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

    /// The parameters in a body, of whichever type.
    fn body(&mut self, endpoint: &Described, path: &str, fields: &[Field]) -> Json {
        let takes = &endpoint.takes;
        let name = format!("{}.takes", path.trim_matches('/').replace('/', ".").replace(['{', '}', '*'], ""));
        self.components.insert(name.clone(), object(fields, takes.open));
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

/// The names of the parameters in a path.
fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.trim_start_matches('*'))
}

fn query_parameter(field: &Field) -> Json {
    let Field { name, schema, required } = field;
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
