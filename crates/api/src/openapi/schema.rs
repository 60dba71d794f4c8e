//! JSON Schemas of Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

/// The schema of a type as it is read; whole, without references.
pub(super) fn schema_of<T: JsonSchema>() -> Json {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        // The name of a type is nothing to those outside.
        schema.remove("title");
    }
    schema
}

/// The fields of a struct by name, and the names of those that must be there.
pub(super) fn object_of<T: JsonSchema>() -> (Map<String, Json>, Vec<String>) {
    let mut schema = schema_of::<T>();
    let properties = match schema["properties"].take() {
        Json::Object(properties) => properties,
        _ => Map::new(),
    };
    let required = schema["required"].as_array().into_iter().flatten();
    (properties, required.filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

/// What a schema says in words.
pub(super) fn description_of(schema: &Json) -> Option<&str> {
    schema["description"].as_str()
}

/// The schema of a parameter: one that may be null is one that may be absent, which is said elsewhere.
pub(super) fn given_or_absent(mut schema: Json) -> Json {
    let Some(object) = schema.as_object_mut() else { return schema };
    if object.get("default").is_some_and(Json::is_null) {
        object.remove("default");
    }
    if let Some(Json::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            object.insert("type".into(), kind);
        }
    }
    if let Some(Json::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Json::Array(any)) = object.get_mut("anyOf") {
        any.retain(|schema| schema["type"] != "null");
        if let [Json::Object(only)] = any.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (name, value) in only {
                object.entry(name).or_insert(value);
            }
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// How large.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code)] // only its schema is looked at
    enum Size {
        Small,
        Large,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)] // as above
    struct Wanted {
        /// What it is called.
        name: String,
        #[serde(rename = "_far")]
        far: Option<f64>,
        #[serde(default)]
        times: u8,
        size: Option<Size>,
    }

    #[test]
    fn fields_are_described_by_their_types_and_comments() {
        let (fields, required) = object_of::<Wanted>();
        assert_eq!(required, ["name"]);
        let field = |name: &str| given_or_absent(fields[name].clone());
        assert_eq!(field("name"), json!({"type": "string", "description": "What it is called."}));
        assert_eq!(field("_far"), json!({"type": "number", "format": "double"}));
        assert_eq!(field("times")["maximum"], 255);
        assert_eq!(field("size")["enum"], json!(["small", "large"]));
    }
}
