//! A file that appears under its name when it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bkjs_core::{Error, ErrorKind, Result};

use super::checkpoint::with_suffix;

/// A file that is being written, readable by its owner only: exports hold what no caller may see.
pub(super) struct PartFile {
    /// Where it will be.
    path: PathBuf,
    /// Where it is.
    part: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl PartFile {
    /// Opens the part of `path`, with the first `bytes` that an earlier run has written.
    ///
    /// # Errors
    /// `Unavailable` when another run writes it, or it has fewer bytes.
    pub(super) fn open(path: &Path, bytes: u64) -> Result<Self> {
        let part = with_suffix(path, ".part");
        let io = |e: std::io::Error| failed(&part, &e);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&part)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = format!("{} is being written by another export", part.display());
                return Err(Error::new(ErrorKind::Unavailable, text));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(io)?;
        if file.metadata().map_err(io)?.len() < bytes {
            let text = format!("{} has lost its end: start without -resume", part.display());
            return Err(Error::new(ErrorKind::Unavailable, text));
        }
        file.set_len(bytes).and_then(|()| file.seek(SeekFrom::Start(bytes))).map_err(io)?;
        Ok(Self { path: path.to_owned(), part, file: BufWriter::new(file), bytes })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be written.
    pub(super) fn line(&mut self, line: &str) -> Result<()> {
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        self.bytes += line.len() as u64 + 1;
        written.map_err(|e| failed(&self.part, &e))
    }

    /// Makes sure of what was written; how many bytes that are.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be written.
    pub(super) fn sync(&mut self) -> Result<u64> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        done.map(|()| self.bytes).map_err(|e| failed(&self.part, &e))
    }

    /// Counts the lines that the file has.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub(super) fn count(&mut self) -> Result<u64> {
        self.sync()?;
        let count = || {
            let mut reader = BufReader::with_capacity(1 << 16, File::open(&self.part)?);
            let mut lines = 0;
            loop {
                let piece = reader.fill_buf()?;
                if piece.is_empty() {
                    return Ok(lines);
                }
                lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
                let read = piece.len();
                reader.consume(read);
            }
        };
        count().map_err(|e: std::io::Error| failed(&self.part, &e))
    }

    /// Gives the file its name, in place of one that has it.
    ///
    /// # Errors
    /// `Unavailable` when the folder does not allow it.
    pub(super) fn finish(self) -> Result<()> {
        std::fs::rename(&self.part, &self.path).map_err(|e| failed(&self.path, &e))?;
        // So that the name outlives a loss of power; some file systems know no such thing.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            folder.sync_all().ok();
        }
        Ok(())
    }
}

/// The error of a file that cannot be used.
pub(super) fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("cannot use the file {}: {error}", path.display()))
}
