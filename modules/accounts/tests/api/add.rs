//! `/account/add`.

use serde_json::json;

use crate::bench::{SECRET, SECRETS, absent, own, refused, register, register_admin, start, text};

#[tokio::test]
async fn what_is_missing_is_named_in_order() {
    let server = start().await;
    for (query, message) in [
        ("", "name is required"),
        ("?login=a&secret=s", "name is required"),
        ("?name=A&secret=s", "login is required"),
        ("?name=A&login=a", "secret is required"),
        ("?name=A&login=a&secret=&password=", "secret is required"),
        ("?name=&login=a&secret=s", "name is required"),
        ("?name=A&login=a&password=p&password=q", "password must be a text"),
        ("?name=A&login=a&login=b&secret=s", "login must be a text"),
    ] {
        let answer = server.get(&format!("/account/add{query}")).send().await;
        refused(&answer, 400, message);
    }
}

#[tokio::test]
async fn a_new_account_shows_its_columns_and_no_secret() {
    let server = start().await;
    let form = [("name", "Ann Lee"), ("login", "ann"), ("secret", "s1"), ("email", "Ann@Mail.com")];
    let answer = server.post("/account/add").form(&form).send().await;
    let row = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!((text(&row["login"]), text(&row["name"])), ("ann".into(), "Ann Lee".into()));
    assert_eq!(text(&row["email"]), "ann@mail.com");
    assert_eq!(text(&row["id"]).len(), 32);
    absent(&answer, &SECRETS);
    assert_eq!(own(&server, "ann").await["id"], row["id"]);
}

#[tokio::test]
async fn a_password_account_never_shows_what_was_made_of_the_password() {
    let server = start().await;
    let answer = server.post("/account/add?name=B&login=bob&password=pw1").send().await;
    assert_eq!(answer.status, 200);
    absent(&answer, &SECRETS);
    let row = server.post("/login?login=bob&password=pw1").send().await.json();
    let own = server.get("/account/get").sign("bob", &text(&row["secret"])).send().await;
    assert_eq!(own.status, 200);
    absent(&own, &SECRETS);
}

#[tokio::test]
async fn an_id_that_is_sent_is_ignored_under_every_name() {
    let server = start().await;
    let victim = register(&server, "victim", &[("city", "Rome")]).await;
    for (at, query) in
        ["id=ID", "id=x&id_$set=ID", "id_$=ID", "id_$eq=ID", "login_$set=victim"].iter().enumerate()
    {
        let query = query.replace("ID", &victim);
        let login = format!("thief{at}");
        let answer =
            server.get(&format!("/account/add?name=T&login={login}&secret={SECRET}&{query}")).send().await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_ne!(text(&answer.json()["id"]), victim, "{query}");
        assert_eq!(own(&server, &login).await["city"], json!(null), "{query}");
    }
    assert_eq!(own(&server, "victim").await["city"], "Rome");
}

#[tokio::test]
async fn a_login_that_no_signature_can_carry_is_refused() {
    let server = start().await;
    for login in ["a|b", "|", "a%0Ab", "a%00", "%7F", "a%C2%85b"] {
        let answer = server.get(&format!("/account/add?name=A&secret=s&login={login}")).send().await;
        let message = "login must not hold | or control characters: a signature cannot carry them";
        refused(&answer, 400, message);
    }
    for login in ["+a", "a+", "+", "%E2%80%83a"] {
        let answer = server.get(&format!("/account/add?name=A&secret=s&login={login}")).send().await;
        refused(&answer, 400, "login must not begin or end with blanks: a signature cannot carry them");
    }
    for login in ["ann lee", "\u{fc}ser", "a@b.c", "..", "a/b", "%"] {
        let form = [("name", "A"), ("secret", SECRET), ("login", login)];
        assert_eq!(server.post("/account/add").form(&form).send().await.status, 200, "{login}");
        assert_eq!(own(&server, login).await["login"], login);
    }
}

#[tokio::test]
async fn columns_of_administrators_are_ignored_from_strangers_and_taken_from_administrators() {
    let server = start().await;
    register_admin(&server).await;
    let query = "/account/add?name=A&secret=s1&type=admin&auth_secret=x&expires=1&acl_deny=.&login=";
    let stranger = server.get(&format!("{query}a1")).send().await;
    assert_eq!(stranger.json()["type"], json!(null), "{}", stranger.text());
    assert_eq!(own(&server, "a1").await["type"], json!(null));
    register(&server, "plain", &[]).await;
    let by_account = server.get(&format!("{query}a2")).sign("plain", SECRET).send().await;
    assert_eq!(by_account.json()["type"], json!(null));

    let query = "/account/add?name=A&secret=s1&type=editor,admin&login=a3";
    let by_admin = server.get(query).sign("root", SECRET).send().await;
    assert_eq!(by_admin.json()["type"], "editor,admin");
    absent(&by_admin, &SECRETS);
    let auth = server.get("/auth").sign("a3", SECRET).send().await.json();
    assert_eq!(auth["_types"], json!(["editor", "admin"]));
}

