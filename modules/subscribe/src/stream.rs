//! Events as a stream: server-sent events, or messages over a WebSocket.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use bkjs_api::{Push, Pushed};
use futures_util::{StreamExt as _, stream};

use crate::listener::{Heard, Listener};

/// Tells proxies that understand it not to hold events back.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The events as messages, each as it comes, until it is over.
pub(crate) fn push(listener: Listener) -> Push {
    Push::new(stream::unfold(listener, |mut listener| async {
        let pushed = match listener.next().await {
            Heard::Event(event, _) => Pushed::Event(event),
            Heard::Missed => Pushed::Missed,
            Heard::Over => return None,
        };
        Some((pushed, listener))
    }))
}

/// A comment at once, each event as it comes, and comments while none do, until it is over.
pub(crate) fn response(listener: Listener, keepalive: Duration) -> Response {
    let first = stream::once(std::future::ready(Event::default().comment("listening")));
    let events = stream::unfold(listener, |mut listener| async {
        let event = match listener.next().await {
            // JSON in one line: a line break would be a mark of the stream.
            Heard::Event(event, _) => Event::default().data(event.to_json().to_string()),
            Heard::Missed => Event::default().event("missed").data("{}"),
            Heard::Over => return None,
        };
        Some((event, listener))
    });
    let sse = Sse::new(first.chain(events).map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(keepalive).text("still here"));
    ([UNBUFFERED], sse).into_response()
}
