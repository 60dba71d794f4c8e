//! Collects the fields of an event.

use std::fmt::{Debug, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

use super::escape;

/// The sentence and the fields of an event as text.
#[derive(Default)]
pub(super) struct Text {
    pub(super) message: String,
    pub(super) fields: String,
}

impl Text {
    fn add(&mut self, field: &Field, text: &str) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => escape::plain(&mut self.message, text),
            name => write!(self.fields, " {name}=").and_then(|()| escape::value(&mut self.fields, text)),
        };
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    // Written where it belongs and looked at there: nearly every value can stay as it is.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            return self.add(field, &format!("{value:?}"));
        }
        let begin = self.fields.len();
        let _ = write!(self.fields, " {}=", field.name()); // writing to a text cannot fail
        let start = self.fields.len();
        let _ = write!(self.fields, "{value:?}");
        if !self.fields.get(start..).is_some_and(escape::is_plain_value) {
            let text = self.fields.split_off(start);
            self.fields.truncate(begin);
            self.add(field, &text);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, &value.to_string());
    }
}

/// The sentence and the fields of an event as JSON.
#[derive(Default)]
pub(super) struct Json {
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl Json {
    fn add(&mut self, field: &Field, text: &str) {
        let mut escaped = String::new();
        let _ = escape::plain(&mut escaped, text); // writing to a text cannot fail
        match field.name() {
            "message" => self.message = escaped,
            name => _ = self.fields.insert(name.into(), Value::String(escaped)),
        }
    }
}

impl Visit for Json {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().into(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.insert(field.name().into(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, &value.to_string());
    }
}
