//! What modules call.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;

use super::drivers::local::LocalStorage;
use super::{ByteStream, ObjectPath, Stat, StorageDriver, StoredObject};
use crate::Result;

/// Keeps objects under paths. Clones share the driver.
#[derive(Clone, Debug)]
pub struct Storage(Arc<dyn StorageDriver>);

impl Storage {
    /// A storage with a driver.
    pub fn new(driver: impl StorageDriver) -> Self {
        Self(Arc::new(driver))
    }

    /// A storage in a folder of this host, which is made with its first object.
    pub fn local(root: impl Into<PathBuf>) -> Self {
        Self::new(LocalStorage::new(root))
    }

    /// Puts bytes under a path, in place of what was there.
    ///
    /// # Errors
    /// `Unavailable` when there is no room, or no way to the storage.
    pub async fn put(&self, path: &ObjectPath, content: impl Into<Bytes>) -> Result<Stat> {
        let content = content.into();
        self.put_stream(path, Box::pin(stream::once(std::future::ready(Ok(content))))).await
    }

    /// As [`put`](Self::put), of bytes as they come.
    ///
    /// # Errors
    /// As [`put`](Self::put); what the stream gives in place of bytes, and then nothing is changed.
    pub async fn put_stream(&self, path: &ObjectPath, content: ByteStream) -> Result<Stat> {
        self.0.put(path, content).await
    }

    /// An object, to look at and to read; none when it is not there.
    ///
    /// # Errors
    /// `Unavailable` when there is no way to the storage now.
    pub async fn open(&self, path: &ObjectPath) -> Result<Option<Box<dyn StoredObject>>> {
        self.0.open(path).await
    }

    /// Removes an object; says whether it was there.
    ///
    /// # Errors
    /// `Unavailable` when there is no way to the storage now.
    pub async fn del(&self, path: &ObjectPath) -> Result<bool> {
        self.0.del(path).await
    }

    /// Removes an object that nothing names any more. A failure leaves it where nobody reaches it, and is logged.
    pub async fn discard(&self, path: &ObjectPath) {
        if let Err(error) = self.del(path).await {
            tracing::warn!(
                path = path.as_str(),
                error = error.log_text(),
                "an object without a use was not removed"
            );
        }
    }
}
