//! `var/ROLE.lock`: the roles of a home belong to one tree.
//!
//! Two trees on one home would write each other's pid files, run each job entry twice and be stopped for one another.
//! The lock is the system's and goes with the process that holds it, however that ends: neither a file that was left
//! behind nor a number that is used again is taken for a tree. The process id in the file is for the message only.
//!
//! A role at a time, so that a home may have its master (`-no-web`) and its server (`-no-master`) in trees of their own.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use crate::Role;
use crate::launch::Setting;

/// What was killed a moment ago may not be gone altogether.
const PATIENCE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(25);

/// Roles that no other tree can have on this home; given back when dropped.
#[derive(Debug)]
pub(crate) struct Claim(Vec<Locked>);

#[derive(Debug)]
struct Locked {
    path: PathBuf,
    _file: File,
}

/// What came of an attempt.
enum Attempt {
    Locked(Locked),
    /// Somebody has it: the process id, if it could be read.
    Taken(String),
}

impl Claim {
    /// Takes these roles of a home for the tree below this process, or none.
    ///
    /// # Errors
    /// `Unavailable` naming the home and the process that has one of them, or a file that cannot be written.
    pub(crate) async fn take(setting: &Setting, roles: &[Role]) -> Result<Self> {
        let until = Instant::now() + PATIENCE;
        let mut claim = Self(Vec::new());
        for role in roles {
            let path = setting.var_dir.join(format!("{role}.lock"));
            loop {
                match attempt(&path).map_err(|e| unwritable(&path, e))? {
                    Attempt::Locked(locked) => {
                        claim.0.push(locked);
                        break;
                    }
                    Attempt::Taken(_) if Instant::now() < until => sleep(AGAIN).await,
                    Attempt::Taken(pid) => return Err(taken(&setting.home, *role, &pid)),
                }
            }
        }
        Ok(claim)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Still locked: whoever locks this file next sees that it has no name any more.
        let _ = fs::remove_file(&self.path);
    }
}

fn attempt(path: &Path) -> io::Result<Attempt> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    loop {
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Ok(Attempt::Taken(pid));
            }
            Err(TryLockError::Error(error)) => {
                let file = path.display();
                tracing::warn!(%file, %error, "no locks here: a second server on this home goes unnoticed");
            }
        }
        if !is_at(&file, path)? {
            // The one before removed it while this one opened it.
            continue;
        }
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
        return Ok(Attempt::Locked(Locked { path: path.to_owned(), _file: file }));
    }
}

/// Whether the open file is the one that has this path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("cannot write {}", path.display())).source(error)
}

fn taken(home: &Path, role: Role, pid: &str) -> Error {
    let who = if pid.is_empty() { "another process".to_owned() } else { format!("process {pid}") };
    let home = home.display();
    Error::new(
        ErrorKind::Unavailable,
        format!("the home {home} has a {role} already, {who}: stop that one, or give this one another -home"),
    )
}
