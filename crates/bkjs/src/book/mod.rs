//! The book as pages of the site: `/doc.html` is its beginning, `/doc/NAME.html` a page.
//!
//! Its sources are built in. A page is made when it is first asked for, and kept.

mod page;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use bkjs_api::statics::{Asset, Assets};
use minijinja::{Environment, Value, context};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use page::{Link, Page};

/// The page that lists the others.
const FIRST: &str = "README";

/// The files of `docs/`.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../docs"]
#[include = "*.md"]
struct Sources;

/// The pages of the book.
pub(crate) struct Book;

impl Assets for Book {
    fn find(&self, path: &str) -> Option<Asset> {
        static MADE: LazyLock<Mutex<HashMap<String, Asset>>> = LazyLock::new(Mutex::default);
        let name = match path {
            "doc.html" => FIRST,
            _ => path.strip_prefix("doc/")?.strip_suffix(".html")?,
        };
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asset) = made.get(name) {
            return Some(asset.clone());
        }
        let asset = make(name)?;
        made.insert(name.to_owned(), asset.clone());
        Some(asset)
    }
}

/// Makes the page of a source; none when there is no such source, or its frame is wrong.
fn make(name: &str) -> Option<Asset> {
    let page = read(name)?;
    let address = page::address(name);
    let link = |link: Link| {
        let is_current = link.href == address;
        context! { title => link.title, href => link.href, is_current }
    };
    let contents: Vec<Value> = read(FIRST)?.pages.into_iter().map(link).collect();
    let mut environment = Environment::new();
    let result = environment.add_template("frame.html", include_str!("frame.html")).and_then(|()| {
        let (title, html) = (page.title, page.html);
        environment.get_template("frame.html")?.render(context! { title, html, contents })
    });
    let html = result.map_err(|error| tracing::error!(%error, page = name, "a page of the book")).ok()?;
    let etag = format!("\"{}\"", hex(&Sha256::digest(&html)[..16]));
    // Pages are few and are kept as long as the program runs.
    Some(Asset { data: Cow::Borrowed(html.leak().as_bytes()), etag, last_modified: None })
}

fn read(name: &str) -> Option<Page> {
    let source = Sources::get(&format!("{name}.md"))?;
    Some(Page::new(name, &String::from_utf8_lossy(&source.data)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(path: &str) -> Option<String> {
        Book.find(path).map(|asset| String::from_utf8(asset.data.into_owned()).unwrap())
    }

    #[test]
    fn every_page_is_there_and_its_links_lead_somewhere() {
        for source in Sources::iter() {
            let name = source.strip_suffix(".md").unwrap();
            let html = html(page::address(name).trim_start_matches('/')).unwrap_or_else(|| panic!("{name}"));
            for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let Some(path) = link.strip_prefix("/doc").map(|_| link.split('#').next().unwrap()) else {
                    continue;
                };
                assert!(Book.find(&path[1..]).is_some(), "{name}: {link}");
                if let Some((_, anchor)) = link.split_once('#') {
                    let target = self::html(&path[1..]).unwrap();
                    assert!(target.contains(&format!("id=\"{anchor}\"")), "{name}: {link}");
                }
            }
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for path in ["doc/README", "doc/nope.html", "doc/../Cargo.html", "doc/.html", "docs/README.html"] {
            assert!(Book.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_page_has_its_title_and_the_contents_of_the_book() {
        let html = html("doc/accounts.html").unwrap();
        assert!(html.contains("<title>Accounts - bkjs</title>"), "{html}");
        assert!(html.contains(r#"<a href="/doc/accounts.html" aria-current="page">Accounts</a>"#), "{html}");
        assert!(html.contains(r#"<a href="/doc/counters.html">Counters</a>"#), "{html}");
    }
}
