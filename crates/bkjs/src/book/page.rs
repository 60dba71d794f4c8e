//! A page: Markdown to HTML, its title, and the pages that it leads to.

use comrak::nodes::NodeValue;
use comrak::{Arena, Node, Options, format_html, parse_document};

/// A page of the book.
#[derive(Debug)]
pub(super) struct Page {
    /// Its first heading.
    pub(super) title: String,
    /// What is written.
    pub(super) html: String,
    /// The pages of the book that it links to, in order.
    pub(super) pages: Vec<Link>,
}

/// A link to a page.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) href: String,
}

/// Where a page is, by the name of its source without `.md`.
pub(super) fn address(name: &str) -> String {
    if name == super::FIRST { "/doc.html".to_owned() } else { format!("/doc/{name}.html") }
}

impl Page {
    /// Reads a source. `name` is its path in the folder of sources, without `.md`.
    pub(super) fn new(name: &str, markdown: &str) -> Self {
        let mut options = Options::default();
        options.extension.table = true;
        options.extension.header_id_prefix = Some(String::new());
        let arena = Arena::new();
        let root = parse_document(&arena, markdown, &options);
        let title = first_heading(root).unwrap_or_else(|| name.to_owned());
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let links: Vec<Node<'_>> =
            root.descendants().filter(|node| matches!(node.data().value, NodeValue::Link(_))).collect();
        let mut pages = Vec::new();
        for node in links {
            let NodeValue::Link(link) = &mut node.data_mut().value else { continue };
            let (file, anchor) = link.url.split_once('#').unwrap_or((&link.url, ""));
            let Some(page) = file.strip_suffix(".md").filter(|_| !file.contains("://")) else { continue };
            let Some(page) = join(folder, page) else { continue };
            let href = address(&page);
            link.url = if anchor.is_empty() { href.clone() } else { format!("{href}#{anchor}") };
            pages.push((node, href));
        }
        let pages = pages.into_iter().map(|(node, href)| Link { title: node.collect_text(), href }).collect();
        unlink_sources(root);
        let mut html = String::new();
        // Writing to a text does not fail.
        let _ = format_html(root, &options, &mut html);
        Self { title, html, pages }
    }
}

fn first_heading(root: Node<'_>) -> Option<String> {
    let heading = root.children().find(|node| matches!(node.data().value, NodeValue::Heading(_)))?;
    Some(heading.collect_text())
}

/// Links into the sources, which are not served, become texts.
fn unlink_sources(root: Node<'_>) {
    let is_source = |node: &Node<'_>| match &node.data().value {
        NodeValue::Link(link) => !link.url.starts_with(['/', '#']) && !link.url.contains("://"),
        _ => false,
    };
    let links: Vec<Node<'_>> = root.descendants().filter(is_source).collect();
    for link in links {
        let children: Vec<Node<'_>> = link.children().collect();
        children.into_iter().for_each(|child| link.insert_before(child));
        link.detach();
    }
}

/// A path seen from a folder; none when it leads out of the book.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, markdown: &str, expected: &str) {
        assert_eq!(Page::new(name, markdown).html.trim(), expected);
    }

    #[test]
    fn links_between_sources_become_links_between_pages() {
        check("a", "[b](b.md#c)", r#"<p><a href="/doc/b.html#c">b</a></p>"#);
        check(
            "x/a",
            "[b](../b.md) [c](c.md)",
            r#"<p><a href="/doc/b.html">b</a> <a href="/doc/x/c.html">c</a></p>"#,
        );
        check("a", "[h](https://example.com/x.md)", r#"<p><a href="https://example.com/x.md">h</a></p>"#);
        check("a", "[start](README.md)", r#"<p><a href="/doc.html">start</a></p>"#);
    }

    #[test]
    fn links_out_of_the_book_become_texts() {
        check(
            "a",
            "see [*that*](../Cargo.toml) and [this](../ARCHITECTURE.md)",
            "<p>see <em>that</em> and this</p>",
        );
    }
}
