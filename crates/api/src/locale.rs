//! Texts in the language of a client.
//!
//! A file of the folder `locales`, such as `de.json`, is a JSON object from the English text to its translation. An
//! empty pair of braces stands for the parts that differ: `"{} must be text": "{} muss Text sein"`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 8 << 20;
/// How many texts without a translation are told.
const MAX_MISSING: usize = 1000;
/// How much of a header is looked at.
const MAX_HEADER: usize = 1000;
/// What stands for the parts that differ.
const HOLE: &str = "{}";

/// The translations of all languages.
#[derive(Debug, Default)]
pub struct Locales {
    languages: BTreeMap<String, Language>,
    /// Language and text of what has no translation and was told.
    missing: Mutex<HashSet<(String, String)>>,
}

#[derive(Debug, Default)]
struct Language {
    texts: HashMap<String, String>,
    /// Those with holes.
    forms: Vec<(String, String)>,
}

impl Locales {
    /// Reads the files of a folder; of the languages in `only`, when there are some. A folder that is not there has
    /// none. A file that cannot be read is told to the log and left out.
    pub fn load(folder: &Path, only: &[String]) -> Self {
        let mut locales = Self::default();
        let Ok(entries) = std::fs::read_dir(folder) else { return locales };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(name) = name.strip_suffix(".json").filter(|name| !name.is_empty()) else { continue };
            if !only.is_empty() && !only.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
                continue;
            }
            match read(&path) {
                Ok(language) => drop(locales.languages.insert(name.to_lowercase(), language)),
                Err(error) => {
                    tracing::error!(file = %path.display(), error, "a file of translations was left out")
                }
            }
        }
        for name in only.iter().filter(|name| !locales.languages.contains_key(&name.to_lowercase())) {
            tracing::warn!(language = name, folder = %folder.display(), "there are no translations");
        }
        locales
    }

    /// Whether there are no translations at all.
    pub fn is_empty(&self) -> bool {
        self.languages.is_empty()
    }

    /// The language for a client that says `lang`, or else accepts others; none when there is none of them.
    pub(crate) fn choose(&self, lang: Option<&str>, headers: &HeaderMap) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        if let Some(found) = lang.and_then(|lang| self.find(lang)) {
            return Some(found);
        }
        let accepted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok().filter(|text| text.len() <= MAX_HEADER)?;
        let mut best: Option<(f32, &str)> = None;
        for piece in accepted.split(',') {
            let (name, quality) = piece.split_once(';').unwrap_or((piece, "q=1"));
            let quality: f32 = quality.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
            if quality > best.map_or(0.0, |(best, _)| best)
                && let Some(found) = self.find(name.trim())
            {
                best = Some((quality, found));
            }
        }
        best.map(|(_, found)| found)
    }

    /// A language by its name, or by the part of it before the country.
    fn find(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase().replace('_', "-");
        let base = name.split('-').next().unwrap_or_default();
        let (found, _) =
            self.languages.get_key_value(&name).or_else(|| self.languages.get_key_value(base))?;
        Some(found)
    }

    /// A text in a language; as it is when there is no translation, of which the log is told once.
    pub fn translate<'a>(&self, language: &str, text: &'a str) -> Cow<'a, str> {
        let Some(known) = self.languages.get(language) else { return Cow::Borrowed(text) };
        if let Some(translation) = known.texts.get(text) {
            return Cow::Owned(translation.clone());
        }
        if let Some(translation) =
            known.forms.iter().find_map(|(form, translation)| fill(form, translation, text))
        {
            return Cow::Owned(translation);
        }
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if missing.len() < MAX_MISSING && missing.insert((language.to_owned(), text.to_owned())) {
            tracing::info!(language, text, "a text has no translation");
        }
        Cow::Borrowed(text)
    }
}

