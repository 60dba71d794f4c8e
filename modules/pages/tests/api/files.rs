//! Markdown files of the web site.

use crate::start;

#[tokio::test]
async fn markdown_files_are_shown_and_given_as_they_are() {
    let server = start(&["-api-allow-path", r"\.md$"]).await;
    let web = server.home.path().join("web");
    std::fs::write(web.join("about.md"), "# About\n\n<script>alert(1)</script>").expect("written");
    std::fs::write(server.home.path().join("secret.md"), "secret").expect("written");
    let shown = server.get("/about.md").send().await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(shown.text().contains("About") && !shown.text().contains("alert"), "{}", shown.text());
    let raw = server.get("/about.md?_raw=1").send().await;
    assert!(raw.text().starts_with("# About"), "{}", raw.text());
    assert!(!raw.header("content-type").contains("html"));
    for path in ["/nosuch.md", "/../secret.md", "/%2e%2e/secret.md"] {
        let answer = server.get(path).send().await;
        assert!(answer.status >= 400 && !answer.text().contains("secret\n"), "{path}: {}", answer.text());
    }
}
