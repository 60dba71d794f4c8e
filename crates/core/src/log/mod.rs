//! Logging: one line an event, to a stream or a file, as text or JSON, with a level that changes while running.
//!
//! Code logs with the macros of `tracing`; [`Logging::init`] decides once per process where the lines go and
//! [`Logging::apply`] changes its mind. A line holds the time, the level, the role and pid of the process, the
//! module, the sentence and its fields. Control characters of anything that is logged are escaped, so that a
//! line that came from outside cannot look like two.
//!
//! ```
//! use bkjs_core::config::CoreParams;
//! use bkjs_core::log::{LogParams, Logging};
//! let logging = Logging::init(&LogParams::default(), &CoreParams::default(), "web")?;
//! tracing::info!(elapsed_ms = 12, "worker ready");
//! let louder = LogParams { level: "debug".parse().expect("a level"), ..LogParams::default() };
//! logging.apply(&louder, &CoreParams::default())?;
//! # Ok::<(), bkjs_core::Error>(())
//! ```

mod background;
mod escape;
mod fields;
mod format;
mod output;
mod params;

use std::path::PathBuf;
use std::sync::Arc;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

pub use params::{Format, Level, LogParams};

use crate::config::CoreParams;
use crate::{Error, ErrorKind, Result};
use background::Background;
use output::{Output, Target};

/// Libraries whose debug lines show what passes through them: they stay at info unless a filter names them.
const QUIET: [&str; 9] =
    ["hyper", "hyper_util", "h2", "rustls", "mio", "tokio", "tungstenite", "tokio_tungstenite", "hickory"];

/// Libraries that log as errors what they tell their callers as well, who log what matters: they are silent unless a
/// filter names them.
const SILENT: [&str; 2] = ["lapin", "async_nats"];

/// The logging of this process. Keep it as long as the process has something to say.
#[derive(Clone)]
pub struct Logging {
    output: Arc<Output>,
    filter: reload::Handle<Targets, Registry>,
    /// Writes what waits when the last clone goes.
    _writer: Option<Arc<background::Guard>>,
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging").finish_non_exhaustive()
    }
}

impl Logging {
    /// Starts logging for this process; `role` is what it calls itself in every line, which is written before the
    /// event is over.
    ///
    /// # Errors
    /// `Config` when the log file cannot be opened or the process logs already.
    pub fn init(params: &LogParams, core: &CoreParams, role: &str) -> Result<Self> {
        let (subscriber, logging) = Self::build(params, core, role)?;
        install(subscriber)?;
        Ok(logging)
    }

    /// As [`init`](Self::init), for processes that must not wait for whoever reads the log: a thread of its own writes
    /// the lines, those that wait in one go. What a reader does not take in time is lost, and counted in the log.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub fn init_in_background(params: &LogParams, core: &CoreParams, role: &str) -> Result<Self> {
        let output = Arc::new(Output::new(role, target(params, core)?, params.format));
        let (writer, guard) = Background::start(output.clone())?;
        let (subscriber, mut logging) = Self::with_writer(params, output, writer);
        install(subscriber)?;
        logging._writer = Some(Arc::new(guard));
        Ok(logging)
    }

    /// Makes the subscriber without installing it: for programs and tests with one of their own.
    ///
    /// # Errors
    /// `Config` when the log file cannot be opened.
    pub fn build(
        params: &LogParams,
        core: &CoreParams,
        role: &str,
    ) -> Result<(impl Subscriber + Send + Sync + use<>, Self)> {
        let output = Arc::new(Output::new(role, target(params, core)?, params.format));
        Ok(Self::with_writer(params, output.clone(), output))
    }

    fn with_writer<W>(
        params: &LogParams,
        output: Arc<Output>,
        writer: W,
    ) -> (impl Subscriber + Send + Sync + use<W>, Self)
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let (filter, handle) = reload::Layer::new(filter(params));
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            // They would go to stderr, and end the process where that is closed.
            .log_internal_errors(false)
            .event_format(format::Lines(output.clone()))
            .with_writer(writer);
        let subscriber = tracing_subscriber::registry().with(filter).with(lines);
        (subscriber, Self { output, filter: handle, _writer: None })
    }

    /// Takes over changed parameters: level, filter, format and file.
    ///
    /// # Errors
    /// `Config` when the log file cannot be opened; then everything stays as it was.
    pub fn apply(&self, params: &LogParams, core: &CoreParams) -> Result<()> {
        self.output.set(target(params, core)?, params.format);
        self.filter
            .reload(filter(params))
            .map_err(|e| Error::internal("the log level cannot be changed").source(e))
    }

    /// Opens the log file anew, after it was moved away.
    ///
    /// # Errors
    /// `Config` when it cannot be opened; then lines still go to the moved one.
    pub fn reopen(&self) -> Result<()> {
        self.output.reopen()
    }
}

fn install(subscriber: impl Subscriber + Send + Sync) -> Result<()> {
    let installed = subscriber.try_init();
    installed.map_err(|e| Error::new(ErrorKind::Config, "logging has been started already").source(e))
}

