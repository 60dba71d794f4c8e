//! The executables under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};

/// An executable to start, and the arguments that always come first.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    first: Vec<String>,
}

/// One build at a time: several tests of one executable may find the same program missing.
static BUILD: Mutex<()> = Mutex::new(());

impl Program {
    /// The `bkjs` executable beside the running test, built when it is missing.
    ///
    /// `cargo xtask test` has built it before; a single test that is run by hand tests the one that is there.
    ///
    /// # Errors
    /// When it is missing and cannot be built.
    pub fn bkjs() -> Result<Self> {
        let path = built("bkjs", &["--package", "bkjs-cli"])?;
        Ok(Self { path, first: vec!["run".into()] })
    }

    /// An example of the crate `bkjs`, built when it is missing; examples have no `run` command of their own.
    ///
    /// # Errors
    /// When it is missing and cannot be built.
    pub fn example(name: &str) -> Result<Self> {
        let path = built(&format!("examples/{name}"), &["--package", "bkjs", "--example", name])?;
        Ok(Self { path, first: Vec::new() })
    }

    /// An executable at a known place, started with these arguments first.
    pub fn at(path: impl Into<PathBuf>, first: &[&str]) -> Self {
        Self { path: path.into(), first: first.iter().map(ToString::to_string).collect() }
    }

    /// Where the executable lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The arguments that always come first.
    pub fn first(&self) -> &[String] {
        &self.first
    }
}

/// The path of a built program; `package` says how cargo names it.
fn built(name: &str, package: &[&str]) -> Result<PathBuf> {
    let folder = folder()?;
    let path = folder.join(name);
    let _one_at_a_time = BUILD.lock();
    if !path.is_file() {
        let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.arg("build").args(package).current_dir(env!("CARGO_MANIFEST_DIR"));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        ensure!(build.status().context("cannot start cargo")?.success(), "cannot build {name}");
    }
    ensure!(path.is_file(), "{} is not there after the build", path.display());
    Ok(path)
}

/// The folder that cargo puts executables into: the test itself lies in its folder `deps`.
fn folder() -> Result<PathBuf> {
    let own = env::current_exe().context("the test does not know its own path")?;
    let mut folder = own.parent().context("the test lies nowhere")?;
    if folder.ends_with("deps") {
        folder = folder.parent().context("the folder deps lies nowhere")?;
    }
    Ok(folder.to_path_buf())
}
