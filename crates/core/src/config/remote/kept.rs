//! The values of a source that were right when it was read last.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::{Assignment, Origin, Rank, SourceValues};

/// The file that keeps the values of one source, readable by its owner only: there may be secrets among them.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    /// What they are the values of: those of another place do not count.
    of: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    of: String,
    /// Name, text, and where it was said.
    values: Vec<(String, Option<String>, String)>,
}

impl Kept {
    pub(super) fn new(path: PathBuf, of: String) -> Self {
        Self { path, of }
    }

    /// Keeps the values in place of earlier ones. What cannot be written is logged: it is needed at a bad start only.
    pub(super) fn save(&self, values: &SourceValues) {
        let values = values.assignments.iter();
        let values = values.map(|a| (a.name.clone(), a.text.clone(), a.origin.source.to_string())).collect();
        let saved = serde_json::to_vec(&Content { of: self.of.clone(), values })
            .map_err(std::io::Error::other)
            .and_then(|bytes| self.write(&bytes));
        if let Err(error) = saved {
            tracing::warn!(path = %self.path.display(), %error, "the configuration cannot be kept for a later start");
        }
    }

    /// The values that were kept last; none when there are none, or the file is of no use.
    pub(super) fn load(&self, rank: Rank) -> Option<SourceValues> {
        let content: Content = serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()?;
        let values = content.values.into_iter().map(|(name, text, source)| {
            let origin = Origin { rank, source: source.into(), line: None };
            Assignment { name, text, origin }
        });
        (content.of == self.of).then(|| SourceValues { rank, assignments: values.collect() })
    }

    /// Writes a whole file beside the old one and puts it in its place, so that nobody reads half of it.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        if std::fs::read(&self.path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        let draft = self.path.with_extension(format!("{:016x}", rand::random::<u64>()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&draft, &self.path));
        if written.is_err() {
            // Nothing to be done if it is not there.
            std::fs::remove_file(&draft).ok();
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn values_come_back_to_the_same_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let kept = Kept::new(path.clone(), "prod".into());
        assert_eq!(kept.load(Rank::Database), None);
        let mut values = SourceValues::new(Rank::Database, "bk_config of type prod", [("a", "1"), ("b", "")]);
        values.assignments[1].text = None;
        kept.save(&values);
        assert_eq!(kept.load(Rank::Database), Some(values));
        assert_eq!(Kept::new(path.clone(), "test".into()).load(Rank::Database), None);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(kept.load(Rank::Database), None);
    }
}
