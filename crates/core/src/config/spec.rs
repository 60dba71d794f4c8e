use super::Rank;
use super::types::{Family, ParamType};

/// How repeats of a parameter combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The last one counts.
    Single,
    /// Repeats in one source add up; a later source replaces.
    List,
    /// Repeats add up across all sources, and to the default.
    Adding,
}

/// What is replaced in the text of a value before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoding {
    /// `%20` by a space, `\n` by a line feed.
    Full,
    /// `%20` only.
    Space,
    /// Nothing: the text is taken as it stands.
    Verbatim,
}

/// Which sources may say a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Anywhere,
    /// Environment and command line, since it is needed before files load.
    Early,
    /// The command line: it is about this one start.
    CommandLine,
    /// Files, environment and command line, since it is needed before other hosts are asked.
    Local,
    /// All but the database, since it says where that is or which of its records count.
    BeforeDatabase,
}

impl Scope {
    /// Why a source of this kind may not say it, as the end of the sentence "it ..."; none when it may.
    pub(super) fn refuses(self, rank: Rank) -> Option<&'static str> {
        match self {
            Self::Early if rank < Rank::Environment => {
                Some("is needed before files load: give it on the command line or in the environment")
            }
            Self::CommandLine if rank < Rank::CommandLine => {
                Some("is about one start: give it on the command line")
            }
            Self::Local if rank.is_remote() => {
                Some("is needed before other hosts are asked: give it in a file or on the command line")
            }
            Self::BeforeDatabase if rank == Rank::Database => Some(
                "says where the database is or which of its records count: give it in a file or on the command line",
            ),
            _ => None,
        }
    }
}

/// The declaration of one parameter, or of a family of names given by a pattern.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The full name, or the pattern of names (anchored at both ends when matched).
    pub name: &'static str,
    /// Whether the name is a pattern.
    pub pattern: bool,
    /// Other full names.
    pub aliases: Vec<&'static str>,
    /// The type, for people.
    pub type_name: String,
    /// Whether it is true or false.
    pub flag: bool,
    /// How repeats combine.
    pub shape: Shape,
    /// How the text is decoded.
    pub decoding: Decoding,
    /// The text of the default, if one is declared.
    pub default: Option<&'static str>,
    /// The least value.
    pub min: Option<&'static str>,
    /// The greatest value.
    pub max: Option<&'static str>,
    /// The unit of a plain number of a duration.
    pub unit: &'static str,
    /// The text that stands for a name given without a value; none: a value is required.
    pub bare: Option<&'static str>,
    /// Whether the value may change while running.
    pub live: bool,
    /// Whether the value is masked in listings and messages.
    pub secret: bool,
    /// Which sources may say it.
    pub scope: Scope,
    /// What it is for.
    pub help: &'static str,
    check: fn(&str, &Spec) -> Result<(), String>,
}

impl Spec {
    /// A parameter of a type.
    pub fn of<T: ParamType>(name: &'static str) -> Self {
        Self {
            name,
            pattern: false,
            aliases: Vec::new(),
            type_name: T::type_name(),
            flag: T::FLAG,
            shape: T::SHAPE,
            decoding: T::DECODING,
            default: None,
            min: None,
            max: None,
            unit: "ms",
            bare: T::BARE,
            live: false,
            secret: T::SECRET,
            scope: Scope::Anywhere,
            help: "",
            check: |text, spec| T::parse(text, spec)?.range(spec),
        }
    }

    /// A family of parameters, one for every name that matches the pattern.
    pub fn family<F: Family>(pattern: &'static str) -> Self {
        Self { pattern: true, ..Self::of::<F::Value>(pattern) }
    }

    /// Whether the text of one occurrence is acceptable.
    ///
    /// # Errors
    /// Why not; without the text when the parameter is secret.
    pub fn check(&self, text: &str) -> Result<(), String> {
        (self.check)(text, self).map_err(|why| match self.secret {
            true => format!("the value is not a valid {}", self.type_name),
            false => why,
        })
    }
}

/// The builder that the derive macro writes.
impl Spec {
    /// Declares the default's text.
    #[must_use]
    pub fn default_text(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// Declares the least value.
    #[must_use]
    pub fn min(mut self, text: &'static str) -> Self {
        self.min = Some(text);
        self
    }

    /// Declares the greatest value.
    #[must_use]
    pub fn max(mut self, text: &'static str) -> Self {
        self.max = Some(text);
        self
    }

    /// Declares the unit of plain numbers.
    #[must_use]
    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Declares another full name.
    #[must_use]
    pub fn alias(mut self, alias: &'static str) -> Self {
        self.aliases.push(alias);
        self
    }

    /// Declares what stands for a name without a value.
    #[must_use]
    pub fn bare(mut self, text: &'static str) -> Self {
        self.bare = Some(text);
        self
    }

    /// Declares that the value may change while running.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Declares that the value is masked.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Declares that the value is needed before files load: environment and command line say it.
    #[must_use]
    pub fn early(mut self) -> Self {
        self.scope = Scope::Early;
        self
    }

    /// Declares that only the command line may say it.
    #[must_use]
    pub fn command_line(mut self) -> Self {
        self.scope = Scope::CommandLine;
        self
    }

    /// Declares that it is needed before other hosts are asked: files, environment and command line say it.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.scope = Scope::Local;
        self
    }

    /// Declares that it is needed before the database is read: every other source says it.
    #[must_use]
    pub fn before_database(mut self) -> Self {
        self.scope = Scope::BeforeDatabase;
        self
    }

    /// Declares that a list adds to those of earlier sources and to the default.
    #[must_use]
    pub fn add(mut self) -> Self {
        self.shape = Shape::Adding;
        self
    }

    /// Declares that a list replaces those of earlier sources.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.shape = Shape::List;
        self
    }

    /// Declares what the parameter is for.
    #[must_use]
    pub fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }
}
