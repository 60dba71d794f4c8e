use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A new folder that only this user can use, where the system has what is temporary.
///
/// # Errors
/// Those of the file system.
pub(in crate::db::drivers) fn temporary_folder() -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("bkjs-{}", uuid::Uuid::new_v4().simple()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

/// Makes sure that a database file is there, empty if it is new, and that only its owner and group can
/// use it.
///
/// # Errors
/// Those of the file system.
pub(in crate::db::drivers) fn create_private(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode();
            if mode & 0o007 != 0 {
                fs::set_permissions(path, Permissions::from_mode(mode & 0o770))?;
            }
            Ok(())
        }
        Err(e) => Err(e),
    }
}
