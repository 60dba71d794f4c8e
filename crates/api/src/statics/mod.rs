//! Files of the web site: the application's own folder laid over what is built into the program.

mod assets;
mod disk;
mod path;

pub use assets::{Asset, Assets, Embedded};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bkjs_core::{Error, Result};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};

use crate::conditional::has_tag;
use crate::reply::ApiError;
use crate::state::Api;

const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// Pages name the scripts that belong to them, so they are asked for anew.
const PAGE_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers what no route does: with a file, or 404.
pub(crate) async fn serve(State(api): State<Api>, request: Request<Body>) -> Response {
    match find(&api, request).await {
        Some(mut response) => {
            let headers = response.headers_mut();
            let is_page =
                headers.get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/html"));
            headers.entry(header::CACHE_CONTROL).or_insert(if is_page { PAGE_CACHE } else { CACHE });
            response
        }
        None => ApiError(Error::not_found("not found")).into_response(),
    }
}

impl Api {
    /// A file of the web site by its path, such as `/pages.html`: the application's own before one that is built in. None
    /// where there is none, and for one of more than `max` bytes.
    ///
    /// # Errors
    /// `Unavailable` when it is there and cannot be read.
    pub async fn site_file(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>> {
        let Some(path) = path::clean(path) else { return Ok(None) };
        if let Some(root) = self.web_dir()
            && let Some(bytes) = disk::read(root, &path, max).await?
        {
            return Ok(Some(bytes));
        }
        let asset = self.options().assets.iter().find_map(|assets| assets.find(&path));
        let bytes = asset.map(|asset| asset.data.into_owned());
        Ok(bytes.filter(|bytes| bytes.len() as u64 <= max))
    }
}

async fn find(api: &Api, request: Request<Body>) -> Option<Response> {
    if api.params().no_static || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = path::clean(request.uri().path())?;
    let settings = api.settings();
    let hosts = settings.routing.hosts();
    if !hosts.is_empty() {
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Some(folder) = hosts.folder(&bkjs_core::auth::host_name(host).to_lowercase()) {
            // What is built in belongs to the site of all others.
            return disk::serve(&api.web_dir()?.join(folder), &path, request.headers()).await;
        }
    }
    if let Some(root) = api.web_dir()
        && let Some(response) = disk::serve(root, &path, request.headers()).await
    {
        return Some(response);
    }
    let asset = api.options().assets.iter().find_map(|assets| assets.find(&path))?;
    Some(embedded(&path, asset, request.headers()))
}

/// A file that is in memory.
pub(crate) fn embedded(path: &str, asset: Asset, headers: &HeaderMap) -> Response {
    let tag = HeaderValue::from_str(&asset.etag).ok();
    let mut response = if tag.as_ref().is_some_and(|tag| has_tag(headers, tag)) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let data = match asset.data {
            std::borrow::Cow::Borrowed(data) => Body::from(data),
            std::borrow::Cow::Owned(data) => Body::from(data),
        };
        Response::new(data)
    };
    let reply = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::from_str(&content_type(&kind)) {
        reply.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(tag) = tag {
        reply.insert(header::ETAG, tag);
    }
    if let Some(modified) = asset.last_modified.and_then(|text| HeaderValue::from_str(&text).ok()) {
        reply.insert(header::LAST_MODIFIED, modified);
    }
    response
}

/// Texts are UTF-8.
fn content_type(kind: &mime_guess::mime::Mime) -> String {
    if kind.type_() == "text" || kind.subtype() == "javascript" {
        format!("{}; charset=utf-8", kind.essence_str())
    } else {
        kind.essence_str().to_owned()
    }
}
