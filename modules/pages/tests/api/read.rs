//! Who sees which pages.

use serde_json::json;

use crate::{PUBLIC, start, write};

#[tokio::test]
async fn without_a_login_only_public_pages_are_there() {
    let server = start(&PUBLIC).await;
    write(&server, json!({"id": "open", "title": "Open", "content": "a", "pub": true})).await;
    write(&server, json!({"id": "closed", "title": "Closed", "content": "hidden", "pub": false})).await;
    write(&server, json!({"id": "unsaid", "title": "Unsaid", "content": "hidden"})).await;
    assert_eq!(server.get("/pages/get/open").send().await.done()["title"], "Open");
    for path in ["get/closed", "get/unsaid", "get?id=closed", "show/closed", "get/nosuch", "show/nosuch"] {
        server.get(&format!("/pages/{path}")).send().await.refused(404, "no such page");
    }
    let titles = |found: &serde_json::Value| -> Vec<String> {
        let data = found["data"].as_array().cloned().unwrap_or_default();
        let mut all: Vec<_> =
            data.iter().map(|page| page["title"].as_str().unwrap_or("").to_owned()).collect();
        all.sort();
        all
    };
    for query in [
        "",
        "?pub=false",
        "?pub=0",
        "?_select=id,title,pub",
        "?pub=1",
        "?title=Open",
        "?pub_$ne=1",
        "?$or={}",
    ] {
        let answer = server.get(&format!("/pages/select{query}")).send().await;
        let text = answer.text();
        assert!(!text.contains("hidden") && !text.contains("closed"), "{query}: {text}");
    }
    let any = server.get("/pages/select?title=Closed&id=open&_ops=title,eq,pub,ne&_any=1").send().await;
    assert!(!any.text().contains("hidden"), "{}", any.text());
    let all = server.ask("ann", "/pages/select").await.done();
    assert_eq!(titles(&all), ["Closed", "Open", "Unsaid"]);
    assert_eq!(titles(&server.get("/pages/select").send().await.done()), ["Open"]);
    assert_eq!(server.ask("ann", "/pages/get/closed").await.done()["content"], "hidden");
}

#[tokio::test]
async fn nothing_is_open_unless_it_is_opened() {
    let server = start(&[]).await;
    write(&server, json!({"id": "open", "title": "Open", "pub": true})).await;
    for path in ["get/open", "select", "show/open", "put?id=a", "del?id=open"] {
        server.get(&format!("/pages/{path}")).send().await.refused(417, "login");
    }
}

#[tokio::test]
async fn the_main_page_is_the_one_without_a_name() {
    let server = start(&[]).await;
    server.ask("ann", "/pages/get").await.refused(404, "no such page");
    write(&server, json!({"id": "main", "title": "Home", "content": "*x*"})).await;
    for path in ["/pages/get", "/pages/get/", "/pages/get/main", "/pages/get?id=main"] {
        assert_eq!(server.ask("ann", path).await.done()["title"], "Home", "{path}");
    }
    let rendered = server.ask("ann", "/pages/get?_render=1").await.done();
    assert_eq!(rendered["content"], "<p><em>x</em></p>\n");
    assert_eq!(server.ask("ann", "/pages/get?_render=0").await.done()["content"], "*x*");
}

#[tokio::test]
async fn pages_come_page_by_page() {
    let server = start(&[]).await;
    for n in 0..5 {
        write(&server, json!({"id": format!("p{n}"), "title": format!("T{n}")})).await;
    }
    let first = server.ask("ann", "/pages/select?_count=2&_sort=id&_select=id").await.done();
    assert_eq!(first["count"], 2);
    let token = first["next_token"].as_str().expect("more").to_owned();
    let next = server.ask("ann", &format!("/pages/select?_count=2&_sort=id&_select=id&_start={token}")).await;
    assert_eq!(next.done()["data"][0]["id"], "p2");
    assert_eq!(server.ask("ann", "/pages/select?title=T3").await.done()["data"][0]["id"], "p3");
}
