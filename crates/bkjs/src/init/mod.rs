//! `bkjs init-module`: the beginning of a module.
//!
//! What is written is the module `sample` in the folder `module` beside this file, with other names; the workspace
//! compiles and tests that as it stands.

use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use bkjs_core::{Error, ErrorKind, Result};

/// The files, by their place in the module.
const FILES: [(&str, &str); 5] = [
    ("src/lib.rs", include_str!("module/src/lib.rs")),
    ("src/handlers.rs", include_str!("module/src/handlers.rs")),
    ("src/service.rs", include_str!("module/src/service.rs")),
    ("src/tables.rs", include_str!("module/src/tables.rs")),
    ("tests/api.rs", include_str!("module/tests/api.rs")),
];

/// How the command is used.
pub(crate) const USAGE: &str = "init-module NAME [-path DIR] [-bkjs DIR]";

/// Words that are no names of functions.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "test", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Makes the module that the words ask for; gives what there is to say about it.
///
/// # Errors
/// `Invalid` for a name that is none and words that are not understood, `AlreadyExists` when something is in its place,
/// `Unavailable` when it cannot be written.
pub(crate) fn module(words: &[String]) -> Result<String> {
    let asked = Asked::parse(words)?;
    let manifest = asked.manifest()?;
    if fs::read_dir(&asked.folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let text = format!("{} is there already: name another place with -path", asked.folder.display());
        return Err(Error::new(ErrorKind::AlreadyExists, text));
    }
    write(&asked.folder.join("Cargo.toml"), &manifest)?;
    for (place, text) in FILES {
        write(&asked.folder.join(place), &renamed(text, &asked.name))?;
    }
    let (folder, name, camel) = (asked.folder.display(), &asked.name, camel(&asked.name));
    Ok(format!(
        "made {folder}: a module with a table, four endpoints and their tests\n\n\
         try it:  cargo test --manifest-path {folder}/Cargo.toml\n\
         use it:  App::new(\"...\").module({name}::{camel}Module)\n"
    ))
}

/// How a crate of the framework is depended on, by the name of its folder.
type Source = Box<dyn Fn(&str) -> String>;

/// What is to be made.
#[derive(Debug)]
struct Asked {
    name: String,
    folder: PathBuf,
    /// Where the sources of the framework are.
    bkjs: Option<PathBuf>,
}

impl Asked {
    fn parse(words: &[String]) -> Result<Self> {
        let usage = |what: String| Error::invalid(format!("{what}: {USAGE}"));
        let (mut name, mut path, mut bkjs) = (None, None, None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let place = match word.trim_start_matches('-') {
                "path" if word.starts_with('-') => &mut path,
                "bkjs" if word.starts_with('-') => &mut bkjs,
                _ if word.starts_with('-') => return Err(usage(format!("unknown option {word:.40}"))),
                _ if name.is_none() => {
                    name = Some(checked(word)?);
                    continue;
                }
                _ => return Err(usage(format!("unexpected word {word:.40}"))),
            };
            let value = words.next().ok_or_else(|| usage(format!("{word} has no value")))?;
            *place = Some(PathBuf::from(value));
        }
        let name = name.ok_or_else(|| usage("the name of the module is missing".to_owned()))?;
        let folder = path.unwrap_or_else(|| PathBuf::from(&name));
        Ok(Self { name, folder, bkjs })
    }

    /// Its `Cargo.toml`: with the dependencies of the workspace around it where that knows the framework, else with
    /// those of the place that is named, else with released ones.
    fn manifest(&self) -> Result<String> {
        let name = &self.name;
        let (package, bkjs, others): (&str, Source, [&str; 5]) = if self.in_workspace() {
            let others = [".workspace = true"; 5];
            let package = "version.workspace = true\nedition.workspace = true\n";
            (package, Box::new(|_| "workspace = true".to_owned()), others)
        } else {
            let others = [
                " = \"0.8\"",
                " = \"1\"",
                " = { version = \"1\", features = [\"derive\"] }",
                " = \"1\"",
                " = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }",
            ];
            let package = "version = \"0.1.0\"\nedition = \"2024\"\n";
            match &self.bkjs {
                Some(root) => {
                    let root = fs::canonicalize(root).map_err(|e| unreadable(root, e))?;
                    let place = move |part: &str| format!("path = {:?}", root.join("crates").join(part));
                    (package, Box::new(place), others)
                }
                None => {
                    let version = env!("CARGO_PKG_VERSION");
                    (package, Box::new(move |_| format!("version = \"{version}\"")), others)
                }
            }
        };
        let [axum, schemars, serde, serde_json, tokio] = others;
        let (api, core) = (bkjs("api"), bkjs("core"));
        Ok(format!(
            "[package]\nname = \"{name}\"\n{package}publish = false\n\n\
             [dependencies]\naxum{axum}\nbkjs-api = {{ {api} }}\nbkjs-core = {{ {core} }}\nschemars{schemars}\n\
             serde{serde}\n\n\
             [dev-dependencies]\nbkjs-api = {{ {api}, features = [\"testing\"] }}\n\
             bkjs-core = {{ {core}, features = [\"sqlite\"] }}\nserde_json{serde_json}\ntokio{tokio}\n"
        ))
    }

