//! Parameters in, a list of events or a stream out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use bkjs_api::{Account, Api, Context, Params, Reply, Result, Shared};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::filter::Filter;
use crate::listener::Subscriptions;
use crate::stream;

/// Which events are asked for.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// A regular expression that is found in the text of an event; all without it.
    #[schemars(length(max = 1024))]
    #[serde(rename = "match")]
    expression: Option<String>,
}

/// Waits for events of the caller that `match` is in, and answers them all as a list; as a stream to who accepts one
/// or asks over a WebSocket.
pub(crate) async fn subscribe(
    State(api): State<Api>,
    Shared(subscriptions): Shared<Subscriptions>,
    headers: HeaderMap,
    context: Arc<Context>,
    account: Account,
    Params(wanted): Params<Wanted>,
) -> Result<Response> {
    let filter = Filter::new(wanted.expression.as_deref())?;
    let listener = subscriptions.listen(&api, account.id(), filter).await?;
    let params = subscriptions.params();
    if context.is_socket() {
        return Ok(stream::push(listener).into_response());
    }
    if accepts_stream(&headers) {
        return Ok(stream::response(listener, params.keepalive));
    }
    let events = api.aside(listener.gather(params.interval)).await;
    Ok(Reply::value(events).into_response())
}

/// Whether the client names server-sent events among what it takes.
fn accepts_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut kinds = values.flat_map(|value| value.split(',')).filter_map(|kind| kind.split(';').next());
    kinds.any(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_who_names_streams_gets_one() {
        for (accept, stream) in [
            (&[][..], false),
            (&["*/*"], false),
            (&["application/json, text/*"], false),
            (&["text/event-stream"], true),
            (&["application/json;q=0.5, Text/Event-Stream;q=1"], true),
            (&["application/json", "text/event-stream"], true),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(accepts_stream(&headers), stream, "{accept:?}");
        }
    }
}
