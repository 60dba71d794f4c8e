//! What the operations do.

use bkjs_api::testing::SECRET;
use serde_json::json;

use crate::start;

#[tokio::test]
async fn each_operation_is_that_of_the_database() {
    let server = start(&[]).await;
    let ask = async |path: &str| server.ask("root", &format!("/data/{path}")).await.done();
    for path in [
        "add/city?id=a&name=Rome&mayor=X",
        "put/city?id=b&name=Oslo",
        "update/city?id=a&mayor=Y",
        "incr/city?id=a&visits=3",
        "incr/city?id=a&visits=-1",
        "replace/city?id=c&name=Bonn",
        "update/city?id=nosuch&name=x",
    ] {
        assert_eq!(ask(path).await, json!([]), "{path}");
    }
    let rome = ask("get/city?id=a").await;
    assert_eq!((&rome["name"], &rome["mayor"], &rome["visits"]), (&json!("Rome"), &json!("Y"), &json!(2)));
    assert_eq!(ask("get/city?id=nosuch").await, json!([]));
    assert_eq!(ask("get/city?id=a&name=Oslo").await, json!([]), "columns beside the key must match");
    let names = |value: serde_json::Value| -> Vec<String> {
        let rows = value.get("data").unwrap_or(&value).as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["name"].as_str().unwrap_or("?").to_owned()).collect()
    };
    assert_eq!(names(ask("list/city?id=b,a,nosuch").await), ["Oslo", "Rome"]);
    assert_eq!(names(ask("select/city?name=C&_ops=name,gt&_sort=name&_count=1").await), ["Oslo"]);
    assert_eq!(names(ask("search/city?name=Bo&_ops=name,begins_with").await), ["Bonn"]);
    assert_eq!(names(ask("scan/city?name=Rome").await), ["Rome"]);
    assert_eq!(ask("select/city?name=A&_ops=name,gt&_total=1").await["count"], 3);
    ask("del/city?id=a").await;
    assert_eq!(ask("get/city?id=a").await, json!([]));
}

#[tokio::test]
async fn records_with_several_keys_are_named_by_all() {
    let server = start(&[]).await;
    for name in ["High", "Main"] {
        let row = json!({"city": "a", "name": name, "houses": 7});
        server.post("/data/add/street").json(&row).sign("root", SECRET).send().await.done();
    }
    server.ask("root", "/data/get/street?city=a").await.refused(400, "name");
    assert_eq!(server.ask("root", "/data/get/street?city=a&name=Main").await.done()["houses"], 7);
    let keys = json!([{"city": "a", "name": "Main"}, {"city": "b", "name": "Main"}]);
    let found = server.post("/data/list/street").json(&keys).sign("root", SECRET).send().await.done();
    assert_eq!(found, json!([{"city": "a", "name": "Main", "houses": 7}]));
    server.ask("root", "/data/list/street?city=a").await.refused(400, "city, name");
}

#[tokio::test]
async fn a_whole_table_is_read_only_where_that_is_allowed() {
    for (params, query, count) in [
        (&[][..], "", 0),
        (&[][..], "?_noscan=0", 0),
        (&["-api-unsecure", "data"][..], "", 0),
        (&["-api-unsecure", "data"][..], "?_noscan=1", 0),
        (&["-api-unsecure", "data"][..], "?_noscan=0", 2),
    ] {
        // Pages, of a size that is said, are for administrators.
        let server = start(params).await;
        for id in ["a", "b"] {
            server.ask("root", &format!("/data/add/city?id={id}")).await.done();
        }
        let page = server.ask("root", &format!("/data/select/city{query}")).await.done();
        assert_eq!(page["count"], count, "{params:?} {query}");
        let first = server.ask("root", "/data/select/city?_count=1").await.done();
        assert_eq!((&first["count"], first["next_token"].is_string()), (&json!(1), true), "{params:?}");
        let list = server.ask("root", &format!("/data/scan/city{query}")).await.done();
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{params:?} {query}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_named_and_changes_nothing() {
    let server = start(&[]).await;
    server.ask("root", "/data/add/city?id=a&name=Rome&visits=1").await.done();
    for (path, status, words) in [
        ("get/nosuch?id=a", 404, "no table nosuch"),
        ("add/nosuch?id=a", 404, "no table nosuch"),
        ("columns/nosuch", 404, "no table nosuch"),
        ("keys/nosuch", 404, "no table nosuch"),
        ("drop/city?id=a", 400, "invalid command drop"),
        ("add/city?id=a", 409, ""),
        ("add/city?id=z&nosuch=1", 400, "city has no column nosuch"),
        ("update/city?name=x", 400, "id"),
        ("get/city", 400, "id"),
        ("del/city?name=Rome", 400, "id"),
        ("incr/city?id=a&name=x", 400, "name is no counter"),
        ("incr/city?id=a", 400, "no counter"),
        ("incr/city?id=a&visits=x", 400, "visits"),
        ("select/city?name=x&_ops=name,nosuch", 400, "nosuch"),
        ("list/city", 400, "id is required"),
        ("put/city?id=a&name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 400, "name"),
    ] {
        server.ask("root", &format!("/data/{path}")).await.refused(status, words);
    }
    for name in ["constructor", "name'; drop table city; --", "a\"b", "id%00"] {
        let pairs = [("id", "q"), (name, "1")];
        let answer = server.post("/data/add/city").form(&pairs).sign("root", SECRET).send().await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    let rome = server.ask("root", "/data/get/city?id=a").await.done();
    assert_eq!((&rome["name"], &rome["visits"]), (&json!("Rome"), &json!(1)));
    assert_eq!(server.ask("root", "/data/get/city?id=q").await.done(), json!([]));
}
