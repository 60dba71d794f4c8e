//! An image that was made here.

use axum::response::Response;
use bkjs_api::{Api, Copies, ServeAs, serve_object};
use bkjs_core::Result;
use bkjs_core::storage::ObjectPath;
use bytes::Bytes;
use http::HeaderMap;

use crate::Format;

/// An image that was made here.
#[derive(Clone, Debug)]
pub struct Picture {
    /// It, encoded.
    pub bytes: Bytes,
    /// How.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl Picture {
    /// Stores it for an account, under a new path in the folder `prefix`; `label` is for those who look through it.
    ///
    /// # Errors
    /// `Invalid` for texts that no path can hold; those of the storage.
    pub async fn store(&self, api: &Api, prefix: &str, id: &str, label: &str) -> Result<ObjectPath> {
        let unique = uuid::Uuid::new_v4().simple();
        let name = format!("{label}-{id}.{unique}.{}", self.format.ext());
        let path = ObjectPath::of_account(prefix, id, &name)?;
        api.images()?.put(&path, self.bytes.clone()).await?;
        Ok(path)
    }
}

/// The answer with an image that was stored under a path; none when it is not there.
///
/// # Errors
/// Those of the storage.
pub async fn serve(
    api: &Api,
    path: &str,
    format: Format,
    headers: &HeaderMap,
    copies: Copies,
) -> Result<Option<Response>> {
    let Ok(path) = ObjectPath::parse(path) else { return Ok(None) };
    let object = api.images()?.open(&path).await?;
    Ok(object.map(|object| serve_object(object, headers, ServeAs::image(format.content_type(), copies))))
}
