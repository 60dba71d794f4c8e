//! `/account/put/secret`.

use bkjs_api::Options;
use bkjs_core::value::{Row, Value};
use serde_json::json;

use crate::bench::{SECRET, own, refused, register, served, signed_in, start, text};

#[tokio::test]
async fn a_new_secret_takes_the_place_of_the_old_one_and_changes_nothing_else() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome")]).await;
    register(&server, "bob", &[]).await;
    let answer =
        server.get("/account/put/secret?secret=s2&city=Oslo&login=bob").sign("ann", SECRET).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!([])));
    refused(&server.get("/auth").sign("ann", SECRET).send().await, 401, "");
    let row = server.get("/account/get").sign("ann", "s2").send().await.json();
    assert_eq!(row["city"], "Rome");
    assert_eq!(own(&server, "bob").await["login"], "bob");
}

#[tokio::test]
async fn sessions_and_tokens_end_with_the_secret_they_came_from() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let answer = server.get("/auth?_session=1&_accesstoken=1").sign("ann", SECRET).send().await;
    let (cookie, token) = (answer.cookie().expect("a cookie"), text(&answer.json()["bk-access-token"]));
    let by_session = || server.get("/auth").header("cookie", &cookie).send();
    let by_token = || server.get("/auth").header("bk-access-token", &token).send();
    assert_eq!((by_session().await.status, by_token().await.status), (200, 200));
    server.get("/account/put/secret?secret=s2").sign("ann", SECRET).send().await;
    assert_eq!((by_session().await.status, by_token().await.status), (401, 401));
}

#[tokio::test]
async fn sessions_and_tokens_of_an_old_secret_do_not_count_again_when_it_is_set_again() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let ended = signed_in(&server, "ann", SECRET).await;
    let put = async |now: &str, new: &str| {
        let call = server.post("/account/put/secret").form(&[("secret", new)]).sign("ann", now);
        assert_eq!(call.send().await.status, 200);
    };
    put(SECRET, "s2").await;
    put("s2", SECRET).await;
    assert_eq!(served(&server, &ended).await, (401, 401));
    let own = signed_in(&server, "ann", SECRET).await;
    assert_eq!(served(&server, &own).await, (200, 200));

    // The same secret set over itself ends them as well.
    put(SECRET, SECRET).await;
    assert_eq!(served(&server, &own).await, (401, 401));
    put(SECRET, "s2").await;
    put("s2", SECRET).await;
    assert_eq!((served(&server, &ended).await, served(&server, &own).await), ((401, 401), (401, 401)));
}

#[tokio::test]
async fn a_password_that_comes_back_brings_no_session_or_token_back() {
    let server = start().await;
    server.post("/account/add?name=B&login=bob&password=pw1").send().await;
    let secret = async |password: &str| {
        let row = server.post(&format!("/login?login=bob&password={password}")).send().await.json();
        text(&row["secret"])
    };
    let first = secret("pw1").await;
    let ended = signed_in(&server, "bob", &first).await;
    for (at, password) in ["pw2", "pw1"].into_iter().enumerate() {
        let now = if at == 0 { first.clone() } else { secret("pw2").await };
        let call = server.post("/account/put/secret").form(&[("password", password)]).sign("bob", &now);
        assert_eq!(call.send().await.status, 200);
    }
    let now = secret("pw1").await;
    let call = server.post("/account/put/secret").form(&[("secret", &first)]).sign("bob", &now);
    assert_eq!(call.send().await.status, 200);
    assert_eq!(served(&server, &ended).await, (401, 401));
}

#[tokio::test]
async fn a_login_record_of_an_earlier_version_signs_in_and_its_sessions_end_for_good() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let before =
        Row::new().with("login", "ann").with("session_secret", Value::Null).with("token_secret", Value::Null);
    server.api.db().update("bk_auth", before, &Options::new()).await.expect("updates");
    let ended = signed_in(&server, "ann", SECRET).await;
    assert_eq!(served(&server, &ended).await, (200, 200));
    for (now, new) in [(SECRET, "s2"), ("s2", SECRET)] {
        let call = server.post("/account/put/secret").form(&[("secret", new)]).sign("ann", now);
        assert_eq!(call.send().await.status, 200);
    }
    assert_eq!(served(&server, &ended).await, (401, 401));
    assert_eq!(served(&server, &signed_in(&server, "ann", SECRET).await).await, (200, 200));
}

#[tokio::test]
async fn any_token_secret_ends_tokens_and_leaves_the_rest() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let answer = server.get("/auth?_session=1&_accesstoken=1").sign("ann", SECRET).send().await;
    let (cookie, token) = (answer.cookie().expect("a cookie"), text(&answer.json()["bk-access-token"]));
    let done = server.get("/account/put/secret?token_secret=1").sign("ann", SECRET).send().await;
    assert_eq!(done.json(), json!([]));
    refused(&server.get("/auth").header("bk-access-token", &token).send().await, 401, "");
    assert_eq!(server.get("/auth").header("cookie", &cookie).send().await.status, 200);
    let again = server.get("/auth?_accesstoken=1").sign("ann", SECRET).send().await.json();
    let fresh = text(&again["bk-access-token"]);
    assert_eq!(server.get("/auth").header("bk-access-token", fresh).send().await.status, 200);
}

#[tokio::test]
async fn a_new_password_brings_a_new_secret_that_login_tells() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let done =
        server.post("/account/put/secret").form(&[("password", "pw2")]).sign("ann", SECRET).send().await;
    assert_eq!(done.json(), json!([]));
    refused(&server.get("/auth").sign("ann", SECRET).send().await, 401, "");
    let row = server.get("/login?login=ann&password=pw2").send().await.json();
    assert_eq!(server.get("/auth").sign("ann", &text(&row["secret"])).send().await.status, 200);
}

#[tokio::test]
async fn something_must_be_given_and_be_a_text() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    for query in ["", "?secret=", "?password=&token_secret=", "?name=x", "?secret_$set=x", "?auth_secret=x"] {
        let answer = server.get(&format!("/account/put/secret{query}")).sign("ann", SECRET).send().await;
        refused(&answer, 400, "secret, password or token_secret is required");
    }
    let list = server.get("/account/put/secret?secret=a&secret=b").sign("ann", SECRET).send().await;
    refused(&list, 400, "secret must be a text");
    let long = "x".repeat(5000);
    for name in ["secret", "password"] {
        let call = server.post("/account/put/secret").form(&[(name, &long)]).sign("ann", SECRET);
        refused(&call.send().await, 400, name);
    }
    refused(&server.get("/account/put/secret?secret=x").send().await, 417, "");
    assert_eq!(own(&server, "ann").await["login"], "ann");
}
