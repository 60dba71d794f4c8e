//! Access lists, types of accounts, what a single account may.

use crate::demo::start;

#[tokio::test]
async fn an_unsigned_request_needs_a_login_before_the_path_is_looked_for() {
    let server = start(&[]).await;
    for path in ["/demo/me", "/no/such/path"] {
        let answer = server.get(path).send().await;
        assert_eq!((answer.status, answer.message().as_str()), (417, "no login provided"), "{path}");
    }
    let answer = server.get("/no/such/path").sign("plain", "ps").send().await;
    assert_eq!(answer.json(), serde_json::json!({"status": 404, "message": "not found"}));
    assert_eq!(server.get("/ping").send().await.text(), "{}");
}

#[tokio::test]
async fn data_and_system_are_for_administrators_unless_opened() {
    let server = start(&[]).await;
    for path in ["/system/demo", "/data/demo.html"] {
        assert_eq!(server.get(path).send().await.status, 417, "{path}");
        assert_eq!(server.get(path).sign("plain", "ps").send().await.status, 401, "{path}");
        assert_eq!(server.get(path).sign("root", "rs").send().await.status, 200, "{path}");
    }
    let server = start(&["-api-allow-authenticated", "^/(data|system)"]).await;
    assert_eq!(server.get("/system/demo").sign("plain", "ps").send().await.status, 200);
    assert_eq!(server.get("/system/demo").send().await.status, 417);
}

#[tokio::test]
async fn the_lists_of_the_configuration_count() {
    let server = start(&[
        "-api-deny-path",
        "^/demo/open/typed$",
        "-api-allow-path",
        "^/demo/echo$",
        "-api-allow-admin",
        "^/demo/people",
        "-api-ignore-allow-path",
        "^/demo/open/maybe",
        "-api-allow-account-staff",
        "^/demo/me$",
    ])
    .await;
    let denied = server.get("/demo/open/typed?name=a").sign("root", "rs").send().await;
    assert_eq!((denied.status, denied.message().as_str()), (403, "access denied"));
    assert_eq!(server.get("/demo/echo").send().await.status, 200);
    assert_eq!(server.get("/demo/open/maybe").send().await.status, 417);
    let restricted = server.get("/demo/people").sign("plain", "ps").send().await;
    assert_eq!((restricted.status, restricted.message().as_str()), (401, "restricted access"));
    assert_eq!(server.get("/demo/people").sign("root", "rs").send().await.status, 200);
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 401);
    server.add_auth("worker", "ws", &[("type", "guest,staff")]).await;
    assert_eq!(server.get("/demo/me").sign("worker", "ws").send().await.status, 200);
}

#[tokio::test]
async fn an_encoded_path_is_judged_by_what_it_means() {
    let server = start(&["-api-deny-path", "^/demo/open/echo$"]).await;
    assert_eq!(server.get("/demo/open/%65cho").send().await.status, 403);
    assert_eq!(server.get("/demo/open/maybe%00").send().await.status, 400);
    assert_eq!(server.get("/demo/open/%ff").send().await.status, 400);
}

#[tokio::test]
async fn addresses_may_be_refused_or_let_in() {
    let server = start(&["-api-deny-ip", "127.0.0.0/8"]).await;
    assert_eq!(server.get("/ping").send().await.status, 403);
    let server = start(&["-api-allow-ip", "^127[.]"]).await;
    assert_eq!(server.get("/demo/echo").send().await.status, 200);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let server = start(&[]).await;
    let call = server.get("/demo/open/echo").header("x-forwarded-for", "9.9.9.9");
    assert_eq!(call.send().await.json()["ip"], "127.0.0.1");
    let server = start(&["-api-trust-proxy", "127.0.0.1/32,10.0.0.0/8"]).await;
    let call = server.get("/demo/open/echo").header("x-forwarded-for", "1.1.1.1, 9.9.9.9, 10.1.1.1");
    assert_eq!(call.send().await.json()["ip"], "9.9.9.9");
}

#[tokio::test]
async fn the_lists_of_an_account_count() {
    let server = start(&[]).await;
    server.add_auth("a", "s", &[("acl_deny", "^/demo/me")]).await;
    server.add_auth("b", "s", &[("acl_allow", "^/demo/me")]).await;
    server.add_auth("c", "s", &[("expires", "1000")]).await;
    server.add_auth("d", "s", &[("query_deny", "^secret$")]).await;
    assert_eq!(server.get("/demo/me").sign("a", "s").send().await.status, 403);
    assert_eq!(server.get("/demo/me").sign("b", "s").send().await.status, 200);
    assert_eq!(server.get("/demo/echo").sign("b", "s").send().await.status, 403);
    assert_eq!(server.get("/demo/me").sign("c", "s").send().await.status, 412);
    let echoed = server.get("/demo/echo?secret=1&b=2").sign("d", "s").send().await.json();
    assert_eq!((&echoed["secret"], &echoed["b"]), (&serde_json::Value::Null, &"2".into()));
}

#[tokio::test]
async fn anonymous_paths_take_both_but_forgive_no_bad_login() {
    let server = start(&["-api-allow-anonymous", "^/demo/echo"]).await;
    assert_eq!(server.get("/demo/echo").send().await.status, 200);
    assert_eq!(server.get("/demo/echo").sign("plain", "ps").send().await.status, 200);
    assert_eq!(server.get("/demo/echo").sign("plain", "bad").send().await.status, 401);
}

#[tokio::test]
async fn an_open_path_knows_the_caller_only_when_the_handler_asks() {
    let server = start(&[]).await;
    let login = |answer: bkjs_api::testing::Answer| answer.json()["login"].clone();
    assert_eq!(login(server.get("/demo/open/maybe").send().await), serde_json::Value::Null);
    assert_eq!(login(server.get("/demo/open/maybe").sign("plain", "ps").send().await), "plain");
    assert_eq!(
        login(server.get("/demo/open/maybe").sign("plain", "bad").send().await),
        serde_json::Value::Null
    );
}
