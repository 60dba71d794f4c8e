//! What a client says about itself, and the language it is answered in.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::any;
use bkjs_api::testing::TestServer;
use bkjs_api::{Api, ApiOptions, Context, Locales, Reply, ServeOptions};
use bkjs_core::value::Row;
use serde_json::json;

use crate::demo::setup;

async fn agent(State(api): State<Api>, context: Arc<Context>) -> Reply {
    let agent = &context.agent;
    let row = Row::new()
        .with("app", agent.app_name())
        .with("numbers", agent.app_numbers().map(|n| n.to_string()).join("."))
        .with("platform", agent.platform())
        .with("version", agent.version())
        .with("tz", agent.tz().map(i64::from))
        .with("lang", agent.lang())
        .with("hello", api.translate(&context, "hello").into_owned())
        .with("left", context.params.row.len() as i64);
    Reply::value(row)
}

async fn start(params: &[&str], files: &[(&str, &str)]) -> TestServer {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let locales = Arc::new(Locales::load(folder.path(), &[]));
    let mut setup = setup();
    setup.routes(Router::new().route("/demo/open/agent", any(agent)));
    let options = ApiOptions { locales, ..ApiOptions::default() };
    TestServer::start_with(setup, params, options, ServeOptions::default()).await
}

const GERMAN: (&str, &str) = (
    "de.json",
    r#"{"hello":"hallo","no login provided":"keine Anmeldung","{} must be minutes from {} to {}":"{}: {} bis {}"}"#,
);

#[tokio::test]
async fn headers_and_parameters_say_the_same_and_are_no_parameters_of_the_handler() {
    let server = start(&[], &[]).await;
    let expected = json!({"app": "todo", "numbers": "1.2.5", "platform": "ios", "version": "2015-01-01", "tz": -300,
                          "lang": "de", "hello": "hello", "left": 0});
    let pairs =
        [("bk-app", "todo/1.2.5/ios"), ("bk-version", "2015-01-01"), ("bk-tz", "-300"), ("bk-lang", "de")];
    let mut call = server.get("/demo/open/agent");
    for (name, value) in pairs {
        call = call.header(name, value);
    }
    assert_eq!(call.send().await.done(), expected);
    let query = "/demo/open/agent?bk-app=todo/1.2.5/ios&bk-version=2015-01-01&bk-tz=-300&bk-lang=de";
    assert_eq!(server.get(query).send().await.done(), expected);
    assert_eq!(server.post("/demo/open/agent").form(&pairs).send().await.done(), expected);
    let body = json!({"bk-tz": -300, "bk-lang": "de", "bk-app": "todo/1.2.5/ios"});
    let reply = server.post("/demo/open/agent?bk-version=2015-01-01").json(&body).send().await;
    assert_eq!(reply.done(), expected);
    // Over a WebSocket the upgrade says it for all messages.
    let mut socket = server.get(query).open().await.expect("a websocket");
    assert_eq!(socket.ask("/demo/open/agent").await, expected);
    assert_eq!(socket.ask("/demo/open/agent?bk-lang=fr").await["lang"], "fr");
}

#[tokio::test]
async fn the_names_are_configured() {
    let server = start(&["-api-app-header-name", "x-app", "-api-tz-header-name", "zone"], &[]).await;
    let reply = server.get("/demo/open/agent?zone=60&bk-tz=1").header("x-app", "a/2").send().await.done();
    assert_eq!((&reply["app"], &reply["tz"], &reply["left"]), (&json!("a"), &json!(60), &json!(1)));
    let preflight = server
        .call(http::Method::OPTIONS, "/ping")
        .header("origin", "https://a.com")
        .header("access-control-request-method", "GET")
        .send()
        .await;
    assert!(preflight.header("access-control-allow-headers").contains("x-app, bk-version, zone, bk-lang"));
}

#[tokio::test]
async fn what_is_no_number_of_minutes_or_too_long_is_refused() {
    let server = start(&[], &[]).await;
    for tz in ["x", "1000", "-1000", "1e2"] {
        server.get(&format!("/demo/open/agent?bk-tz={tz}")).send().await.refused(400, "bk-tz");
    }
    server.get("/demo/open/agent").header("bk-app", "x".repeat(300)).send().await.refused(400, "bk-app");
}

#[tokio::test]
async fn errors_and_texts_are_translated_where_there_is_a_translation() {
    let server = start(&[], &[GERMAN]).await;
    let german = server.get("/demo/me").header("bk-lang", "de").send().await;
    german.refused(417, "keine Anmeldung");
    assert_eq!(german.header("content-language"), "de");
    server.get("/demo/me?bk-lang=de-AT").send().await.refused(417, "keine Anmeldung");
    server
        .get("/demo/me")
        .header("accept-language", "fr, de;q=0.5")
        .send()
        .await
        .refused(417, "keine Anmeldung");
    let reply = server.get("/demo/open/agent?bk-tz=x&bk-lang=de").send().await;
    reply.refused(400, "bk-tz: -720 bis 840");
    // Of a handler as well.
    server.get("/demo/open/typed?bk-lang=de").send().await.refused(400, "name");
    assert_eq!(server.get("/demo/open/agent?bk-lang=de").send().await.done()["hello"], "hallo");
    for call in
        [server.get("/demo/me"), server.get("/demo/me?bk-lang=fr"), server.get("/demo/me?bk-lang=../de")]
    {
        let reply = call.send().await;
        reply.refused(417, "no login provided");
        assert_eq!(reply.header("content-language"), "");
    }
}
