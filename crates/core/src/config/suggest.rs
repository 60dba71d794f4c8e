//! The nearest known name to one that is not known.

use super::registry::Registry;

/// The name that was probably meant, if one is near enough.
pub(super) fn nearest(registry: &Registry, name: &str) -> Option<String> {
    // Names beyond any known length are not typing errors, and comparing them would cost.
    if name.len() > 64 {
        return None;
    }
    let limit = (name.len() / 4).clamp(1, 3);
    let exact = registry.names().map(|known| (strsim::damerau_levenshtein(name, known), known.to_owned()));
    let families = registry.patterns().filter_map(|(pattern, regex)| {
        // The fixed beginning of a pattern, with the rest of what was written.
        let start = &pattern[..pattern.find(['(', '[', '.', '\\', '?']).unwrap_or(pattern.len())];
        let rest = name.rsplit_once('-').map_or("", |(_, rest)| rest);
        let candidate = format!("{start}{rest}");
        let near = regex.is_match(&candidate).then(|| strsim::damerau_levenshtein(name, &candidate));
        near.map(|distance| (distance, candidate))
    });
    exact.chain(families).filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
}
