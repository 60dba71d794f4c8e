//! From what the sources say to the texts that count, each checked.

use std::collections::BTreeMap;

use super::decode::{Decoded, decode};
use super::registry::{Entry, Found};
use super::{Assignment, Origin, Problem, Rank, Registry, Shape, Spec, Values, command_line};

/// A text that counts, and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// What the sources together say about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) entry: usize,
    pub(super) captures: Vec<String>,
    /// Lowest precedence first; at most one of a single value.
    pub(super) occurrences: Vec<Occurrence>,
    /// A list that was emptied: its default does not stand either.
    pub(super) cleared: bool,
}

/// So many problems help; more only take time.
const MAX_PROBLEMS: usize = 100;

/// All names that any source mentions.
pub(super) type Settings = BTreeMap<String, Setting>;

#[derive(Default)]
pub(super) struct Resolved {
    pub(super) settings: Settings,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
}

/// Puts the assignments together, given in rising precedence.
pub(super) fn resolve<'a>(
    registry: &Registry,
    assignments: impl IntoIterator<Item = &'a Assignment>,
) -> Resolved {
    let mut resolved = Resolved::default();
    for assignment in assignments {
        if resolved.problems.len() == MAX_PROBLEMS {
            resolved.problems.push(Problem::new("there are more problems after these"));
            break;
        }
        let remote = assignment.origin.rank.is_remote();
        let Some(found) = registry.find(&assignment.name) else {
            // What other hosts say may be meant for a version that knows more.
            if !remote {
                resolved.problems.push(unknown(registry, assignment));
            } else if resolved.has_room() {
                resolved.warnings.push(unknown(registry, assignment).to_string());
            }
            continue;
        };
        let entry = &registry.entries[found.entry];
        if let Some(why) = refusal(&entry.spec, assignment.origin.rank) {
            let Assignment { name, origin, .. } = assignment;
            if !remote {
                resolved.problems.push(Problem::with_value(name, Some(origin), why));
            } else if resolved.has_room() {
                resolved.warnings.push(format!("{name} in {origin} is not used: it {why}"));
            }
            continue;
        }
        match check(&entry.spec, assignment) {
            Err(why) => {
                let problem = Problem::with_value(&assignment.name, Some(&assignment.origin), &why);
                resolved.problems.push(problem);
            }
            Ok(decoded) => {
                if entry.planned {
                    let warning = format!("{} in {} has no effect yet", assignment.name, assignment.origin);
                    resolved.warnings.push(warning);
                }
                resolved.add(found, entry, decoded, assignment.origin.clone());
            }
        }
    }
    resolved
}

fn unknown(registry: &Registry, assignment: &Assignment) -> Problem {
    command_line::unknown_name(registry, &assignment.name, &format!("in {}", assignment.origin))
}

/// Why a source of this kind may not say the parameter, as the end of the sentence "it ...".
fn refusal(spec: &Spec, rank: Rank) -> Option<&'static str> {
    let open_secret = spec.secret && rank == Rank::Dns;
    spec.scope.refuses(rank).or(open_secret.then_some("is a secret, and everyone can read what DNS says"))
}

fn check(spec: &Spec, assignment: &Assignment) -> Result<Decoded, String> {
    let text = assignment.text.as_deref().or(spec.bare).ok_or("a value is required")?;
    let decoded = decode(text, spec.decoding);
    if let Decoded::Text(text) = &decoded {
        spec.check(text)?;
    }
    Ok(decoded)
}

impl Resolved {
    /// Whether there is room for another warning; what takes the last place says that there are more.
    fn has_room(&mut self) -> bool {
        if self.warnings.len() == MAX_PROBLEMS {
            self.warnings.push("there are more warnings after these".into());
        }
        self.warnings.len() < MAX_PROBLEMS
    }

    fn add(&mut self, found: Found, entry: &Entry, decoded: Decoded, origin: Origin) {
        let Found { entry: at, name, captures } = found;
        let setting = self.settings.entry(name.clone()).or_insert_with(|| Setting {
            name,
            entry: at,
            captures,
            occurrences: Vec::new(),
            cleared: false,
        });
        let Decoded::Text(text) = decoded else {
            setting.occurrences.clear();
            setting.cleared = entry.spec.shape != Shape::Single;
            return;
        };
        let replaces = match entry.spec.shape {
            Shape::Single => true,
            // Of a table each type of records is a source of its own.
            Shape::List => setting
                .occurrences
                .last()
                .is_some_and(|last| (last.origin.rank, &last.origin.source) != (origin.rank, &origin.source)),
            Shape::Adding => false,
        };
        if replaces {
            setting.occurrences.clear();
        }
        setting.occurrences.push(Occurrence { text, origin });
    }
}

/// What `Params::build` of one section reads.
pub(super) fn values<'a>(
    registry: &'a Registry,
    entries: std::ops::Range<usize>,
    settings: &'a Settings,
) -> Values<'a> {
    let mut specs: Vec<(&Spec, Vec<&Setting>)> =
        registry.entries[entries.clone()].iter().map(|e| (&e.spec, Vec::new())).collect();
    for setting in settings.values().filter(|s| entries.contains(&s.entry)) {
        specs[setting.entry - entries.start].1.push(setting);
    }
    Values { specs }
}
