use std::fmt;
use std::sync::Arc;

/// The sources in rising precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// `etc/config`.
    File,
    /// `etc/config.local`.
    LocalFile,
    /// TXT records.
    Dns,
    /// The configuration table.
    Database,
    /// Variables that start with `BKJS_`.
    Environment,
    /// The command line.
    CommandLine,
}

impl Rank {
    /// Whether other hosts answer for it, so that it may be unreachable, and meant for another version too.
    pub fn is_remote(self) -> bool {
        matches!(self, Self::Dns | Self::Database)
    }
}

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The kind of source.
    pub rank: Rank,
    /// The source as people know it: `etc/config`, `environment BKJS_PORT`.
    pub source: Arc<str>,
    /// The line, from 1, in sources that have lines.
    pub line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        self.line.map_or(Ok(()), |line| write!(f, " line {line}"))
    }
}

/// A name and its text, as a source says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name as written.
    pub name: String,
    /// The text; none when the name stands alone.
    pub text: Option<String>,
    /// Where.
    pub origin: Origin,
}

/// The text may be a secret: only the type of the parameter knows.
impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=... ({})", self.name, self.origin)
    }
}

/// All that one source says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceValues {
    /// Which source.
    pub rank: Rank,
    /// In order; of a single value the last one counts.
    pub assignments: Vec<Assignment>,
}

impl SourceValues {
    /// The values of a source that has no lines, such as TXT records or a table.
    pub fn new<N, T>(rank: Rank, source: &str, pairs: impl IntoIterator<Item = (N, T)>) -> Self
    where
        N: Into<String>,
        T: Into<String>,
    {
        let source: Arc<str> = source.into();
        let assignments = pairs
            .into_iter()
            .map(|(name, text)| Assignment {
                name: name.into(),
                text: Some(text.into()),
                origin: Origin { rank, source: source.clone(), line: None },
            })
            .collect();
        Self { rank, assignments }
    }
}
