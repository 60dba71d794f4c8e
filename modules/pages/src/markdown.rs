//! Markdown to HTML that can do nothing.
//!
//! Whoever writes a page is not whoever reads it: HTML within Markdown is allowed, and what comes out passes an allow
//! list of elements, attributes and schemes of URLs. Nothing else decides what is safe.

use std::sync::OnceLock;

use ammonia::Builder;
use comrak::arena_tree::NodeEdge;
use comrak::nodes::NodeValue;
use comrak::{Arena, Node, Options};

/// What identifiers of headings begin with, so that they cannot pass for names of a page's own scripts.
const ID_PREFIX: &str = "page-";
/// The deepest nesting of quotes, lists and emphasis, and the most elements of HTML, of a text that is rendered. Each
/// open element costs every later one, so that without bounds a text could keep a core busy for minutes.
const MAX_DEPTH: usize = 100;
const MAX_ELEMENTS: usize = 2_000;

/// The HTML of a Markdown text: CommonMark with tables, strikethrough, autolinks, task lists and footnotes.
///
/// The result holds no script, style, form or frame, no attribute that runs anything, and no URL but of `http`, `https`
/// and `mailto`, and relative ones. It keeps a core busy for about as long as the text is large. A text that nests more
/// than a hundred levels, or with more than two thousand elements of HTML, is shown as it is.
pub fn to_html(markdown: &str) -> String {
    let (arena, options) = (Arena::new(), options());
    let root = comrak::parse_document(&arena, markdown, &options);
    let mut html = String::new();
    if is_bounded(root) && comrak::format_html(root, &options, &mut html).is_ok() {
        return sanitizer().clean(&html).to_string();
    }
    format!("<pre>{}</pre>", ammonia::clean_text(markdown))
}

fn is_bounded(root: Node<'_>) -> bool {
    let (mut depth, mut elements) = (0, 0);
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => {
                depth += 1;
                elements += match &node.data().value {
                    NodeValue::HtmlBlock(block) => block.literal.matches('<').count(),
                    NodeValue::HtmlInline(html) => html.matches('<').count(),
                    _ => 0,
                };
            }
            NodeEdge::End(_) => depth -= 1,
        }
        if depth > MAX_DEPTH || elements > MAX_ELEMENTS {
            return false;
        }
    }
    true
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.header_id_prefix = Some(ID_PREFIX.to_owned());
    extension.header_id_prefix_in_href = true;
    // It passes the sanitizer.
    options.render.r#unsafe = true;
    options
}

