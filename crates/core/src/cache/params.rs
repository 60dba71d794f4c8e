//! The parameters of caches.

use std::collections::BTreeMap;

use crate::config::{Params, Secret};

/// Caches: where they are, by name.
#[derive(Params, Clone, Debug)]
#[params(prefix = "ipc")]
pub struct CacheParams {
    /// The URL of a cache, of the one that is used when none is named or of one by name; `local` is there without it.
    #[param(pattern = "cache(?:-([a-z0-9]+))?", secret)]
    pub cache: BTreeMap<String, Secret>,
    /// An option of a cache, of the one that is used when none is named or of one by name; it wins over the URL.
    #[param(pattern = "cache(?:-([a-z0-9]+))?-options-([a-zA-Z0-9_-]+)", secret)]
    pub options: BTreeMap<(String, String), Secret>,
}
