//! The driver.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::draft::{self, Draft};
use super::error;
use super::folder::{Folder, is_absent};
use crate::storage::{ByteStream, ObjectPath, Stat, StorageDriver, StoredObject};
use crate::{Error, Result};

/// Objects up to this size are read as a whole where they are opened, which saves a way to the blocking threads.
const SMALL: u64 = 64 << 10;
/// How much of a larger object is read at a time.
const PIECE: usize = 64 << 10;

/// Objects as files in a folder.
#[derive(Debug)]
pub struct LocalStorage {
    root: Arc<PathBuf>,
    swept: Arc<Once>,
}

impl LocalStorage {
    /// A storage in a folder, which is made with the first object.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: Arc::new(root.into()), swept: Arc::new(Once::new()) }
    }

    /// Starts a draft with these bytes.
    async fn begin(&self, bytes: Bytes) -> Result<Draft> {
        let (root, swept) = (Arc::clone(&self.root), Arc::clone(&self.swept));
        blocking("a draft", move || {
            swept.call_once(|| draft::sweep(&root));
            let mut draft = Draft::new(&root)?;
            draft.write(&bytes)?;
            Ok(draft)
        })
        .await
    }

    /// The folder of an object, which is not made.
    fn folder(root: &std::path::Path, path: &ObjectPath) -> io::Result<Folder> {
        path.split().0.try_fold(Folder::root(root)?, |folder, name| folder.enter(name))
    }
}

impl StorageDriver for LocalStorage {
    fn put<'a>(&'a self, path: &'a ObjectPath, mut content: ByteStream) -> BoxFuture<'a, Result<Stat>> {
        Box::pin(async move {
            let first = content.try_next().await?.unwrap_or_default();
            let mut draft = self.begin(first).await?;
            while let Some(bytes) = content.try_next().await? {
                draft = blocking("a draft", move || {
                    draft.write(&bytes)?;
                    Ok(draft)
                })
                .await?;
            }
            let path = path.clone();
            let metadata = blocking("an object", move || draft.place(&path)).await?;
            Ok(stat_of(&metadata))
        })
    }

    fn open<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, Result<Option<Box<dyn StoredObject>>>> {
        Box::pin(async move {
            let (root, path) = (Arc::clone(&self.root), path.clone());
            let opened = blocking("an object", move || {
                absent_is_none(Self::folder(&root, &path).and_then(|folder| look(&folder, path.split().1)))
            });
            let opened = opened.await?.flatten();
            Ok(opened.map(|object| Box::new(object) as Box<dyn StoredObject>))
        })
    }

    fn del<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let (root, path) = (Arc::clone(&self.root), path.clone());
            let removed = blocking("an object", move || {
                absent_is_none(Self::folder(&root, &path).and_then(|folder| folder.remove(path.split().1)))
            });
            Ok(removed.await?.is_some())
        })
    }
}

/// A file that was opened.
struct LocalObject {
    stat: Stat,
    content: Content,
}

enum Content {
    Whole(Bytes),
    Open(File),
}

/// Opens a file; what is no file is none.
fn look(folder: &Folder, name: &str) -> io::Result<Option<LocalObject>> {
    let mut file = folder.open(name)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let stat = stat_of(&metadata);
    if stat.len > SMALL {
        return Ok(Some(LocalObject { stat, content: Content::Open(file) }));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stat.len).unwrap_or_default());
    (&mut file).take(SMALL).read_to_end(&mut bytes)?;
    let stat = Stat { len: bytes.len() as u64, ..stat };
    Ok(Some(LocalObject { stat, content: Content::Whole(bytes.into()) }))
}

impl StoredObject for LocalObject {
    fn stat(&self) -> &Stat {
        &self.stat
    }

    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        match self.content {
            Content::Whole(bytes) => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
                let (start, end) = (at(range.start), at(range.end));
                let piece = bytes.slice(start..end.max(start));
                Box::pin(stream::once(std::future::ready(Ok(piece))))
            }
            Content::Open(file) => {
                let opened = async move {
                    let mut file = tokio::fs::File::from_std(file);
                    file.seek(SeekFrom::Start(range.start)).await?;
                    let part = file.take(range.end.saturating_sub(range.start));
                    Ok::<_, io::Error>(ReaderStream::with_capacity(part, PIECE))
                };
                let pieces = stream::once(opened).try_flatten();
                Box::pin(pieces.map(|piece| piece.map_err(|e| error::of("an object", e))))
            }
        }
    }
}

fn stat_of(metadata: &Metadata) -> Stat {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let nanos = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    // A new file is made for every content, so two of one length and time still differ.
    let version = format!("{nanos:x}-{:x}-{:x}", metadata.len(), metadata.ino());
    Stat { len: metadata.len(), modified: SystemTime::max(modified, UNIX_EPOCH), version }
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if is_absent(&error) => Ok(None),
        result => result.map(Some),
    }
}

async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|e| Error::internal("work on a file broke off").source(e))?;
    done.map_err(|e| error::of(what, e))
}

#[cfg(test)]
mod tests;
