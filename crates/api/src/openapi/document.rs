//! The whole document.

use bkjs_core::schema::Schema;
use serde_json::{Map, Value as Json, json};

use super::endpoint::Described;
use super::failures;
use super::operation::{Components, Operations, control_parameters};
use crate::settings::Settings;

/// What the descriptions of endpoints refer to.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) settings: &'a Settings,
}

/// What the document is about.
pub(crate) struct About<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) endpoints: &'a [Described],
    pub(crate) around: Around<'a>,
}

const DESCRIPTION: &str = "Every method reaches every endpoint; GET with parameters in the query and POST with the same \
in a body are shown. Replies to errors are `{\"status\": ..., \"message\": ...}`.";

/// The OpenAPI document of an application.
pub(crate) fn document(about: &About<'_>) -> Json {
    let mut operations = Operations::new(about.around);
    let mut paths = Map::new();
    for endpoint in about.endpoints.iter().filter(|endpoint| !endpoint.hidden) {
        for path in &endpoint.paths {
            paths.insert(path.replace("{*", "{"), operations.of(endpoint, path));
        }
    }
    let Components { mut schemas, mut responses } = operations.components;
    schemas.insert("Error".into(), failures::schema());
    responses.extend(failures::components());
    json!({
        "openapi": "3.1.0",
        "info": {"title": about.name, "version": about.version, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "parameters": control_parameters(),
            "securitySchemes": security(about.around.settings),
        },
    })
}

fn security(settings: &Settings) -> Json {
    let (signature, token) = (&settings.params.signature_name, &settings.params.access_token_name);
    json!({
        "signature": {
            "type": "apiKey", "in": "header", "name": signature,
            "description": "A signature of the request by the secret of the account; also as a parameter of the query.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": signature,
            "description": "The cookie that `_session=1` sets.",
        },
        "token": {
            "type": "apiKey", "in": "header", "name": token,
            "description": "The access token that `_accesstoken=1` gives; also as a parameter of the query.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "The access token."},
    })
}