fn read(path: &Path) -> Result<Language, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > MAX_FILE {
        return Err(format!("it is larger than {MAX_FILE} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let texts: HashMap<String, String> =
        serde_json::from_str(&text).map_err(|e| format!("not a JSON object of texts: {e}"))?;
    let mut forms: Vec<_> =
        texts.iter().filter(|(form, _)| form.contains(HOLE)).map(|(a, b)| (a.clone(), b.clone())).collect();
    // The one that says most is tried first.
    forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    Ok(Language { texts, forms })
}

/// The translation with the parts of `text` that stand where `form` has holes; none when the text has another form.
fn fill(form: &str, translation: &str, text: &str) -> Option<String> {
    let mut pieces = form.split(HOLE);
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut parts = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let at = match (pieces.peek().is_none(), piece) {
            (true, _) => rest.len().checked_sub(piece.len()).filter(|_| rest.ends_with(piece))?,
            (false, piece) => rest.find(piece)?,
        };
        parts.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    let mut parts = parts.into_iter();
    let mut pieces = translation.split(HOLE);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled.push_str(parts.next().unwrap_or_default());
        filled.push_str(piece);
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales(files: &[(&str, &str)], only: &[&str]) -> Locales {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Locales::load(folder.path(), &only.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    const GERMAN: (&str, &str) =
        ("de.json", r#"{"not found":"nicht gefunden","{} must be text":"{} muss Text sein"}"#);

    #[test]
    fn texts_and_forms_are_translated_and_others_stay() {
        let locales = locales(&[GERMAN], &[]);
        for (text, translation) in [
            ("not found", "nicht gefunden"),
            ("name must be text", "name muss Text sein"),
            (" must be text", " muss Text sein"),
            ("unknown", "unknown"),
            ("", ""),
        ] {
            assert_eq!(locales.translate("de", text), translation);
        }
        assert_eq!(locales.translate("fr", "not found"), "not found");
    }

    #[test]
    fn forms_with_several_holes() {
        assert_eq!(
            fill("{}: at most {}", "höchstens {1} {}", "a: at most 5").as_deref(),
            Some("höchstens {1} a")
        );
        assert_eq!(fill("a {} b {} c", "{}|{}", "a 1 b 2 c").as_deref(), Some("1|2"));
        assert_eq!(fill("a {} b", "{}", "a b"), None);
        assert_eq!(fill("{}", "<{}>", "x").as_deref(), Some("<x>"));
    }

    #[test]
    fn what_has_no_translation_is_noted_once_and_within_bounds() {
        let locales = locales(&[GERMAN], &[]);
        for number in 0..2 * MAX_MISSING {
            locales.translate("de", &format!("text {}", number / 2));
        }
        assert_eq!(locales.missing.lock().expect("no panic").len(), MAX_MISSING);
    }

    #[test]
    fn the_best_language_that_is_there_is_chosen() {
        let locales = locales(&[GERMAN, ("pt-BR.json", "{}"), ("bad.json", "["), ("x.txt", "{}")], &[]);
        let choose = |lang: Option<&str>, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, accept.parse().expect("a value"));
            locales.choose(lang, &headers).map(str::to_owned)
        };
        for (lang, accept, chosen) in [
            (Some("de"), "pt-BR", Some("de")),
            (Some("DE_at"), "", Some("de")),
            (Some("xx"), "pt-br", Some("pt-br")),
            (None, "en, de;q=0.5, pt-BR;q=0.7", Some("pt-br")),
            (None, "de-CH;q=0.1", Some("de")),
            (None, "de;q=0, fr", None),
            (None, "de;q=NaN", None),
            (None, "bad", None),
        ] {
            assert_eq!(choose(lang, accept).as_deref(), chosen, "{lang:?} {accept}");
        }
    }

    #[test]
    fn only_the_wanted_languages_are_read() {
        let locales = locales(&[GERMAN, ("fr.json", "{}")], &["FR", "it"]);
        assert_eq!(locales.languages.keys().collect::<Vec<_>>(), ["fr"]);
    }
}
