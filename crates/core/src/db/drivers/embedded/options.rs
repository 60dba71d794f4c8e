use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Error, ErrorKind, Result};

/// When a commit waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// As far as the database needs it to stay sound: a commit survives the death of every process, and may be
    /// lost with the power.
    #[default]
    Normal,
    /// At every commit: it survives the loss of power as well.
    Full,
    /// Never: the loss of power may damage the database.
    Off,
}

/// The file that a URL or name stands for: `PRODUCT://PATH`, a path, a plain name for the file `NAME.ENDING` beside
/// `default`, or nothing for `default` with that ending.
///
/// # Errors
/// `Config` for a URL with a query part, or of another product.
pub(in crate::db::drivers) fn file_of(
    product: &str,
    ending: &str,
    url: &str,
    default: &Path,
) -> Result<PathBuf> {
    let of_product = url.strip_prefix(product).and_then(|rest| rest.strip_prefix(':'));
    if of_product.is_none() && url.contains("://") {
        let message = format!("{url:.80} is no url of {product}");
        return Err(Error::new(ErrorKind::Config, message));
    }
    let name = of_product.unwrap_or(url);
    let name = name.strip_prefix("//").unwrap_or(name);
    if of_product.is_some() && name.contains('?') {
        let message = format!("a url of {product} has no query part: give options as settings of the pool");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(match name {
        "" | "default" => default.with_extension(ending),
        name if name == product => default.with_extension(ending),
        name if name.contains(['/', '.']) => PathBuf::from(name),
        name => default.with_file_name(format!("{name}.{ending}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_a_path_and_a_name_say_where_the_file_is() {
        let path = |url: &str| file_of("any", "x", url, Path::new("var/app.db")).expect("fits");
        assert_eq!(path(""), Path::new("var/app.x"));
        assert_eq!(path("any"), Path::new("var/app.x"));
        assert_eq!(path("any://"), Path::new("var/app.x"));
        assert_eq!(path("other"), Path::new("var/other.x"));
        assert_eq!(path("any:///data/a.b"), Path::new("/data/a.b"));
        assert_eq!(path("any://data/a"), Path::new("data/a"));
        for wrong in ["any://a?mode=ro", "other://a"] {
            assert!(file_of("any", "x", wrong, Path::new("a.db")).is_err(), "{wrong}");
        }
    }
}
