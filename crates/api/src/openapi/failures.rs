//! The statuses of errors, and which endpoints can have them.

use serde_json::{Map, Value as Json, json};

/// Whoever asks for whatever.
pub(super) const ALWAYS: [u16; 7] = [400, 403, 414, 429, 500, 503, 504];

/// Where there is a body.
pub(super) const OF_BODIES: [u16; 2] = [408, 413];

/// Where a login is asked for.
pub(super) const OF_LOGINS: [u16; 7] = [401, 404, 406, 412, 415, 416, 417];

/// What a status says.
const MEANINGS: [(u16, &str); 24] = [
    (400, "A parameter, the query or the body does not fit: the message names it."),
    (401, "The credentials do not verify, or the account may not do this."),
    (403, "Not permitted."),
    (404, "There is no such record, table or account."),
    (405, "The method is not served."),
    (406, "The signature, session or token is past its time."),
    (408, "The body stopped arriving."),
    (409, "It is there already, or was changed meanwhile."),
    (410, "It is not there any more."),
    (412, "The account has expired, or a condition on the request does not hold."),
    (413, "The body is too large."),
    (414, "The address is too long."),
    (415, "Of a type that is not taken."),
    (416, "A signature or range that does not belong there."),
    (417, "A login is needed, and the request has no credentials."),
    (422, "It cannot be processed."),
    (424, "Not tried, as something before it failed."),
    (426, "Another protocol is needed."),
    (429, "Too many requests."),
    (500, "A defect: the log says which."),
    (501, "Not supported."),
    (502, "Another server gave no proper answer."),
    (503, "Not available now: try again later."),
    (504, "It took too long."),
];

/// The responses by status, to be referred to.
pub(super) fn components() -> Map<String, Json> {
    let error = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
    let response =
        |(status, says): (u16, &str)| (name(status), json!({"description": says, "content": error}));
    MEANINGS.into_iter().map(response).collect()
}

/// The schema of every error.
pub(super) fn schema() -> Json {
    json!({
        "type": "object",
        "properties": {
            "status": {"type": "integer", "description": "The HTTP status."},
            "message": {"type": "string", "description": "What is wrong, and what to do."},
        },
        "required": ["status", "message"],
        "additionalProperties": false,
    })
}

/// A reference to the response with a status; one that has no meaning here is described by itself.
pub(super) fn response(status: u16) -> Json {
    match MEANINGS.iter().any(|(known, _)| *known == status) {
        true => json!({"$ref": format!("#/components/responses/{}", name(status))}),
        false => json!({"description": "Refused."}),
    }
}

fn name(status: u16) -> String {
    format!("Error{status}")
}
