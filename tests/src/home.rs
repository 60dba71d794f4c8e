//! A throw-away home folder, and commands that run on it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio::process::Command;

use crate::Program;
use crate::pool::Pool;

/// A home folder that is deleted with this value. Make it before the servers that use it.
#[derive(Debug)]
pub struct Home {
    parent: TempDir,
    pool: Option<Pool>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it reported.
    pub stderr: String,
}

impl Home {
    /// A home that does not exist yet: making it is the program's task.
    ///
    /// # Errors
    /// When the system has no room for temporary files.
    pub fn new() -> Result<Self> {
        let parent = tempfile::Builder::new().prefix("bkjs-test-").tempdir()?;
        Ok(Self { parent, pool: Pool::of_home() })
    }

    /// The home folder.
    pub fn path(&self) -> PathBuf {
        self.parent.path().join("home")
    }

    /// A file beside the home folder, for what is not the program's.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }

    /// Writes a file below the home folder, making the folders on the way.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Runs `bkjs shell` on this home and waits until it ends.
    ///
    /// # Errors
    /// When it cannot be started or does not end within a minute.
    pub async fn shell(&self, args: &[&str]) -> Result<Ran> {
        let home = self.path();
        let first = ["shell", "-home", home.to_str().context("the home is no text")?];
        self.run(Program::bkjs()?.path(), &[&first, args].concat()).await
    }

    /// Runs `bkjs db` on this home and waits until it ends.
    ///
    /// # Errors
    /// When it cannot be started or does not end within a minute.
    pub async fn db(&self, args: &[&str]) -> Result<Ran> {
        wait(self.db_command(args)?).await
    }

    /// `bkjs db` on this home, still to be started; it ends with its handle. It works beside the home folder.
    ///
    /// # Errors
    /// When there is no program.
    pub fn db_command(&self, args: &[&str]) -> Result<Command> {
        let home = self.path();
        let first = ["db", "-home", home.to_str().context("the home is no text")?];
        Ok(self.command(Program::bkjs()?.path(), &[&first, args].concat()))
    }

    /// Makes an administrator, as an operator does.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn add_admin(&self, login: &str, secret: &str) -> Result<()> {
        let account = ["login", login, "secret", secret, "name", "Admin", "type", "admin"];
        let ran = self.shell(&[&["-db-create-tables", "-account-add"], &account[..]].concat()).await?;
        ensure!(ran.code == Some(0), "cannot make an administrator: {ran:?}");
        Ok(())
    }

    /// Runs a program with this home's environment and waits until it ends.
    ///
    /// # Errors
    /// When it cannot be started or does not end within a minute; it is killed then.
    pub async fn run(&self, program: &Path, args: &[&str]) -> Result<Ran> {
        wait(self.command(program, args)).await
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true).current_dir(self.parent.path());
        self.prepare(&mut command);
        command
    }

    /// Keeps settings of the machine that runs the tests away from the program, and tells it of its database.
    pub(crate) fn prepare(&self, command: &mut Command) {
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("BKJS_") {
                command.env_remove(name);
            }
        }
        if let Some(pool) = &self.pool {
            pool.tell(command);
        }
    }
}

/// Waits until a command ends.
async fn wait(mut command: Command) -> Result<Ran> {
    let child = command.spawn().context("cannot start the program")?;
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    let out = ended.with_context(|| format!("{command:?} does not end"))?.context("the program is lost")?;
    Ok(Ran::of(&out))
}

impl Ran {
    /// How a command ended, by what is known of it.
    fn of(out: &Output) -> Self {
        Self {
            code: out.status.code(),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    /// All that the command printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}
