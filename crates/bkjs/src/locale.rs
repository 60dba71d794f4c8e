//! Where texts in other languages are.

use std::path::{Path, PathBuf};

use bkjs_api::Locales;
use bkjs_core::config::Params;

/// Texts in other languages.
#[derive(Params, Clone, Debug)]
pub(crate) struct LocaleParams {
    /// The folder of translations, a file for each language, such as `de.json`.
    #[param(default = "locales", local)]
    locales_dir: PathBuf,
    /// The languages to read, by the names of their files; all that there are when empty.
    locales: Vec<String>,
    /// Reads no translations.
    no_locales: bool,
}

impl LocaleParams {
    /// The translations of a home.
    pub(crate) fn load(&self, home: &Path) -> Locales {
        if self.no_locales {
            Locales::default()
        } else {
            Locales::load(&home.join(&self.locales_dir), &self.locales)
        }
    }
}
