//! The products of a family of drivers: which one a URL is of, and what its query part sets.

use super::settings::Settings;
use crate::suggest::nearest;
use crate::{Error, ErrorKind, Result};

/// A product that this build has a driver for, and what is known of it without opening it.
#[derive(Debug)]
pub struct Product<Can, Open> {
    /// Its name.
    pub name: &'static str,
    /// The schemes of its URLs.
    pub schemes: &'static [&'static str],
    /// What every driver of it can do.
    pub capabilities: Can,
    /// Opens a driver of it.
    pub(crate) open: Open,
}

/// The URL without its query part, which sets options that `options` does not have. Names may begin with `bk-`, as the
/// original marks those that are its own, and may have dashes.
pub(crate) fn without_query<'a>(url: &'a str, options: &mut Settings) -> &'a str {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.strip_prefix("bk-").unwrap_or(&name).replace('-', "_");
        options.entry(name).or_insert_with(|| value.into_owned());
    }
    url
}

/// The product of a URL, by its scheme, or by the scheme alone; `what` the drivers of all are for is said when there is
/// none.
///
/// # Errors
/// `Config`, naming the nearest scheme that there is, and nothing of a URL without one, which may be a password.
pub(crate) fn product_of<'a, Can, Open>(
    what: &str,
    url: &str,
    products: &'a [Product<Can, Open>],
) -> Result<&'a Product<Can, Open>> {
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    if let Some(product) = products.iter().find(|product| product.schemes.contains(&scheme)) {
        return Ok(product);
    }
    let known: Vec<&str> = products.iter().flat_map(|product| product.schemes.iter().copied()).collect();
    let there = known.join(", ");
    let text = if url.contains("://") {
        let meant = nearest(scheme, known).map(|name| format!(", did you mean {name}://"));
        let meant = meant.unwrap_or_default();
        format!("no {what} driver for {scheme:.40}:// in this build{meant}; there are: {there}")
    } else {
        format!("no {what} driver for a url without ://; there are: {there}")
    };
    Err(Error::new(ErrorKind::Config, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCTS: [Product<(), ()>; 2] = [
        Product { name: "local", schemes: &["local"], capabilities: (), open: () },
        Product { name: "redis", schemes: &["redis", "rediss"], capabilities: (), open: () },
    ];

    fn found(url: &str) -> Result<&'static str> {
        product_of("test", url, &PRODUCTS).map(|product| product.name)
    }

    #[test]
    fn a_product_is_found_by_each_of_its_schemes() {
        for (url, product) in [("local", "local"), ("local://", "local"), ("rediss://h:1/2", "redis")] {
            assert_eq!(found(url).expect("is known"), product);
        }
    }

    #[test]
    fn the_nearest_scheme_is_named_and_no_password_shown() {
        let refused = |url| found(url).expect_err("is refused").message().to_owned();
        assert_eq!(
            refused("redsi://u:secret@h"),
            "no test driver for redsi:// in this build, did you mean redis://; there are: local, redis, rediss"
        );
        assert!(!refused("u:secret@h").contains("secret"));
    }

    #[test]
    fn the_query_part_sets_what_is_not_set() {
        let mut options = Settings::from([("max".to_owned(), "7".to_owned())]);
        assert_eq!(without_query("x://h/1?bk-max=3&max-waiting=5", &mut options), "x://h/1");
        assert_eq!(
            options.into_iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>(),
            ["max=7", "max_waiting=5"]
        );
    }
}
