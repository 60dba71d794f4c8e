//! The home folder: where it is, what is in it, and the secret that its processes share.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand::TryRngCore as _;

use super::{CommandLine, CoreParams};
use crate::{Error, ErrorKind, Result};

/// Finds the home folder: `-home`, else `BKJS_HOME`, else `.bkjs` in the user's own folder; absolute.
///
/// # Errors
/// `Config` when nothing says it, `-home` is there without a name, its name is not Unicode, or the working folder cannot be found for a relative path.
pub fn resolve(command_line: &CommandLine, environment: &[(OsString, OsString)]) -> Result<PathBuf> {
    let variable = |name: &str| {
        let found = environment.iter().find(|(n, v)| n == name && !v.is_empty());
        found.map(|(_, value)| PathBuf::from(value))
    };
    let last = command_line.assignments().iter().rev().find(|a| a.name == "home");
    let given = last.map(|a| a.text.as_deref().unwrap_or_default());
    // Somebody has said which, perhaps by a variable that is not set: no other folder must stand in for it.
    if given.is_some_and(|text| text.trim().is_empty()) {
        return Err(Error::new(ErrorKind::Config, "-home names no folder: give -home DIR, or leave it out"));
    }
    let home = given
        .map(PathBuf::from)
        .or_else(|| variable("BKJS_HOME"))
        .or_else(|| variable("HOME").map(|user| user.join(".bkjs")))
        .ok_or_else(|| Error::new(ErrorKind::Config, "no home folder is known: give -home DIR"))?;
    let home = std::path::absolute(&home).map_err(|e| folder_error(&home, &e))?;
    match home.to_str() {
        Some(_) => Ok(home),
        None => Err(Error::new(ErrorKind::Config, format!("the home folder {home:?} is not valid utf-8"))),
    }
}

/// Makes the folders that are missing (mode 0750) and makes sure that the changing ones can be written.
///
/// # Errors
/// `Config` naming the folder that cannot be made or written.
pub fn prepare(params: &CoreParams) -> Result<()> {
    for folder in [params.home.clone()].into_iter().chain(params.folders()) {
        make(&folder).map_err(|e| folder_error(&folder, &e))?;
    }
    for folder in [params.var(), params.log(), params.tmp()] {
        probe(&folder).map_err(|e| folder_error(&folder, &e))?;
    }
    Ok(())
}

/// The 32 random bytes that all processes of a home share, kept in `var/secret`.
///
/// Made at the first call; two processes at once agree on one.
///
/// # Errors
/// `Config` when the file cannot be made or read, is damaged, or others may read it.
pub fn secret(params: &CoreParams) -> Result<[u8; 32]> {
    let path = params.var().join("secret");
    let failed = |e: std::io::Error| {
        Error::new(ErrorKind::Config, format!("cannot use the file {}: {e}", path.display()))
    };
    match read_secret(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        read => return read.map_err(failed),
    }
    create_secret(&path).map_err(failed)?;
    read_secret(&path).map_err(failed)
}

fn read_secret(path: &Path) -> std::io::Result<[u8; 32]> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(std::io::Error::other("others may use it: run chmod 600 on it"));
    }
    let mut bytes = Vec::new();
    file.take(33).read_to_end(&mut bytes)?;
    bytes.try_into().map_err(|_| std::io::Error::other("it is damaged: remove it, and sessions start anew"))
}

/// Writes the whole file under another name and links it to its own: the first process wins, and no
/// process ever sees half a secret.
fn create_secret(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0; 40];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    let (secret, unique) = bytes.split_at(32);
    let unique: String = unique.iter().map(|b| format!("{b:02x}")).collect();
    let draft = path.with_file_name(format!("secret.{unique}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked =
        file.write_all(secret).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o750).create(folder)
}

/// Whether a file can be made there: permissions alone do not say it on a read-only file system.
fn probe(folder: &Path) -> std::io::Result<()> {
    let mut bytes = [0; 8];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    let path = folder.join(format!(".probe.{:016x}", u64::from_ne_bytes(bytes)));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)
}

fn folder_error(folder: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot use the folder {}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Registry, Unknown};

    fn params(home: &Path) -> CoreParams {
        CoreParams { home: home.into(), ..CoreParams::default() }
    }

    #[test]
    fn the_command_line_goes_before_the_environment() {
        let registry = Registry::new();
        let line = |words: &[&str]| CommandLine::parse(words, &registry, Unknown::Refuse);
        let environment = [("HOME".into(), "/u".into()), ("BKJS_HOME".into(), "/e".into())];
        assert_eq!(resolve(&line(&["-home", "/a", "--home=/b"]), &environment).unwrap(), Path::new("/b"));
        assert_eq!(resolve(&line(&[]), &environment).unwrap(), Path::new("/e"));
        assert_eq!(resolve(&line(&[]), &environment[..1]).unwrap(), Path::new("/u/.bkjs"));
        for nameless in
            [&["-home", ""][..], &["-home="], &["-home"], &["-home", " "], &["-home", "/a", "-home="]]
        {
            let error = resolve(&line(nameless), &environment).unwrap_err();
            assert!(error.message().starts_with("-home names no folder"), "{nameless:?}: {error}");
        }
        assert!(resolve(&line(&[]), &[]).unwrap_err().message().contains("-home DIR"));
    }

    #[test]
    fn folders_are_made_and_one_that_cannot_be_is_named() {
        let home = tempfile::tempdir().unwrap();
        let inside = params(&home.path().join("a/b"));
        prepare(&inside).unwrap();
        prepare(&inside).unwrap();
        assert_eq!(std::fs::metadata(inside.var()).unwrap().permissions().mode() & 0o777, 0o750);
        assert_eq!(std::fs::read_dir(inside.var()).unwrap().count(), 0);
        std::fs::write(home.path().join("file"), "").unwrap();
        let below_a_file = prepare(&params(&home.path().join("file/home"))).unwrap_err();
        assert!(below_a_file.message().contains("file/home"), "{below_a_file}");
    }

    #[test]
    fn processes_that_start_at_once_agree_on_the_secret() {
        let home = tempfile::tempdir().unwrap();
        let params = params(home.path());
        prepare(&params).unwrap();
        let secrets: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| secret(&params).unwrap())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|s| *s == secrets[0] && *s != [0; 32]));
        let path = params.var().join("secret");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(secret(&params).unwrap_err().message().contains("chmod 600"));
    }
}
