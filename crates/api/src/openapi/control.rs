//! The control parameters that the layer reads, described once.

use serde_json::{Value as Json, json};

use super::takes::Field;
use crate::params::{DEFAULT_COUNT, MAX_COUNT};

/// A control parameter of the layer; those of a module are fields of its own struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `_count`.
    Count,
    /// `_start`.
    Start,
    /// `_page`.
    Page,
    /// `_sort`.
    Sort,
    /// `_desc`.
    Descending,
    /// `_select`.
    Select,
    /// `_ops`.
    Ops,
    /// `_total`.
    Total,
    /// `_session`.
    Session,
    /// `_accesstoken`.
    AccessToken,
}

impl Control {
    /// Those of a page of records, which `Options` reads.
    pub const PAGE: [Self; 8] = [
        Self::Count,
        Self::Start,
        Self::Page,
        Self::Sort,
        Self::Descending,
        Self::Select,
        Self::Ops,
        Self::Total,
    ];

    /// Those of signing in.
    pub const SIGN_IN: [Self; 2] = [Self::Session, Self::AccessToken];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "_count",
            Self::Start => "_start",
            Self::Page => "_page",
            Self::Sort => "_sort",
            Self::Descending => "_desc",
            Self::Select => "_select",
            Self::Ops => "_ops",
            Self::Total => "_total",
            Self::Session => "_session",
            Self::AccessToken => "_accesstoken",
        }
    }

    /// As a parameter.
    pub(super) fn field(self) -> Field {
        Field { name: self.name().to_owned(), schema: self.schema(), required: false, control: true }
    }

    /// Its schema, with what it does.
    fn schema(self) -> Json {
        let texts = || json!({"type": "array", "items": {"type": "string"}});
        let (mut schema, does) = match self {
            Self::Count => (
                json!({"type": "integer", "default": DEFAULT_COUNT}),
                format!("Records on a page, at most {MAX_COUNT}; 0 and less mean the most."),
            ),
            Self::Start => (json!({"type": "string"}), "The `next_token` of the page before.".into()),
            Self::Page => (
                json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
                "The page by number, from 1, in place of a token.".into(),
            ),
            Self::Sort => (texts(), "Columns to sort by; `!name` is descending.".into()),
            Self::Descending => (json!({"type": "boolean"}), "The other way round.".into()),
            Self::Select => (texts(), "Columns to return.".into()),
            Self::Ops => {
                (texts(), "Operators of the conditions: name, operator, name, operator and so on.".into())
            }
            Self::Total => (json!({"type": "boolean"}), "Only the number of records.".into()),
            Self::Session => {
                (json!({"type": "boolean"}), "True sets the session cookie, false clears it.".into())
            }
            Self::AccessToken => (json!({"type": "boolean"}), "An access token is wanted.".into()),
        };
        schema["description"] = does.into();
        schema
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::value::Row;

    use super::*;
    use crate::params::{Controls, RequestParams};

    #[test]
    fn every_control_that_is_described_is_read() {
        for control in Control::PAGE.into_iter().chain(Control::SIGN_IN) {
            let row = Row::new().with(control.name(), Row::new().with("no", "value"));
            let params = RequestParams { row, ..RequestParams::default() };
            let refused = params.options().map(drop).and(Controls::of(&params).map(drop));
            let error = refused.expect_err(control.name());
            assert!(error.message().starts_with(control.name()), "{error}");
        }
    }
}
