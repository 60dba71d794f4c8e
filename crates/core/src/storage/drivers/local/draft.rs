//! A file that is being written, until it is moved to its place.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::folder::Folder;
use crate::storage::ObjectPath;

/// The folder of drafts; no path of an object begins with a dot.
const DRAFTS: &str = ".drafts";

/// After this time a draft is one of a process that has died.
const STALE: Duration = Duration::from_secs(3600);

/// A draft, removed again unless it is moved to its place.
pub(super) struct Draft {
    root: Folder,
    drafts: Folder,
    name: String,
    file: File,
    moved: bool,
}

impl Draft {
    /// A new draft.
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let root = Folder::make_root(root)?;
        let drafts = root.make(DRAFTS)?;
        let name = uuid::Uuid::new_v4().simple().to_string();
        let file = drafts.create(&name)?;
        Ok(Self { root, drafts, name, file, moved: false })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Moves it to its place, and returns when both its bytes and its name are on disk.
    pub(super) fn place(mut self, path: &ObjectPath) -> io::Result<std::fs::Metadata> {
        self.file.sync_all()?;
        let metadata = self.file.metadata()?;
        let (folders, name) = path.split();
        let mut entered: Option<Folder> = None;
        for folder in folders {
            entered = Some(entered.as_ref().unwrap_or(&self.root).make(folder)?);
        }
        let folder = entered.as_ref().unwrap_or(&self.root);
        self.drafts.move_to(&self.name, folder, name)?;
        self.moved = true;
        folder.sync()?;
        Ok(metadata)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.moved
            && let Err(error) = self.drafts.remove(&self.name)
        {
            tracing::warn!(%error, draft = self.name, "a draft was not removed");
        }
    }
}

/// Removes the drafts of processes that have died.
pub(super) fn sweep(root: &Path) {
    let Ok(drafts) = std::fs::read_dir(root.join(DRAFTS)) else { return };
    for draft in drafts.flatten() {
        let age = draft.metadata().ok().and_then(|metadata| metadata.modified().ok());
        let age = age.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age > STALE)
            && let Err(error) = std::fs::remove_file(draft.path())
        {
            tracing::warn!(%error, "a stale draft was not removed");
        }
    }
}
