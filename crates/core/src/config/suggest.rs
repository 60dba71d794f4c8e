//! The nearest known parameter to a name that is none.

use super::registry::Registry;
use crate::suggest::limit;

/// The name that was probably meant, if one is near enough.
pub(super) fn nearest(registry: &Registry, name: &str) -> Option<String> {
    let limit = limit(name)?;
    let exact = registry.names().map(|known| (strsim::damerau_levenshtein(name, known), known.to_owned()));
    // The fixed beginning of a family's names, with the last part of what was written.
    let rest = name.rsplit_once('-').map_or("", |(_, rest)| rest);
    let families = registry.patterns().filter_map(|pattern| {
        let candidate = format!("{}{rest}", pattern.prefix());
        let near = strsim::damerau_levenshtein(name, &candidate);
        (near <= limit && pattern.is_match(&candidate)).then_some((near, candidate))
    });
    exact.chain(families).filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
}
