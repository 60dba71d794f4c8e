//! Parameters in, service, reply out.

pub(crate) mod account;
pub(crate) mod icon;
pub(crate) mod image;

use axum::response::Response;
use bkjs_api::{Api, Context, Copies};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use bkjs_images::{Format, Images, Picture, Shape};
use http::HeaderMap;

use crate::service::no_icon;

/// The image that a request brings, in the shape that it asks for.
async fn picture(api: &Api, context: &Context, shape: Shape) -> Result<Picture> {
    let upload = context.upload("icon")?;
    let upload = upload.ok_or_else(|| Error::invalid("icon is required: a file, or base64 text"))?;
    Images::of(api)?.make(upload, shape).await
}

/// The answer with the image of a record, if it has the format that is asked for.
async fn answer(
    api: &Api,
    row: &Row,
    format: Option<Format>,
    headers: &HeaderMap,
    copies: Copies,
) -> Result<Response> {
    let stored =
        Format::of_ext(row.text("ext")).filter(|stored| format.is_none_or(|wanted| wanted == *stored));
    let stored = stored.ok_or_else(no_icon)?;
    bkjs_images::serve(api, row.text("path"), stored, headers, copies).await?.ok_or_else(no_icon)
}

/// Who may keep copies: without an id in the address it is another image for another caller.
fn copies(public: bool, id: Option<&str>) -> Copies {
    if public && id.is_some() { Copies::Public } else { Copies::Private }
}
