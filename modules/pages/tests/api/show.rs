//! Pages as browsers see them.

use bkjs_api::testing::Answer;
use serde_json::json;

use crate::{PUBLIC, start, write};

/// Whether nothing of a page runs: its elements and attributes, and what the browser is told to allow.
#[track_caller]
fn harmless(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let html = answer.text().to_lowercase();
    for (at, _) in html.match_indices('<') {
        let element = &html[at..html[at..].find('>').map_or(html.len(), |end| at + end)];
        for bad in ["<script", "<iframe", "<svg", "<object", "<embed", "<form", "<base"] {
            assert!(!element.starts_with(bad), "{html}");
        }
        for bad in [" on", "javascript:", "data:", "srcdoc"] {
            assert!(!element.contains(bad), "{html}");
        }
    }
}

#[tokio::test]
async fn a_page_is_shown_whole() {
    let server = start(&PUBLIC).await;
    write(&server, json!({"id": "a", "title": "A & B", "content": "# Hi\n\n**bold**", "pub": true})).await;
    let answer = server.get("/pages/show/a").send().await;
    harmless(&answer);
    let html = answer.text();
    assert!(html.starts_with("<!doctype html>") && html.contains("<title>A &amp; B</title>"), "{html}");
    assert!(html.contains("<strong>bold</strong>"), "{html}");
}

#[tokio::test]
async fn no_script_gets_into_a_page_whichever_way() {
    let server = start(&PUBLIC).await;
    for (n, text) in [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "</main></body><script>alert(1)</script>",
        "{{ 7 * 7 }}{% raw %}<script>alert(1)</script>{% endraw %}",
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("p{n}");
        write(&server, json!({"id": id, "title": text, "subtitle": text, "content": text, "pub": true}))
            .await;
        let answer = server.get(&format!("/pages/show/{id}")).send().await;
        harmless(&answer);
        // What is written is no template.
        assert!(!answer.text().contains("49"), "{}", answer.text());
        let rendered = server.get(&format!("/pages/get/{id}?_render=1")).send().await.done();
        assert!(!rendered["content"].as_str().unwrap_or("").contains("<script"), "{rendered}");
    }
}

#[tokio::test]
async fn a_template_of_the_web_site_is_used() {
    let server = start(&[&PUBLIC[..], &["-api-pages-csp", "default-src 'self'"]].concat()).await;
    write(&server, json!({"id": "a", "title": "<T>", "content": "*c*", "pub": true})).await;
    let file = server.home.path().join("web/pages.html");
    std::fs::write(&file, "<p>{{ title }}</p>{{ content }}").expect("written");
    let answer = server.get("/pages/show/a").send().await;
    assert_eq!(answer.text(), "<p>&lt;T&gt;</p><p><em>c</em></p>\n");
    assert_eq!(answer.header("content-security-policy"), "default-src 'self'");
}
