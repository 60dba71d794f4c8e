use super::registry::Entry;
use super::resolve::{Setting, Settings};
use super::{Config, Origin, Registry, Spec};

/// One parameter as listings show it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ParamInfo {
    /// The name; of a family the pattern, or the name that is set.
    pub name: String,
    /// Whether it is one name of a family, which some source sets.
    pub member: bool,
    /// Other names.
    pub aliases: Vec<&'static str>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of the default; empty when there is none, or when it is secret.
    pub default: String,
    /// The least value.
    pub min: Option<&'static str>,
    /// The greatest value.
    pub max: Option<&'static str>,
    /// Whether it may change while running.
    pub live: bool,
    /// Whether it is known but has no effect in this version.
    pub planned: bool,
    /// What it is for.
    pub help: &'static str,
    /// The heading of the component it belongs to.
    pub section: &'static str,
    /// The value that stands, masked if it is secret; none when no source says one.
    pub value: Option<String>,
    /// Where the value was said.
    pub source: Option<String>,
}

impl Config {
    /// A text that some source says for a parameter, as listings show it: hidden if it is secret, without the
    /// password of a URL. Of a name that is not known anything that looks like a secret is hidden.
    pub fn shown(&self, name: &str, text: &str) -> String {
        let hidden = match self.registry().find(name) {
            Some(found) => is_secret(&self.registry().entries[found.entry].spec, name),
            None => is_named_secret(name),
        };
        if hidden { HIDDEN.into() } else { without_password(text) }
    }

    /// Where the value of a parameter that stands was said; none when it is the default. The name is the parameter's own.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        self.with_running(|running| running.get(name)?.occurrences.last().map(|last| last.origin.clone()))
    }

    /// All parameters in order of declaration, each set member of a family after its pattern; those without effect
    /// come last.
    pub fn list(&self) -> Vec<ParamInfo> {
        self.with_running(|running| list(self.registry(), running))
    }
}

impl Registry {
    /// All parameters in order of declaration, without values.
    pub fn list(&self) -> Vec<ParamInfo> {
        list(self, &Settings::new())
    }
}

fn list(registry: &Registry, running: &Settings) -> Vec<ParamInfo> {
    let mut list = Vec::new();
    let mut add = |entry: &Entry, at: usize, section: &'static str| {
        let said: Vec<&Setting> = running.values().filter(|s| s.entry == at).collect();
        if entry.spec.pattern {
            list.push(info(entry, section, None));
            list.extend(said.iter().map(|setting| info(entry, section, Some(setting))));
        } else {
            list.push(info(entry, section, said.first().copied()));
        }
    };
    for section in &registry.sections {
        for at in section.entries.clone() {
            add(&registry.entries[at], at, section.title);
        }
    }
    for (at, entry) in registry.entries.iter().enumerate() {
        if entry.planned && !registry.is_superseded(entry) {
            add(entry, at, "Known, without effect yet.");
        }
    }
    list
}

/// What the names of secrets have in them.
const SECRET_WORDS: [&str; 5] = ["secret", "password", "passwd", "passphrase", "private"];

fn info(entry: &Entry, section: &'static str, setting: Option<&Setting>) -> ParamInfo {
    let spec = &entry.spec;
    let setting = setting.filter(|s| !s.occurrences.is_empty());
    let sources = setting.map(|s| s.occurrences.iter().map(|o| o.origin.to_string()).collect::<Vec<_>>());
    ParamInfo {
        name: setting.map_or_else(|| spec.name.to_owned(), |s| s.name.clone()),
        member: spec.pattern && setting.is_some(),
        aliases: spec.aliases.clone(),
        kind: spec.type_name.clone(),
        default: if spec.secret { String::new() } else { spec.default.unwrap_or_default().to_owned() },
        min: spec.min,
        max: spec.max,
        live: spec.live,
        planned: entry.planned,
        help: spec.help,
        section,
        value: setting.map(|s| shown(spec, s)),
        source: sources.map(|s| s.join(", ")),
    }
}

/// The texts of a value, one a line; nothing of a secret, and no password of a URL.
fn shown(spec: &Spec, setting: &Setting) -> String {
    if is_secret(spec, &setting.name) {
        return HIDDEN.into();
    }
    setting.occurrences.iter().map(|o| without_password(&o.text)).collect::<Vec<_>>().join("\n")
}

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// Whether a parameter is one. A family such as the options of a pool holds secrets among other things.
fn is_secret(spec: &Spec, name: &str) -> bool {
    spec.secret || (spec.pattern && is_named_secret(name))
}

fn is_named_secret(name: &str) -> bool {
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// The text with what stands between the scheme and the last `@` of each URL's authority masked.
fn without_password(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        masked.push_str(before);
        masked.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, ',' | '"')).unwrap_or(after.len());
        // A password may hold any character, also a slash: up to the last sign that can end it.
        let (url, _) = after.split_at(end);
        rest = match url.rfind('@') {
            Some(at) => {
                masked.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn passwords_of_urls_are_masked() {
        assert_eq!(without_password("postgres://u:p/w@h:1/db"), "postgres://***@h:1/db");
        assert_eq!(without_password("redis://h, amqp://a:b@c"), "redis://h, amqp://***@c");
        assert_eq!(without_password("user@host"), "user@host");
    }
}
