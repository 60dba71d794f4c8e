//! Pages as HTML: Markdown within a template.

use std::sync::{Arc, OnceLock};

use bkjs_api::{Api, Reply};
use bkjs_core::config::Handle;
use bkjs_core::offload::{Bounds, Offload};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use http::{HeaderValue, header};
use minijinja::{Environment, Value, context};

use crate::markdown::to_html;
use crate::params::PageParams;

/// The template without one of the application's own.
const BUILT_IN: &str = include_str!("page.html");
/// The largest file that is a template, or shown as a page.
pub(crate) const MAX_FILE: u64 = 1 << 20;
const HTML: &str = "text/html; charset=utf-8";

/// Renders pages, a few at a time.
#[derive(Clone, Debug)]
pub(crate) struct View {
    params: Handle<PageParams>,
    work: Arc<OnceLock<Offload>>,
}

impl View {
    pub(crate) fn new(params: Handle<PageParams>) -> Self {
        Self { params, work: Arc::default() }
    }

    fn work(&self) -> &Offload {
        self.work.get_or_init(|| Offload::new("pages", Bounds::default()))
    }

    /// The HTML of a Markdown text.
    pub(crate) async fn html(&self, markdown: String) -> Result<String> {
        self.work().run(move || Ok(to_html(&markdown))).await
    }

    /// A whole page, for browsers.
    pub(crate) async fn page(&self, api: &Api, page: Row) -> Result<Reply> {
        let params = self.params.load_full();
        let own = api.site_file(&format!("/{}", params.view), MAX_FILE).await?;
        let own = own.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let html = self.work().run(move || whole(own.as_deref(), &page)).await?;
        let mut reply = Reply::text(HTML, html)
            .header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        match HeaderValue::from_str(&params.csp) {
            Ok(policy) if !policy.is_empty() => {
                reply = reply.header(header::CONTENT_SECURITY_POLICY, policy);
            }
            // Without one the policy of all pages takes its place.
            _ => tracing::error!("api-pages-csp is no value of a header"),
        }
        Ok(reply)
    }
}

fn whole(own: Option<&str>, page: &Row) -> Result<String> {
    let content = to_html(page.text("content"));
    if let Some(own) = own {
        match rendered(own, page, &content) {
            Ok(html) => return Ok(html),
            // The page is there, whatever is wrong with its looks.
            Err(error) => {
                tracing::error!(%error, "the template of pages does not work, the plain one is shown")
            }
        }
    }
    rendered(BUILT_IN, page, &content)
        .map_err(|e| Error::internal("the built-in template of pages").source(e))
}

fn rendered(template: &str, page: &Row, content: &str) -> std::result::Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // By its name everything is escaped but what is safe by its type.
    environment.add_template("page.html", template)?;
    environment.get_template("page.html")?.render(context! {
        id => page.text("id"),
        title => page.text("title"),
        subtitle => page.text("subtitle"),
        mtime => page.int("mtime"),
        content => Value::from_safe_string(content.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Row {
        Row::new()
            .with("id", "<i>")
            .with("title", "\"><script>alert(1)</script>")
            .with("subtitle", "</title>")
            .with("content", "*hello* <script>alert(2)</script>")
    }

    #[test]
    fn only_the_rendered_content_is_html() {
        let html = whole(None, &page()).expect("renders");
        assert!(html.contains("<em>hello</em>") && html.starts_with("<!doctype html>"), "{html}");
        assert!(!html.contains("alert(2)") && !html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<i>"), "{html}");
    }

    #[test]
    fn a_template_of_ones_own_is_used_and_a_broken_one_hides_no_page() {
        let html = whole(Some("[{{ title }}|{{ content }}]"), &page()).expect("renders");
        assert!(html.starts_with("[&quot;&gt;&lt;script") && html.contains("<em>hello</em>"), "{html}");
        for broken in ["{% if %}", "{{ nosuch.deep.er }}", "{% include 'x' %}"] {
            assert!(whole(Some(broken), &page()).expect("renders").contains("<em>hello</em>"));
        }
    }
}
