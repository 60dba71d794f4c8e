//! Reading.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{people, start};

#[tokio::test]
async fn pages_show_every_connection_once() {
    let server = start().await;
    people(&server, ["ann"]).await;
    let logins: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    for login in &logins {
        let [id] = people(&server, [login]).await;
        server.ask("ann", &format!("/connection/add?peer={id}&type=like")).await.done();
    }
    let (mut seen, mut start_at) = (BTreeSet::new(), String::new());
    for _ in 0..4 {
        let page = server
            .ask("ann", &format!("/connection/select?type=like&_count=5&_start={start_at}"))
            .await
            .done();
        for row in page["data"].as_array().into_iter().flatten() {
            assert!(seen.insert(row["peer"].to_string()), "{row} twice");
        }
        start_at = page["next_token"].as_str().unwrap_or_default().to_owned();
        if start_at.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 12);
}

#[tokio::test]
async fn nobody_sees_those_of_others_however_they_ask() {
    let server = start().await;
    let [ann, bob, _] = people(&server, ["ann", "bob", "cat"]).await;
    server.ask("ann", &format!("/connection/add?peer={bob}&type=like&status=private")).await.done();
    for query in [
        format!("id={ann}"),
        format!("id={ann}&_ops=id,eq"),
        "_ops=id,ne&id=x".to_owned(),
        format!("id_$in={ann}"),
        "status=private".to_owned(),
        "type=like&_ops=id,null".to_owned(),
    ] {
        for table in ["connection", "reference"] {
            let answer = server.ask("cat", &format!("/{table}/select?{query}")).await;
            let none = answer.json()["data"].as_array().is_none_or(Vec::is_empty);
            assert!(none && answer.status < 500, "{table} {query}: {}", answer.text());
        }
    }
    let group = json!({"$or": {"id": ann, "type": "like"}});
    let answer =
        server.post("/connection/select").json(&group).sign("cat", bkjs_api::testing::SECRET).send().await;
    assert_eq!(answer.json()["count"], 0, "{}", answer.text());
    server.ask("cat", &format!("/connection/get?peer={bob}&type=like")).await.refused(404, "no connection");
    server.ask("cat", &format!("/reference/get?peer={ann}&type=like")).await.refused(404, "no connection");
}

#[tokio::test]
async fn conditions_and_columns_are_the_callers_choice() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    for (kind, status) in [("follow", "a"), ("invite", "b"), ("like", "c")] {
        server.ask("ann", &format!("/connection/add?peer={bob}&type={kind}&status={status}")).await.done();
    }
    let kinds = |page: Value| -> Vec<String> {
        page["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| row["type"].as_str().unwrap_or("?").to_owned())
            .collect()
    };
    let ask =
        async |query: &str| kinds(server.ask("ann", &format!("/connection/select?{query}")).await.done());
    assert_eq!(ask("").await, ["follow", "invite", "like"]);
    assert_eq!(ask("_desc=1").await, ["like", "invite", "follow"]);
    assert_eq!(ask("status=b&_ops=status,ge&_sort=!status").await, ["like", "invite"]);
    assert_eq!(ask("type=follow,like&_ops=type,in").await, ["follow", "like"]);
    let page = server.ask("ann", "/connection/select?type=like&_select=status").await.done();
    assert_eq!((&page["data"][0]["status"], page["data"][0].get("peer")), (&json!("c"), None));
    assert_eq!(server.ask("ann", "/connection/select?_total=1").await.done()["count"], 3);
}

#[tokio::test]
async fn strangers_see_and_change_nothing() {
    let server = start().await;
    for path in ["add", "put", "update", "incr", "get", "select", "del"] {
        server.get(&format!("/connection/{path}?peer=x&type=like")).send().await.refused(417, "login");
    }
    for path in ["/reference/get", "/reference/select"] {
        server.get(path).send().await.refused(417, "login");
    }
    people(&server, ["ann"]).await;
    for path in ["/reference/add", "/reference/del", "/connection/nosuch"] {
        assert_eq!(server.ask("ann", path).await.status, 404, "{path}");
    }
}