#[tokio::test]
async fn a_taken_login_is_refused_and_nothing_changes() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome")]).await;
    let before = own(&server, "ann").await;
    let again = server.get("/account/add?name=Other&login=ann&secret=other&city=Oslo").send().await;
    refused(&again, 409, "");
    assert_eq!(own(&server, "ann").await, before);
    let named = server.get("/account/search?name=Other").sign("ann", SECRET).send().await.json();
    assert_eq!(named["count"], 0);
}

#[tokio::test]
async fn of_many_registrations_of_one_login_at_once_one_succeeds() {
    let server = start().await;
    let calls = (0..20).map(|n| {
        let secret = format!("s{n}");
        let form = [("name", "N"), ("login", "one"), ("secret", secret.as_str())];
        let call = server.post("/account/add").form(&form);
        async move { (secret, call.send().await.status) }
    });
    let done: Vec<(String, u16)> = futures_util::future::join_all(calls).await;
    let (won, lost): (Vec<_>, Vec<_>) = done.into_iter().partition(|(_, status)| *status == 200);
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(|(_, status)| *status == 409), "{lost:?}");
    let found = server.get("/account/search?name=N").sign("one", &won[0].0).send().await.json();
    assert_eq!(found["count"], 1);
}

#[tokio::test]
async fn logins_and_secrets_can_be_any_text() {
    let server = start().await;
    for (login, secret) in
        [("üser", "s€cret"), ("a b@c.com", "x y"), ("'; drop table bk_auth; --", "\"'"), ("日本", "🔑")]
    {
        let form = [("login", login), ("secret", secret), ("name", "N")];
        assert_eq!(server.post("/account/add").form(&form).send().await.status, 200, "{login}");
        let own = server.get("/account/get").sign(login, secret).send().await;
        assert_eq!(text(&own.json()["login"]), login, "{}", own.text());
    }
}

#[tokio::test]
async fn values_that_are_too_long_are_refused_by_name() {
    let server = start().await;
    for (column, length) in [
        ("name", 129),
        ("gender", 17),
        ("street", 257),
        ("zipcode", 33),
        ("login", 1025),
        ("secret", 4097),
        ("password", 1025),
    ] {
        let long = "x".repeat(length);
        let mut form = vec![("login", "a"), ("secret", "s"), ("name", "N")];
        form.retain(|(name, _)| *name != column);
        form.push((column, &long));
        refused(&server.post("/account/add").form(&form).send().await, 400, column);
    }
    assert_eq!(server.get("/auth").sign("a", "s").send().await.status, 404, "nothing is left of them");
}

#[tokio::test]
async fn parameters_may_come_in_every_form() {
    let server = start().await;
    let query = server.get("/account/add?login=q&secret=s1&name=N").send().await;
    let form = server.post("/account/add").form(&[("login", "f"), ("secret", "s1"), ("name", "N")]);
    let json = json!({"login": "j", "secret": "s1", "name": "N", "latitude": 34.5});
    let json = server.post("/account/add").json(&json);
    let part = |name: &str, value: &str| {
        format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = format!("{}{}{}--XX--\r\n", part("login", "m"), part("secret", "s1"), part("name", "N"));
    let multipart = server.post("/account/add").body("multipart/form-data; boundary=XX", body);
    assert_eq!(query.status, 200);
    for call in [form, json, multipart] {
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for login in ["q", "f", "j", "m"] {
        assert_eq!(own(&server, login).await["login"], login);
    }
    assert_eq!(own(&server, "j").await["latitude"], 34.5);
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_refused() {
    let server = start().await;
    for columns in [
        json!({"login": ["a"]}),
        json!({"login": {"a": 1}}),
        json!({"secret": ["a"]}),
        json!({"secret": 12345}),
        json!({"secret": true}),
        json!({"password": 12345}),
        json!({"latitude": true}),
        json!({"birthday": "1/2/3"}),
        json!({"secret": {"a": 1}}),
        json!({"name": {"a": 1}}),
        json!({"password": {"a": 1}}),
        json!({"latitude": "north"}),
        json!({"ltime": "tomorrow"}),
        json!({"email": "nonsense"}),
        json!({"email": 5}),
        json!({"email": {"a": 1}}),
        json!({"phone": "call me"}),
        json!({"phone": true}),
    ] {
        let mut body = json!({"login": "a", "secret": "s", "name": "N"});
        for (name, value) in columns.as_object().expect("a map") {
            body[name] = value.clone();
        }
        let name = columns.as_object().and_then(|map| map.keys().next()).expect("a name");
        refused(&server.post("/account/add").json(&body).send().await, 400, name);
    }
    assert_eq!(server.get("/auth").sign("a", "s").send().await.status, 404, "nothing is left of them");
    refused(&server.post("/account/add").body("application/json", "{\"login\":").send().await, 400, "");
}
