//! Hooks along the path.

use bkjs_api::testing::TestServer;
use bkjs_api::{Reply, Verdict};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind};
use serde_json::json;

use crate::demo::{setup, start_setup};

#[tokio::test]
async fn an_access_check_lets_in_refuses_and_sends_elsewhere() {
    let mut setup = setup();
    setup.access_check("^/demo/", |call| {
        Box::pin(async move {
            match call.context.params.text("do") {
                "in" => Verdict::Allow,
                "out" => Verdict::Refuse(Error::new(ErrorKind::Forbidden, "not today")),
                "away" => Verdict::Redirect("/login.html".into()),
                _ => Verdict::Pass,
            }
        })
    });
    let server = start_setup(setup, &[]).await;
    assert_eq!(server.get("/demo/echo?do=in").send().await.status, 200);
    assert_eq!(server.get("/demo/open/echo?do=out").send().await.message(), "not today");
    let away = server.get("/demo/echo?do=away").send().await;
    assert_eq!((away.status, away.header("location")), (302, "/login.html"));
    assert_eq!(server.get("/demo/echo").send().await.status, 417);
}

#[tokio::test]
async fn an_auth_check_turns_the_outcome() {
    let mut setup = setup();
    setup.auth_check("", |_, failure| {
        let status = failure.map(Error::status);
        Box::pin(async move {
            match status {
                Some(417) => Verdict::Redirect("/public/index.html".into()),
                _ => Verdict::Pass,
            }
        })
    });
    let server = start_setup(setup, &[]).await;
    assert_eq!(server.get("/demo/me").send().await.status, 302);
    assert_eq!(server.get("/demo/me").sign("plain", "bad").send().await.status, 401);
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 200);
    assert_eq!(server.get("/ping").send().await.status, 200);
}

#[tokio::test]
async fn processing_hooks_change_parameters_and_replies() {
    let mut setup = setup();
    setup.pre_process("/demo/open/echo", |call| {
        Box::pin(async move {
            call.context.params.row.set("added", 1);
            let stop = call.context.params.flag("stop")?;
            Ok(stop.then(|| Reply::message("stopped")))
        })
    });
    setup.post_process("^/demo/me", |call| {
        Box::pin(async move {
            for row in call.reply.rows_mut() {
                *row = Row::new().with("id", row.text("id")).with("seen", true).with("secret", "never");
            }
            Ok(())
        })
    });
    let server = start_setup(setup, &[]).await;
    assert_eq!(server.get("/demo/open/echo").send().await.json()["added"], 1);
    assert_eq!(server.get("/demo/open/echo?stop=1").send().await.json()["message"], "stopped");
    let me = server.get("/demo/me").sign("plain", "ps").send().await.json();
    assert_eq!(me, json!({"id": TestServer::id_of("plain"), "seen": true}));
}

#[tokio::test]
async fn a_broken_pattern_is_a_mistake_of_the_start() {
    let mut setup = setup();
    setup.pre_process("^/(", |_| Box::pin(async { Ok(None) }));
    let db = setup.db_builder().build().expect("tables");
    let error = setup.build(db, bkjs_api::ApiOptions::default()).err().expect("a mistake");
    assert_eq!(error.kind(), ErrorKind::Config);
}