fn sanitizer() -> &'static Builder<'static> {
    static SANITIZER: OnceLock<Builder<'static>> = OnceLock::new();
    SANITIZER.get_or_init(|| {
        let mut builder = Builder::default();
        builder
            .url_schemes(["http", "https", "mailto"].into())
            .add_tags(["input"])
            .add_tag_attributes("input", ["checked"])
            // The boxes of task lists, which nobody can change.
            .set_tag_attribute_value("input", "type", "checkbox")
            .set_tag_attribute_value("input", "disabled", "")
            .add_tag_attributes("code", ["class"])
            .attribute_filter(|_, name, value| match name {
                "class" => value.starts_with("language-").then(|| value.into()),
                "id" => value.starts_with(ID_PREFIX).then(|| value.into()),
                _ => Some(value.into()),
            });
        for heading in ["a", "h1", "h2", "h3", "h4", "h5", "h6"] {
            builder.add_tag_attributes(heading, ["id"]);
        }
        builder
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn harmless(markdown: &str) {
        let html = to_html(markdown);
        let lower = html.to_lowercase();
        // Text is written with &lt;, so what follows a < is an element that is really there.
        for (at, _) in lower.match_indices('<') {
            let element = &lower[at..lower[at..].find('>').map_or(lower.len(), |end| at + end)];
            for bad in
                ["<script", "<style", "<iframe", "<svg", "<object", "<embed", "<form", "<base", "<meta"]
            {
                assert!(!element.starts_with(bad), "{markdown:?} gives {html:?}");
            }
            for bad in [" on", "javascript:", "vbscript:", "data:", " style=", " srcdoc=", " formaction="] {
                assert!(!element.contains(bad), "{markdown:?} gives {html:?}");
            }
        }
    }

    #[test]
    fn markdown_becomes_html() {
        let html = to_html("# Hello\n\n*a* [b](/c) `d`\n\n|x|y|\n|-|-|\n|1|2|\n\n- [x] done\n");
        for piece in [
            "<h1 id=\"page-hello\">Hello",
            "<em>a</em>",
            "href=\"/c\"",
            "<code>d</code>",
            "<td>1</td>",
            "disabled",
        ] {
            assert!(html.contains(piece), "{piece}: {html}");
        }
        assert!(html.contains("href=\"#page-hello\"") && html.contains("id=\"page-hello\""), "{html}");
        let code = to_html("```rust\nlet a = 1 < 2;\n```\n");
        assert!(code.contains("class=\"language-rust\"") && code.contains("1 &lt; 2"), "{code}");
    }

    #[test]
    fn html_that_can_do_nothing_stays() {
        assert!(to_html("<b>x</b> and <details><summary>s</summary>t</details>").contains("<b>x</b>"));
    }

    #[test]
    fn scripts_go() {
        harmless("<script>alert(1)</script>");
        harmless("<scr<script>ipt>alert(1)</scr</script>ipt>");
        harmless("a\n\n<SCRIPT SRC=//x.example/x.js></SCRIPT>\n");
        assert!(!to_html("<script>alert(1)</script>text").contains("alert"));
    }

    #[test]
    fn links_that_run_something_go() {
        harmless("[x](javascript:alert(1))");
        harmless("[x](JaVaScRiPt:alert(1))");
        harmless("[x](java&#x0A;script:alert(1))");
        harmless("[x](&#106;avascript:alert(1))");
        harmless("<a href=\" \tjavascript:alert(1)\">x</a>");
        harmless("<a href='vbscript:x'>x</a>");
        harmless("[x]: javascript:alert(1)\n\n[x]");
        harmless("<javascript:alert(1)>");
    }

    #[test]
    fn urls_that_hold_data_go() {
        harmless("![x](data:text/html;base64,PHNjcmlwdD4=)");
        harmless("[x](data:text/html,<script>alert(1)</script>)");
        harmless("<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">");
    }

    #[test]
    fn attributes_that_run_something_go() {
        harmless("<img src=x onerror=alert(1)>");
        harmless("<b onclick=\"alert(1)\" OnMouseOver='alert(1)'>x</b>");
        harmless("![x](a\" onerror=\"alert(1))");
        harmless("[x](a \"t\" onclick=\"alert(1)\")");
        harmless("<p style=\"background:url(javascript:x)\">x</p>");
        harmless("<button formaction=javascript:alert(1)>x</button>");
        harmless("<input type=image src=x onerror=alert(1)>");
    }

    #[test]
    fn raw_html_that_embeds_something_goes() {
        harmless("<iframe srcdoc='<script>alert(1)</script>'></iframe>");
        harmless(
            "<object data=x></object><embed src=x><base href=//x.example><meta http-equiv=refresh content=0>",
        );
        harmless("<form action=//x.example><input name=password></form>");
        harmless("<style>@import '//x.example'</style>");
        harmless("<!-- --!><script>alert(1)</script>-->");
    }

    #[test]
    fn svg_and_mathml_go() {
        harmless("<svg onload=alert(1)><script>alert(1)</script></svg>");
        harmless("<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>");
        harmless(
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        );
        harmless("<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">");
    }

    #[test]
    fn names_that_scripts_go_by_cannot_be_taken() {
        let html = to_html("<a id=location>x</a><img name=cookie src=/a.png>");
        assert!(!html.contains("location") && !html.contains("cookie"), "{html}");
    }

    #[test]
    fn what_nests_too_deep_is_shown_as_text() {
        for text in [">".repeat(20_000), "<div>".repeat(20_000), format!("a{}", "<b>".repeat(20_000))] {
            let html = to_html(&text);
            assert!(html.starts_with("<pre>") && !html[5..html.len() - 6].contains('<'), "{html:.40}");
        }
        for text in ["[".repeat(20_000), "* ".repeat(90), "*a **b ".repeat(5_000)] {
            let _ = to_html(&text);
        }
    }
}
