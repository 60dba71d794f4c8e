//! Files of the application's own folder.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use super::has_tag;

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
    let Ok(response) = ServeFile::new(file).oneshot(request).await;
    let mut response = response.map(Body::new);
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::INTERNAL_SERVER_ERROR => None,
        _ => {
            response.headers_mut().insert(header::ETAG, tag);
            Some(response)
        }
    }
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
