//! Images by their address, as pages name them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bkjs_api::{Account, Api, Context, Copies, Result};
use bkjs_core::value::Row;
use bkjs_images::Format;
use http::HeaderMap;

use super::answer;
use crate::name::IconName;
use crate::service::{Icons, no_icon};

/// An image that is shown to the caller, or whose path the operator has opened to everybody.
pub(crate) async fn get(
    State(api): State<Api>,
    Path((prefix, id, file)): Path<(String, String, String)>,
    context: Arc<Context>,
    account: Option<Account>,
    headers: HeaderMap,
) -> Result<Response> {
    let icons = Icons::of(&api);
    let opened = api.is_opened(context.path());
    for (kind, format) in meant(&file) {
        let Ok(name) = IconName::new(&prefix, Some(kind)) else { continue };
        let found: Option<(Row, bool)> = if opened {
            icons.find_any(&id, &name).await?.map(|row| (row, true))
        } else {
            match icons.find(&id, &name, account.as_ref()).await? {
                Some(found) => Some(found),
                None => icons.find_upload(&id, &name, account.as_ref()).await?.map(|row| (row, false)),
            }
        };
        if let Some((row, public)) = found {
            let copies = if public { Copies::Public } else { Copies::Private };
            return Ok(answer(&api, &row, format, &headers, copies).await?);
        }
    }
    Err(no_icon().into())
}

/// What the last part of an address may mean: a type and a format, or a type that ends like one.
fn meant(file: &str) -> impl Iterator<Item = (&str, Option<Format>)> {
    let split = file.rsplit_once('.').and_then(|(kind, ext)| Some((kind, Some(Format::of_ext(ext)?))));
    split.into_iter().chain([(file, None)])
}
