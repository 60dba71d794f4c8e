//! A reply as an HTTP response.

use axum::body::Body;
use axum::response::Response;
use bkjs_core::Error;
use http::{HeaderValue, header};
use serde::Serialize;

use super::clean::{CleanRow, CleanRows, Cleaner};
use super::{ColumnRules, Content, Reply, Viewer};

#[derive(Serialize)]
struct PageShape<'a> {
    count: usize,
    data: CleanRows<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
struct TotalShape {
    count: u64,
}

/// Writes the reply, JSON without the columns that `viewer` may not see.
pub(crate) fn render(mut reply: Reply, rules: &ColumnRules, viewer: Viewer<'_>) -> Result<Response, Error> {
    if let Content::Text(kind, text) = &mut reply.content {
        let (kind, text) = (*kind, std::mem::take(text));
        return Ok(whole(reply, kind, text.into_bytes()));
    }
    let cleaner = Cleaner { rules, revealed: &reply.revealed, unveiled: reply.unveiled, viewer };
    let mut body = Vec::with_capacity(match &reply.content {
        Content::Rows(rows) => 256 * rows.len() + 16,
        Content::Page(page) => 256 * page.rows.len() + 64,
        Content::Row(_) | Content::Value(_) => 512,
        Content::Empty | Content::EmptyList | Content::Text(..) => 2,
    });
    let written = match &reply.content {
        Content::Text(..) => Ok(()),
        Content::Empty => {
            body.extend_from_slice(b"{}");
            Ok(())
        }
        Content::EmptyList => {
            body.extend_from_slice(b"[]");
            Ok(())
        }
        Content::Row(row) => serde_json::to_writer(&mut body, &CleanRow(cleaner, row)),
        Content::Rows(rows) => serde_json::to_writer(&mut body, &CleanRows(cleaner, rows)),
        Content::Page(page) => match page.total {
            Some(count) if page.rows.is_empty() => serde_json::to_writer(&mut body, &TotalShape { count }),
            _ => serde_json::to_writer(
                &mut body,
                &PageShape {
                    count: page.rows.len(),
                    data: CleanRows(cleaner, &page.rows),
                    next_token: page.next_token.as_deref(),
                },
            ),
        },
        Content::Value(value) => serde_json::to_writer(&mut body, value),
    };
    written.map_err(|e| Error::internal("a reply does not serialize").source(e))?;
    Ok(whole(reply, "application/json", body))
}

/// A body with its type and the headers of the reply.
fn whole(reply: Reply, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Some(push) = reply.push {
        response.extensions_mut().insert(push);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
