//! Files of the application's own folder.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bkjs_core::{Error, ErrorKind, Result};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use tokio::io::AsyncReadExt as _;
use tower_http::services::ServeFile;

use crate::conditional::has_tag;
use crate::reply::ApiError;

/// Serves a file below `root`: whole, in part, or not at all when the client has it. None when there is
/// no such file, or a link leads out of the folder.
pub(super) async fn serve(root: &Path, path: &str, headers: &HeaderMap) -> Option<Response> {
    let (file, tag) = locate(root, path).await?;
    if has_tag(headers, &tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::ETAG, tag);
        return Some(response);
    }
    let mut request = Request::new(Body::empty());
    for name in [header::RANGE, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    // The file is there. One that cannot be opened now, for want of descriptors, is not taken for one that is none.
    let busy = || {
        let error = Error::new(ErrorKind::Unavailable, "the file cannot be read now, please try again later");
        Some(ApiError(error).into_response())
    };
    let response = match ServeFile::new(file).try_call(request).await {
        Ok(response) => response,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, path, "cannot read a file");
            return busy();
        }
    };
    let mut response = response.map(Body::new);
    match response.status() {
        StatusCode::NOT_FOUND => None,
        StatusCode::INTERNAL_SERVER_ERROR => busy(),
        _ => {
            response.headers_mut().insert(header::ETAG, tag);
            Some(response)
        }
    }
}

/// The bytes of a file below `root`; none where there is no such file, or it is larger than `max`.
///
/// # Errors
/// `Unavailable` when it cannot be read.
pub(super) async fn read(root: &Path, path: &str, max: u64) -> Result<Option<Vec<u8>>> {
    let Some((file, _)) = locate(root, path).await else { return Ok(None) };
    let failed = |e| Error::new(ErrorKind::Unavailable, "a file cannot be read now").source(e);
    // It may grow while it is read.
    let mut bytes = Vec::new();
    let opened = tokio::fs::File::open(&file).await.map_err(failed)?;
    opened.take(max.saturating_add(1)).read_to_end(&mut bytes).await.map_err(failed)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

/// The real path of a file and the tag of its version.
async fn locate(root: &Path, path: &str) -> Option<(PathBuf, HeaderValue)> {
    let root = tokio::fs::canonicalize(root).await.ok()?;
    let file = tokio::fs::canonicalize(root.join(path)).await.ok()?;
    if !file.starts_with(&root) {
        return None;
    }
    let metadata = tokio::fs::metadata(&file).await.ok()?;
    if !metadata.is_file() {
        return None;
    }
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let tag = HeaderValue::from_str(&format!("\"{modified:x}-{:x}\"", metadata.len())).ok()?;
    Some((file, tag))
}
