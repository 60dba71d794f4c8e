//! What a line looks like.

use std::fmt;
use std::sync::Arc;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::output::Output;
use super::{Format, escape, fields};

/// Formats events as the output says at the moment.
pub(super) struct Lines(pub(super) Arc<Output>);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut spans = Vec::new();
        for span in ctx.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let mut text = span.name().to_owned();
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                text.push('{');
                escape::plain(&mut text, fields)?;
                text.push('}');
            }
            spans.push(text);
        }
        match self.0.format() {
            Format::Text => self.text(&mut out, event, &spans),
            Format::Json => self.json(&mut out, event, &spans),
        }
    }
}

impl Lines {
    fn text(&self, out: &mut Writer<'_>, event: &Event<'_>, spans: &[String]) -> fmt::Result {
        let mut fields = fields::Text::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let (now, process) = (jiff::Timestamp::now(), &self.0.process);
        write!(out, "{now:.3} {:>5} {process} {}: ", meta.level(), meta.target())?;
        for span in spans {
            write!(out, "{span}: ")?;
        }
        writeln!(out, "{}{}", fields.message, fields.fields)
    }

    fn json(&self, out: &mut Writer<'_>, event: &Event<'_>, spans: &[String]) -> fmt::Result {
        let mut fields = fields::Json::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let line = serde_json::json!({
            "time": format!("{:.3}", jiff::Timestamp::now()),
            "level": meta.level().as_str(),
            "role": self.0.role,
            "pid": std::process::id(),
            "target": meta.target(),
            "spans": spans,
            "message": fields.message,
            "fields": fields.fields,
        });
        writeln!(out, "{line}")
    }
}
