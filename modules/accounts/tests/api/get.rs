//! `/account/get`.

use serde_json::{Value, json};

use crate::bench::{SECRET, SECRETS, absent, own, refused, register, register_admin, start};

const PRIVATE: [&str; 6] = ["login", "email", "birthday", "age", "type", "mtime"];

#[tokio::test]
async fn the_own_account_has_all_columns_of_both_records() {
    let server = start().await;
    let columns =
        [("email", "a@b.com"), ("birthday", "2000-01-01"), ("phone", "1234567"), ("latitude", "34.5")];
    let id = register(&server, "ann", &columns).await;
    for uri in ["/account/get", "/account/get?id="] {
        let answer = server.get(uri).sign("ann", SECRET).send().await;
        let row = answer.json();
        assert_eq!((&row["id"], &row["login"]), (&json!(id), &json!("ann")));
        assert_eq!((&row["email"], &row["latitude"]), (&json!("a@b.com"), &json!(34.5)));
        assert!(row["age"].as_i64().is_some_and(|age| age >= 26), "{row}");
        assert!(row["mtime"].is_i64() && row["ctime"].is_i64(), "{row}");
        absent(&answer, &SECRETS);
    }
}

#[tokio::test]
async fn a_list_of_ids_gives_public_columns_of_others_and_all_of_the_caller() {
    let server = start().await;
    let columns = [("email", "a@b.com"), ("birthday", "2000-01-01")];
    let ann = register(&server, "ann", &columns).await;
    let bob = register(&server, "bob", &columns).await;
    let uri = format!("/account/get?id={bob},nobody|{ann},{bob}");
    let answer = server.get(&uri).sign("ann", SECRET).send().await;
    let list = answer.json();
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!((&list[0]["id"], &list[0]["name"]), (&json!(bob), &json!("bob")));
    let shown: Vec<&String> = list[0].as_object().expect("a record").keys().collect();
    assert!(
        shown.iter().all(|c| ["id", "name", "first_name", "last_name"].contains(&c.as_str())),
        "{shown:?}"
    );
    assert_eq!((&list[1]["email"], &list[1]["login"]), (&json!("a@b.com"), &json!("ann")));
    absent(&answer, &SECRETS);

    let alone = server.get(&format!("/account/get?id={bob}")).sign("ann", SECRET).send().await;
    absent(&alone, &PRIVATE);
    let none = server.get("/account/get?id=nobody").sign("ann", SECRET).send().await;
    assert_eq!(none.json(), json!([]));
    let json = server.post("/account/get").json(&json!({"id": [ann, bob]})).sign("ann", SECRET).send().await;
    assert_eq!(json.json().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn administrators_see_types_of_others_and_nothing_private() {
    let server = start().await;
    register_admin(&server).await;
    let call = server.get("/account/add?login=ed&secret=s1&name=Ed&type=editor&email=e@b.com");
    let id = call.sign("root", SECRET).send().await.json()["id"].clone();
    let uri = format!("/account/get?id={}", id.as_str().expect("an id"));
    let answer = server.get(&uri).sign("root", SECRET).send().await;
    assert_eq!(answer.json()[0]["type"], "editor");
    absent(&answer, &["email", "login", "secret", "auth_secret"]);
}

#[tokio::test]
async fn select_chooses_columns_but_never_opens_one() {
    let server = start().await;
    let ann = register(&server, "ann", &[("email", "a@b.com"), ("city", "Rome")]).await;
    let bob = register(&server, "bob", &[("email", "b@b.com")]).await;
    let get = |query: String| {
        let call = server.get(&format!("/account/get?{query}")).sign("ann", SECRET);
        async move { call.send().await.json() }
    };
    assert_eq!(
        get("_select=email,login,secret,password".into()).await,
        json!({"login": "ann", "id": ann, "email": "a@b.com"})
    );
    assert_eq!(get("_select=nosuch".into()).await, own(&server, "ann").await);
    let list = get(format!("id={ann},{bob}&_select=email,city,secret")).await;
    assert_eq!(list, json!([{"id": ann, "email": "a@b.com", "city": "Rome"}, {"id": bob}]));
}

#[tokio::test]
async fn more_ids_than_can_be_meant_are_refused() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let many: Vec<Value> = (0..1001).map(|n| json!(n.to_string())).collect();
    let call = server.post("/account/get").json(&json!({"id": many})).sign("ann", SECRET);
    refused(&call.send().await, 400, "id has too many values");
    let hostile = "/account/get?id=%27%20or%201%3D1%20--,%00,%25,../..,%F0%9F%94%91";
    let answer = server.get(hostile).sign("ann", SECRET).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!([])), "{}", answer.text());
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_and_never_taken_for_no_id() {
    let server = start().await;
    let ann = register(&server, "ann", &[]).await;
    for id in [
        json!({}),
        json!({"$ne": 1}),
        json!([]),
        json!([{"id": ann}]),
        json!([[ann]]),
        json!([""]),
        json!([null]),
        json!(true),
        json!(1.5),
        json!(","),
    ] {
        let call = server.post("/account/get").json(&json!({ "id": id })).sign("ann", SECRET);
        refused(&call.send().await, 400, "id ");
    }
    for query in ["id=,", "id=&id=", "id=%7C"] {
        let answer = server.get(&format!("/account/get?{query}")).sign("ann", SECRET).send().await;
        refused(&answer, 400, "id ");
    }
    for id in [json!(null), json!("")] {
        let call = server.post("/account/get").json(&json!({ "id": id })).sign("ann", SECRET);
        assert_eq!(call.send().await.json()["id"], json!(ann), "as without an id");
    }
    let number = server.post("/account/get").json(&json!({"id": 7})).sign("ann", SECRET).send().await;
    assert_eq!(number.json(), json!([]), "there is no account 7");
}

#[tokio::test]
async fn controls_of_a_wrong_kind_are_refused_by_name() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    for path in ["/account/get", "/account/select"] {
        for name in ["_count", "_start", "_page", "_sort", "_desc", "_select", "_ops", "_total"] {
            for value in [json!({}), json!({"a": 1}), json!([[]]), json!(1.5)] {
                let body = json!({"name": "ann", name: value});
                let answer = server.post(path).json(&body).sign("ann", SECRET).send().await;
                refused(&answer, 400, name);
            }
        }
    }
    for path in ["/account/get", "/auth"] {
        for name in ["_session", "_accesstoken"] {
            let answer = server.post(path).json(&json!({name: {}})).sign("ann", SECRET).send().await;
            refused(&answer, 400, name);
            assert_eq!(answer.cookie(), None);
        }
    }
}
