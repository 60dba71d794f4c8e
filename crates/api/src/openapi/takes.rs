//! What an endpoint takes.

use bkjs_core::schema::Schema;
use schemars::JsonSchema;
use serde_json::{Map, Value as Json, json};

use super::columns;
use super::control::Control;
use super::schema::{description_of, given_or_absent, object_of};
use crate::params::MAX_LIST;

/// What an endpoint takes beside its path: collected from the arguments of the handler and by hand.
#[derive(Clone, Debug, Default)]
pub struct Takes {
    /// The handler asks for the caller's account, also on an open path.
    pub(super) account: bool,
    /// The list `id`.
    pub(super) ids: bool,
    pub(super) controls: Vec<Control>,
    /// Names, schemas, and whether they are required; in order.
    fields: Vec<Field>,
    columns: Vec<Columns>,
    /// Names beyond those described take effect.
    pub(super) open: Option<&'static str>,
    /// Fields that are files of a multipart body.
    pub(super) files: Vec<&'static str>,
    /// The schema of a JSON body that is no object.
    pub(super) document: Option<Json>,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) schema: Json,
    pub(super) required: bool,
    /// One of the layer's controls, described once.
    pub(super) control: bool,
}

#[derive(Clone, Debug)]
struct Columns {
    table: String,
    except: Vec<String>,
    conditions: bool,
}

impl Takes {
    /// The fields of a struct are parameters.
    pub fn fields<T: JsonSchema>(&mut self) {
        let (properties, required) = object_of::<T>();
        for (name, schema) in properties {
            let required = required.contains(&name);
            self.put(Field { name, schema: given_or_absent(schema), required, control: false });
        }
    }

    pub(super) fn record(&mut self, table: &str, except: &[&str]) {
        self.columns_of(table, except, false);
    }

    pub(super) fn conditions(&mut self, table: &str, except: &[&str]) {
        self.columns_of(table, except, true);
    }

    fn columns_of(&mut self, table: &str, except: &[&str], conditions: bool) {
        let except = except.iter().map(|name| (*name).to_owned()).collect();
        self.columns.push(Columns { table: table.to_owned(), except, conditions });
    }

    fn put(&mut self, field: Field) {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
    }

    /// All parameters by name: what structs say first, then columns that they do not name, controls last.
    pub(super) fn all(&self, schema: &Schema) -> Vec<Field> {
        let mut all = Vec::new();
        if self.ids {
            let list = json!({
                "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_LIST,
                "description": "Ids of accounts.",
            });
            all.push(Field { name: "id".into(), schema: list, required: false, control: false });
        }
        let mut add = |field: Field| {
            match all.iter_mut().find(|known: &&mut Field| known.name == field.name) {
                // A struct may say more of what is known here by name alone.
                Some(known) => {
                    known.required |= field.required;
                    if description_of(&known.schema).is_none() {
                        *known = field;
                    }
                }
                None => all.push(field),
            }
        };
        self.fields.iter().cloned().for_each(&mut add);
        for Columns { table, except, conditions } in &self.columns {
            let Some(table) = schema.find(table) else { continue };
            let wanted =
                table.columns().iter().filter(|column| !except.iter().any(|name| **name == *column.name));
            for (name, schema) in columns::taken(wanted, *conditions) {
                add(Field { name, schema, required: false, control: false });
            }
        }
        for control in &self.controls {
            add(control.field());
        }
        all
    }

    /// Whether anything but the path is taken.
    pub(super) fn is_empty(&self, schema: &Schema) -> bool {
        self.all(schema).is_empty() && self.open.is_none() && self.files.is_empty() && self.document.is_none()
    }
}

/// The object that parameters are in a body.
pub(super) fn object(fields: &[Field], open: Option<&str>) -> Json {
    let properties: Map<String, Json> =
        fields.iter().map(|field| (field.name.clone(), field.schema.clone())).collect();
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name.as_str()).collect();
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = required.into();
    }
    if let Some(open) = open {
        object["additionalProperties"] = json!({"description": open});
    }
    object
}
