//! From the path of a request to the path of a file below the root.

use percent_encoding::percent_decode_str;

/// The path below the root, without a slash at its start; `index.html` for a folder. None when it would
/// leave the root or name what is not for the public: dot files, NUL, backslashes, device names.
pub(crate) fn clean(path: &str) -> Option<String> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let mut pieces: Vec<&str> = Vec::new();
    for piece in decoded.strip_prefix('/')?.split('/') {
        if piece.is_empty() {
            continue;
        }
        let hidden = piece.starts_with('.');
        if hidden || piece.chars().any(|c| c.is_control() || matches!(c, '\\' | ':')) {
            return None;
        }
        pieces.push(piece);
    }
    if decoded.ends_with('/') {
        pieces.push("index.html");
    }
    Some(pieces.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_folder_means_its_index() {
        assert_eq!(clean("/").as_deref(), Some("index.html"));
        assert_eq!(clean("/a/").as_deref(), Some("a/index.html"));
        assert_eq!(clean("/a%20b//c.js").as_deref(), Some("a b/c.js"));
    }

    #[test]
    fn no_path_leaves_the_root_or_names_what_is_hidden() {
        for path in [
            "/../a",
            "/a/../../b",
            "/%2e%2e/a",
            "/..%2fa",
            "/a/%2e%2e%2fb",
            "/.git/config",
            "/a/.env",
            "/a%00.html",
            "/a\\..\\b",
            "/a%5c..%5cb",
            "/c:/x",
            "/%ff",
            "a",
            "/./a",
            "/%2fetc/../x",
        ] {
            assert_eq!(clean(path), None, "{path}");
        }
        // Slashes that were encoded separate as the others do.
        assert_eq!(clean("/%2fetc%2fpasswd").as_deref(), Some("etc/passwd"));
    }

    proptest! {
        #[test]
        fn a_clean_path_is_below_the_root(path in "/[a./%25e\\\\]{0,20}") {
            if let Some(clean) = clean(&path) {
                let joined = std::path::Path::new("/root").join(&clean);
                prop_assert!(joined.starts_with("/root"));
                prop_assert!(clean.split('/').all(|piece| !piece.starts_with('.')), "{}", clean);
            }
        }
    }
}
