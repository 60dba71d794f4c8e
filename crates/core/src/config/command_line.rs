//! The command line: `-name value`, `--name=value`, `-flag` and plain words.

use std::ffi::OsString;
use std::sync::Arc;

use super::types::quoted;
use super::{Assignment, Origin, Problem, Rank, Registry, problem, suggest};
use crate::Result;

/// What to do with an option that is no parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is a mistake.
    Refuse,
    /// It belongs to the command: it stays among the plain words, with its dash.
    Keep,
}

/// A command line taken apart into parameters and the rest.
///
/// A word that starts with a dash and is not a number is an option; the word after an option is its value unless
/// it is an option itself. A parameter that is true or false takes the next word only if that says so (`true`,
/// `off`, `1` ...), so that `-web run` leaves `run` alone. After `--` all words are plain.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    assignments: Vec<Assignment>,
    rest: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl CommandLine {
    /// Takes the words apart, program name left out. All components have to be registered before.
    ///
    /// What is wrong is kept and reported by [`CommandLine::check`] and [`Config::load`](super::Config::load).
    pub fn parse<W: Into<OsString>>(
        words: impl IntoIterator<Item = W>,
        registry: &Registry,
        unknown: Unknown,
    ) -> Self {
        let mut line = Self::default();
        let mut words = line.texts(words).into_iter().peekable();
        let source: Arc<str> = "the command line".into();
        while let Some(word) = words.next() {
            if word == "--" {
                line.rest.extend(words);
                break;
            }
            if !is_option(&word) {
                line.rest.push(word);
                continue;
            }
            let option = word.trim_start_matches('-');
            let (name, given) = match option.split_once('=') {
                Some((name, text)) => (name, Some(text.to_owned())),
                None => (option, None),
            };
            let Some(found) = registry.find(name) else {
                line.unknown(registry, name, word.clone(), unknown, &mut words);
                continue;
            };
            let spec = &registry.entries[found.entry].spec;
            let takes = |next: &String| match spec.flag {
                true => super::types::is_truth(next),
                false => !is_option(next),
            };
            let text = given.or_else(|| words.next_if(takes));
            let origin = Origin { rank: Rank::CommandLine, source: source.clone(), line: None };
            line.assignments.push(Assignment { name: name.to_owned(), text, origin });
        }
        line
    }

    /// Whether everything made sense so far; values are checked when the configuration loads.
    ///
    /// # Errors
    /// `Config` with everything that did not.
    pub fn check(&self) -> Result<()> {
        problem::check(&self.problems)
    }

    /// The plain words in order: the command and its arguments.
    pub fn rest(&self) -> &[String] {
        &self.rest
    }

    /// Whether a parameter is named.
    pub fn has(&self, name: &str) -> bool {
        self.assignments.iter().any(|a| a.name == name)
    }

    /// The parameters in order.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// The words as texts; one that is not Unicode is a problem.
    fn texts<W: Into<OsString>>(&mut self, words: impl IntoIterator<Item = W>) -> Vec<String> {
        let mut texts = Vec::new();
        for word in words {
            match word.into().into_string() {
                Ok(text) => texts.push(text),
                Err(word) => {
                    let shown = quoted(&word.to_string_lossy());
                    self.problems
                        .push(Problem::new(format!("the command line has {shown}: not valid utf-8")));
                }
            }
        }
        texts
    }

    fn unknown(
        &mut self,
        registry: &Registry,
        name: &str,
        word: String,
        unknown: Unknown,
        words: &mut std::iter::Peekable<std::vec::IntoIter<String>>,
    ) {
        if unknown == Unknown::Keep {
            self.rest.push(word);
            return;
        }
        words.next_if(|next| !is_option(next)); // probably its value, not a command
        self.problems.push(unknown_name(registry, name, "in the command line"));
    }
}

/// The problem of a name that nobody declares.
pub(super) fn unknown_name(registry: &Registry, name: &str, place: &str) -> Problem {
    let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    let hint = match suggest::nearest(registry, name) {
        Some(known) => format!("did you mean {known}?"),
        None => "bkjs help params lists all".into(),
    };
    Problem::new(format!("unknown parameter {shown} {place}; {hint}"))
}

/// Whether a word starts with a dash and is more than that, and no number.
fn is_option(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else { return false };
    let numeric = rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') && word.parse::<f64>().is_ok();
    !numeric
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Params;

    /// Parameters of these tests.
    #[derive(Params, Debug)]
    #[params(prefix = "t")]
    #[allow(dead_code)] // only the names matter here
    struct T {
        /// A number.
        #[param(default = 1)]
        number: i64,
        /// A flag.
        flag: bool,
        /// A text.
        pool: String,
    }

    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let mut registry = Registry::new();
        registry.register::<T>().unwrap();
        registry
    });

    fn check(words: &[&str], unknown: Unknown) -> (Vec<String>, Vec<String>, Vec<String>) {
        let line = CommandLine::parse(words, &REGISTRY, unknown);
        let shown =
            line.assignments.iter().map(|a| format!("{}={}", a.name, a.text.as_deref().unwrap_or("(none)")));
        (shown.collect(), line.rest.clone(), line.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_and_two_dashes_and_an_equals_sign_mean_the_same() {
        for words in [&["-t-pool", "x=1"][..], &["--t-pool=x=1"], &["-t-pool=x=1"], &["--t-pool", "x=1"]] {
            assert_eq!(check(words, Unknown::Refuse).0, ["t-pool=x=1"], "{words:?}");
        }
    }

    #[test]
    fn a_number_with_a_dash_is_a_value_and_another_dash_an_option() {
        let (values, rest, _) =
            check(&["-t-number", "-5", "-t-pool", "-t-flag", "-", "-.5"], Unknown::Refuse);
        assert_eq!(values, ["t-number=-5", "t-pool=(none)", "t-flag=(none)"]);
        assert_eq!(rest, ["-", "-.5"]);
    }

    #[test]
    fn a_flag_takes_only_words_that_are_true_or_false() {
        let (values, rest, _) =
            check(&["-t-flag", "run", "-t-flag", "off", "--", "-t-flag"], Unknown::Refuse);
        assert_eq!(values, ["t-flag=(none)", "t-flag=off"]);
        assert_eq!(rest, ["run", "-t-flag"]);
    }

    #[test]
    fn unknown_options_are_refused_with_the_nearest_name_or_left_to_the_command() {
        let words = ["shell", "-account-add", "login", "L", "-t-polo", "x"];
        assert_eq!(check(&words, Unknown::Keep).1, words);
        let (_, rest, problems) = check(&words, Unknown::Refuse);
        assert_eq!(rest, ["shell", "L"]);
        assert_eq!(problems[1], "unknown parameter t-polo in the command line; did you mean t-pool?");
    }

    proptest! {
        #[test]
        fn any_bytes_are_words_or_problems(words in proptest::collection::vec(proptest::collection::vec(1u8.., 0..9), 0..9)) {
            use std::os::unix::ffi::OsStringExt as _;
            let words: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
            let count = words.len();
            let line = CommandLine::parse(words, &REGISTRY, Unknown::Keep);
            prop_assert!(line.assignments.len() + line.rest.len() + line.problems.len() <= count);
        }

        #[test]
        fn any_words_are_taken_apart(words in proptest::collection::vec("(-{0,3}(t-flag|t-pool|home)?=?)?\\PC{0,8}", 0..12)) {
            let line = CommandLine::parse(&words, &REGISTRY, Unknown::Keep);
            prop_assert!(line.assignments.len() + line.rest.len() <= words.len());
            prop_assert!(line.problems.is_empty());
        }
    }
}
