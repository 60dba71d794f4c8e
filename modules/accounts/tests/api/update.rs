//! `/account/update`.

use bkjs_api::Options;
use bkjs_core::value::Row;
use serde_json::json;

use crate::bench::{SECRET, SECRETS, absent, own, refused, register, register_admin, start};

#[tokio::test]
async fn columns_that_are_given_change_and_empty_ones_stay() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome"), ("gender", "f")]).await;
    let uri = "/account/update?name=New%2BName&gender=m&city=&email=";
    let answer = server.get(uri).sign("ann", SECRET).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    absent(&answer, &SECRETS);
    let row = own(&server, "ann").await;
    assert_eq!(
        (&row["name"], &row["gender"], &row["city"]),
        (&json!("New+Name"), &json!("m"), &json!("Rome"))
    );
    assert_eq!(answer.json(), row, "the reply is the account as it is now");
    let auth = server.get("/auth").sign("ann", SECRET).send().await.json();
    assert_eq!(auth["name"], "New+Name", "the name is kept in both records");
    assert_eq!(server.get("/account/update").sign("ann", SECRET).send().await.status, 200);
}

#[tokio::test]
async fn keys_and_secrets_cannot_change_under_any_name() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome")]).await;
    let victim = register(&server, "victim", &[("city", "Oslo")]).await;
    let stored = || async {
        let db = server.api.db();
        let get = |login: &'static str| async move {
            db.get::<Row>("bk_auth", login, &Options::new()).await.expect("reads").expect("a login")
        };
        let ann = get("ann").await;
        (
            own(&server, "victim").await,
            own(&server, "ann").await["id"].clone(),
            ["token_secret", "session_secret"].map(|name| ann.text(name).to_owned()),
        )
    };
    let before = stored().await;
    for query in [
        "id=ID",
        "id=ID&login=victim",
        "id=x&id_$set=ID",
        "id=x&id_$=ID",
        "login=x&login_$set=victim",
        "id_$eq=ID&login_$eq=victim",
        "secret=x&password=y&token_secret=z&session_secret=z&salt=w",
        "secret_$set=x&password_$set=y",
        "token_secret_$set=x&secret_$append=x",
        "type=admin&auth_secret=x",
        "type_$set=admin&auth_secret_$set=x&type_$append=admin",
    ] {
        let uri = format!("/account/update?city=Bern&{}", query.replace("ID", &victim));
        let answer = server.get(&uri).sign("ann", SECRET).send().await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(answer.json()["type"], json!(null), "{query}");
        assert_eq!(stored().await, before, "{query}");
    }
    assert_eq!(own(&server, "ann").await["city"], "Bern");
}

#[tokio::test]
async fn administrators_change_types() {
    let server = start().await;
    register_admin(&server).await;
    let answer = server.get("/account/update?type=admin,editor").sign("root", SECRET).send().await;
    assert_eq!(answer.json()["type"], "admin,editor");
    let auth = server.get("/auth").sign("root", SECRET).send().await.json();
    assert_eq!(auth["_types"], json!(["admin", "editor"]));
}

#[tokio::test]
async fn values_that_break_a_rule_change_nothing() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome"), ("email", "a@b.com"), ("phone", "+1 555")]).await;
    let before = own(&server, "ann").await;
    let long = "x".repeat(300);
    for (name, value) in [
        ("name", long.as_str()),
        ("street", &long),
        ("latitude", "north"),
        ("latitude", "999"),
        ("latitude", "-90.1"),
        ("longitude", "1e999"),
        ("longitude", "180.5"),
        ("birthday", "foo"),
        ("birthday", "1990-02-30"),
        ("birthday", "12345"),
        ("birthday", "1/2/3"),
        ("ltime", "tomorrow"),
        ("email", "nonsense"),
        ("email", "a@b"),
        ("email", " "),
        ("phone", "call me"),
        ("phone", "12"),
        ("phone", "1234567890123456"),
    ] {
        let form = [("city", "Oslo"), (name, value)];
        let answer = server.post("/account/update").form(&form).sign("ann", SECRET).send().await;
        refused(&answer, 400, name);
        assert_eq!(own(&server, "ann").await, before);
    }
    for (name, value) in [
        ("email", json!(5)),
        ("email", json!(["a@b.com"])),
        ("email", json!({"a": 1})),
        ("phone", json!(true)),
        ("phone", json!(-5)),
        ("latitude", json!({"a": 1})),
        ("ltime", json!(true)),
        ("city", json!(["a", "b"])),
        ("name", json!({"$set": "x"})),
    ] {
        let body = json!({"street": "new", name: value});
        let answer = server.post("/account/update").json(&body).sign("ann", SECRET).send().await;
        refused(&answer, 400, name);
        assert_eq!(own(&server, "ann").await, before);
    }
    let good = [("email", " New@Mail.COM "), ("phone", "(555) 0100")];
    let row = server.post("/account/update").form(&good).sign("ann", SECRET).send().await.json();
    assert_eq!((&row["email"], &row["phone"]), (&json!("new@mail.com"), &json!("5550100")));
}

#[tokio::test]
async fn an_account_without_a_profile_gets_one() {
    let server = start().await;
    server.add_auth("half", SECRET, &[("name", "Half")]).await;
    let answer = server.get("/account/update?city=Rome").sign("half", SECRET).send().await;
    let row = answer.json();
    assert_eq!((&row["name"], &row["city"]), (&json!("Half"), &json!("Rome")), "{}", answer.text());
}