fn target(params: &LogParams, core: &CoreParams) -> Result<Target> {
    if params.console {
        return Ok(Target::Stderr);
    }
    match params.file.as_ref().map(|file| file.to_string_lossy()).as_deref() {
        None | Some("stderr") => Ok(Target::Stderr),
        Some("stdout") => Ok(Target::Stdout),
        Some(file) => {
            // A bare name is a file of the log folder.
            let path = PathBuf::from(file);
            let bare = path.components().count() == 1;
            Target::open(if bare { core.log().join(path) } else { core.path(path) })
        }
    }
}

fn filter(params: &LogParams) -> Targets {
    let level = params.level.filter();
    let mut targets = Targets::new().with_default(level);
    for library in QUIET {
        targets = targets.with_target(library, level.min(LevelFilter::INFO));
    }
    for library in SILENT {
        targets = targets.with_target(library, LevelFilter::OFF);
    }
    for label in &params.filter {
        targets = match label.strip_prefix('-') {
            Some(label) => targets.with_target(label, LevelFilter::OFF),
            None => targets.with_target(label.trim_start_matches('+'), level.max(LevelFilter::DEBUG)),
        };
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(params: &LogParams, log: impl FnOnce(&Logging, &CoreParams)) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let core = CoreParams { home: home.path().into(), ..CoreParams::default() };
        std::fs::create_dir(core.log()).unwrap();
        let params = LogParams { file: Some("message.log".into()), ..params.clone() };
        let (subscriber, logging) = Logging::build(&params, &core, "web").unwrap();
        tracing::subscriber::with_default(subscriber, || log(&logging, &core));
        let text = std::fs::read_to_string(core.log().join("message.log")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_has_level_role_pid_sentence_and_fields() {
        let lines = check(&LogParams::default(), |_, _| {
            tracing::warn!(elapsed_ms = 12, name = "a b", "worker ready");
            tracing::debug!("not shown");
        });
        assert_eq!(lines.len(), 1);
        let start = format!(" WARN web[{}] bkjs_core::log::tests: worker ready", std::process::id());
        assert!(lines[0].contains(&start), "{}", lines[0]);
        assert!(lines[0].ends_with(" elapsed_ms=12 name=\"a b\""), "{}", lines[0]);
    }

    #[test]
    fn nothing_from_outside_makes_a_second_line_or_moves_the_terminal() {
        let hostile = "x\n2026 ERROR\r\u{1b}[2J\u{85}\u{2028}\u{202e}";
        for format in [Format::Text, Format::Json] {
            let params = LogParams { format, ..LogParams::default() };
            let lines = check(&params, |_, _| {
                let span = tracing::info_span!("request", path = hostile);
                let _guard = span.enter();
                tracing::info!(path = hostile, error = ?hostile, shown = %hostile, "got {hostile}");
            });
            assert_eq!(lines.len(), 1, "{lines:?}");
            let hidden = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
            assert!(!lines[0].contains(hidden), "{}", lines[0]);
        }
    }

    #[test]
    fn json_lines_are_objects_with_exact_numbers() {
        let params = LogParams { format: Format::Json, ..LogParams::default() };
        let lines = check(&params, |_, _| tracing::info!(count = u64::MAX, ok = true, "done"));
        let json: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(json["level"], "INFO");
        assert_eq!(json["message"], "done");
        assert_eq!(json["fields"], serde_json::json!({"count": u64::MAX, "ok": true}));
    }

    #[test]
    fn level_and_filter_change_while_running() {
        let lines = check(&LogParams::default(), |logging, core| {
            tracing::debug!("one");
            let file = Some("message.log".into());
            let louder = LogParams { level: Level::Debug, file, ..LogParams::default() };
            logging.apply(&louder, core).unwrap();
            tracing::debug!("two");
            tracing::debug!(target: "hyper::proto", "three");
            tracing::error!(target: "lapin::channel", "three and a half");
            let none = LogParams { level: Level::None, ..louder.clone() };
            logging.apply(&none, core).unwrap();
            tracing::error!("four");
            let filtered =
                LogParams { filter: vec!["-bkjs_core".into(), "+hyper".into(), "+lapin".into()], ..louder };
            logging.apply(&filtered, core).unwrap();
            tracing::error!("five");
            tracing::debug!(target: "hyper::proto", "six");
            tracing::error!(target: "lapin::channel", "seven");
        });
        let ends: Vec<_> = lines.iter().filter_map(|l| l.rsplit_once(' ').map(|(_, end)| end)).collect();
        assert_eq!(ends, ["two", "six", "seven"]);
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_anew() {
        let lines = check(&LogParams::default(), |logging, core| {
            tracing::info!("old");
            std::fs::rename(core.log().join("message.log"), core.log().join("old.log")).unwrap();
            logging.reopen().unwrap();
            tracing::info!("new");
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("new"));
    }
}
