use std::path::{Path, PathBuf};

use super::Params;

/// Parameters of every process.
#[derive(Params, Clone, Debug)]
pub struct CoreParams {
    /// Prints the parameters and exits.
    #[param(command_line)]
    pub help: bool,
    /// Prints the version and exits.
    #[param(command_line)]
    pub version: bool,
    /// The folder that everything else is in; by default BKJS_HOME, else .bkjs in the user's own folder.
    #[param(early)]
    pub home: PathBuf,
    /// The configuration file, a name in the configuration folder or a path; the same name with .local is read after
    /// it.
    #[param(default = "config", alias = "config-file", early)]
    pub conf_file: PathBuf,
    /// The configuration folder.
    #[param(default = "etc", early)]
    pub etc_dir: PathBuf,
    /// The folder of static pages.
    #[param(default = "web", local)]
    pub web_dir: PathBuf,
    /// The folder of temporary files.
    #[param(default = "tmp", local)]
    pub tmp_dir: PathBuf,
    /// The folder of data that changes: databases, pid files.
    #[param(default = "var", local)]
    pub spool_dir: PathBuf,
    /// The folder of logs.
    #[param(default = "log", local)]
    pub log_dir: PathBuf,
    /// The folder of uploaded files.
    #[param(default = "files", local)]
    pub files_dir: PathBuf,
    /// The folder of icons.
    #[param(default = "images", local)]
    pub images_dir: PathBuf,
    /// The folder of the application's modules.
    #[param(default = "modules", local)]
    pub modules_dir: PathBuf,
    /// The name of the environment, such as production.
    #[param(default = "development", before_database)]
    pub run_mode: RunMode,
    /// The application's name, or name-version.
    #[param(default = "bkjs", before_database)]
    pub app_name: String,
    /// The tag of this instance.
    #[param(before_database)]
    pub instance_tag: String,
    /// The region this instance is in.
    #[param(before_database)]
    pub instance_region: String,
    /// The zone this instance is in.
    #[param(before_database)]
    pub instance_zone: String,
    /// This instance only runs jobs.
    pub instance_job: bool,
    /// The host's name; by default what the system says.
    pub host_name: Option<String>,
}

/// The name of the environment; `production` is the one that the framework knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMode(String);

impl RunMode {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the real thing.
    pub fn is_production(&self) -> bool {
        self.0 == "production"
    }
}

impl std::str::FromStr for RunMode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match !text.is_empty() && text.len() <= 64 && text.chars().all(plain) {
            true => Ok(Self(text.to_owned())),
            false => Err("letters, digits, dashes and dots only"),
        }
    }
}

crate::param_from_str!(RunMode, "a name");

/// The folders as absolute paths.
impl CoreParams {
    /// A path of a parameter: below the home folder unless it is absolute.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.home.join(path)
    }

    /// The configuration folder.
    pub fn etc(&self) -> PathBuf {
        self.path(&self.etc_dir)
    }

    /// The folder of data that changes.
    pub fn var(&self) -> PathBuf {
        self.path(&self.spool_dir)
    }

    /// The folder of logs.
    pub fn log(&self) -> PathBuf {
        self.path(&self.log_dir)
    }

    /// The folder of temporary files.
    pub fn tmp(&self) -> PathBuf {
        self.path(&self.tmp_dir)
    }

    /// The folder of static pages.
    pub fn web(&self) -> PathBuf {
        self.path(&self.web_dir)
    }

    /// The folder of uploaded files.
    pub fn files(&self) -> PathBuf {
        self.path(&self.files_dir)
    }

    /// The folder of icons.
    pub fn images(&self) -> PathBuf {
        self.path(&self.images_dir)
    }

    /// All folders that must be there.
    pub fn folders(&self) -> [PathBuf; 8] {
        let modules = self.path(&self.modules_dir);
        [self.etc(), self.var(), self.log(), self.tmp(), self.web(), self.images(), self.files(), modules]
    }
}
