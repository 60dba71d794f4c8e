//! The nearest known name to one that is not known, for messages about typing errors.

/// How many letters may differ between a name and what was probably meant; none for a name that is beyond any
/// known length: it is no typing error, and comparing it would cost.
pub(crate) fn limit(name: &str) -> Option<usize> {
    (name.len() <= 64).then(|| (name.len() / 4).clamp(1, 3))
}

/// The known name that was probably meant, if one is near enough; of equally near ones the first by the alphabet.
///
/// ```
/// use bkjs_core::suggest::nearest;
/// assert_eq!(nearest("emial", ["name", "email"]), Some("email"));
/// assert_eq!(nearest("colour", ["name", "email"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = limit(name)?;
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    distances.filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
}