    /// Whether a workspace is around it that has the framework among its dependencies.
    fn in_workspace(&self) -> bool {
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let manifests = folder.ancestors().skip(1).map(|above| above.join("Cargo.toml"));
        let mut texts = manifests.filter_map(|manifest| fs::read_to_string(manifest).ok());
        // The nearest one is cargo's too.
        let nearest = texts.find(|text| text.contains("[workspace"));
        nearest.is_some_and(|text| text.contains("[workspace.dependencies]") && text.contains("\nbkjs-api"))
    }
}

/// A name that a crate, a function and a table can have.
fn checked(name: &str) -> Result<String> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    match is_plain && !KEYWORDS.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(Error::invalid(format!(
            "{name:.40?} is no name of a module: lower case letters, digits and _, at most 40, no word of Rust"
        ))),
    }
}

/// A text of the sample with another name in its place.
fn renamed(text: &str, name: &str) -> String {
    text.replace("SAMPLE", &name.to_uppercase()).replace("Sample", &camel(name)).replace("sample", name)
}

fn camel(name: &str) -> String {
    let parts = name.split('_').filter(|part| !part.is_empty());
    parts.map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

fn write(file: &Path, text: &str) -> Result<()> {
    let failed = |e: std::io::Error| {
        let text = format!("{} cannot be written: {e}", file.display());
        Error::new(ErrorKind::Unavailable, text).source(e)
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(file, text).map_err(failed)
}

fn unreadable(folder: &Path, error: std::io::Error) -> Error {
    let kind = if error.kind() == Io::NotFound { ErrorKind::NotFound } else { ErrorKind::Unavailable };
    Error::new(kind, format!("-bkjs {}: {error}", folder.display())).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(words: &[&str]) -> std::result::Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        module(&words).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_module_is_the_sample_under_its_own_name() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("items");
        let path = folder.to_str().expect("text");
        let said = make(&["order_items", "-path", path]).expect("is made");
        assert!(said.contains("order_items::OrderItemsModule"), "{said}");
        for (place, text) in FILES {
            let made = fs::read_to_string(folder.join(place)).expect("is there");
            assert!(!made.to_lowercase().contains("sample"), "{place}: {made}");
            assert_eq!(made.lines().count(), text.lines().count(), "{place}");
        }
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("is there");
        assert!(
            manifest.contains("name = \"order_items\"") && manifest.contains("bkjs-api = { version"),
            "{manifest}"
        );
        assert!(make(&["other", "-path", path]).expect_err("is there").contains("already"));
    }

    #[test]
    fn a_workspace_that_knows_the_framework_lends_its_dependencies() {
        let home = tempfile::tempdir().expect("a folder");
        let root = "[workspace]\nmembers = [\"modules/*\"]\n[workspace.dependencies]\nbkjs-api = \"0.1\"\n";
        fs::write(home.path().join("Cargo.toml"), root).expect("written");
        let folder = home.path().join("modules/items");
        make(&["items", "-path", folder.to_str().expect("text")]).expect("is made");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("is there");
        assert!(manifest.contains("axum.workspace = true\nbkjs-api = { workspace = true }"), "{manifest}");
    }

    #[test]
    fn what_is_no_module_is_named() {
        for (words, told) in [
            (&[][..], "name of the module is missing"),
            (&["Orders"], "lower case"),
            (&["1st"], "lower case"),
            (&["async"], "word of Rust"),
            (&["../x"], "lower case"),
            (&["a", "b"], "unexpected word b"),
            (&["a", "-nosuch", "x"], "unknown option -nosuch"),
            (&["a", "-path"], "-path has no value"),
            (&["a", "-path", "/nonexistent/a", "-bkjs", "/nonexistent/b"], "-bkjs /nonexistent/b"),
        ] {
            let error = make(words).expect_err("is refused");
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }
}
