//! How the types of stored columns, as the server spells them, fit those that are wanted.

use crate::db::upgrade::Fit;

const TEXT: &str = "text";
const BYTES: &str = "bytes";

/// How a column that is stored as one type serves as the other; `in_key` when it is of the stored key.
pub(super) fn fit(stored: &str, wanted: &str, in_key: bool) -> Fit {
    // A column that has become unique gets a length.
    if stored.starts_with("long") && wanted.starts_with("var") && !in_key && is_alike(stored, wanted) {
        Fit::Length
    } else if !is_alike(stored, wanted) {
        Fit::Other
    } else if is_shorter(stored, wanted) {
        Fit::Short
    } else {
        Fit::Same
    }
}

/// Whether a column that is stored as one type serves as the other, but for its length: newer servers do not say the
/// width of numbers.
fn is_alike(stored: &str, wanted: &str) -> bool {
    class(stored) == class(wanted)
}

/// Whether a text or bytes, stored as one type, may have to be cut where the other type is wanted.
fn is_shorter(stored: &str, wanted: &str) -> bool {
    matches!(class(stored), TEXT | BYTES) && capacity(stored) < capacity(wanted)
}

/// What types of one kind of value are called together.
fn class(kind: &str) -> &str {
    match kind.split('(').next().unwrap_or_default() {
        "varchar" | "longtext" | "mediumtext" | "text" | "char" | "json" => TEXT,
        "varbinary" | "longblob" | "mediumblob" | "blob" | "binary" => BYTES,
        kind => kind,
    }
}

/// The letters or bytes that a type holds; of the types without a length bytes, even of texts, which are more than any
/// length of ours has letters.
fn capacity(kind: &str) -> u32 {
    let length = kind.split_once('(').and_then(|(_, length)| length.trim_end_matches(')').parse().ok());
    match (length, kind) {
        (Some(length), _) => length,
        (None, "text" | "blob") => u16::MAX.into(),
        (None, "mediumtext" | "mediumblob") => (1 << 24) - 1,
        (None, _) => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_type_fits_when_it_holds_what_the_wanted_one_does() {
        for (stored, wanted, expected) in [
            ("varchar(768)", "varchar(768)", Fit::Same),
            ("varchar(1000)", "varchar(768)", Fit::Same),
            ("text", "varchar(768)", Fit::Same),
            ("json", "longtext", Fit::Same),
            ("bigint", "bigint(20)", Fit::Same),
            ("varchar(20)", "varchar(768)", Fit::Short),
            ("text", "longtext", Fit::Short),
            ("mediumblob", "longblob", Fit::Short),
            ("longtext", "varchar(768)", Fit::Length),
            ("varchar(20)", "longblob", Fit::Other),
            ("int(11)", "bigint(20)", Fit::Other),
        ] {
            assert_eq!(fit(stored, wanted, false), expected, "{stored} {wanted}");
        }
        assert_eq!(fit("longtext", "varchar(768)", true), Fit::Same);
    }
}
