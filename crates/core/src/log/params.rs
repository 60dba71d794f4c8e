use std::path::PathBuf;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;

use crate::config::Params;

/// Logging.
#[derive(Params, Clone, Debug)]
pub struct LogParams {
    /// How much is logged: none, error, warn, notice (or log), info, debug, dev, test, or a number from -1 to 5.
    #[param(name = "log", default = "notice", live)]
    pub level: Level,
    /// Modules by the beginning of their names: +name logs its debug lines, -name silences it.
    #[param(name = "log-filter", add, live)]
    pub filter: Vec<String>,
    /// The file that lines go to, a name in the log folder or a path; or stdout, or stderr, the default.
    #[param(name = "log-file", bare = "message.log", live)]
    pub file: Option<PathBuf>,
    /// What lines look like: text or json.
    #[param(name = "log-format", default = "text", live)]
    pub format: Format,
    /// Logs to stderr, whatever the log file is.
    #[param(live)]
    pub console: bool,
}

/// How much is logged; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    None,
    /// What went wrong.
    Error,
    /// What may go wrong.
    Warn,
    /// What operators want to know.
    Notice,
    /// The same: the levels of the library do not tell notices from information.
    Info,
    /// What developers want to know.
    Debug,
    /// More of that.
    Dev,
    /// Everything.
    Test,
}

impl Level {
    pub(super) fn filter(self) -> LevelFilter {
        match self {
            Self::None => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Notice | Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Dev | Self::Test => LevelFilter::TRACE,
        }
    }
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "error" | "-1" => Self::Error,
            "warn" | "0" => Self::Warn,
            "notice" | "log" | "1" => Self::Notice,
            "info" | "2" => Self::Info,
            "debug" | "3" => Self::Debug,
            "dev" | "4" => Self::Dev,
            "test" | "5" => Self::Test,
            _ => return Err("expected none, error, warn, notice, info, debug, dev or test"),
        })
    }
}

crate::param_from_str!(Level, "a log level");

/// What lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// An object a line, for programs.
    Json,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

crate::param_from_str!(Format, "a log format");
