//! What other modules are told of accounts, and what becomes of their failures.

use std::sync::{Arc, Mutex};

use bkjs_api::testing::TestServer;
use bkjs_api::{AccountEvent, Setup};
use bkjs_core::Error;
use serde_json::json;

use crate::bench::{SECRET, own, refused, register, setup};

type Told = Arc<Mutex<Vec<String>>>;

/// Notes what it is told, and fails at an event of the login `failing` if one is given.
fn listen(setup: &mut Setup, name: &'static str, told: &Told, failing: Option<AccountEvent>) {
    let told = told.clone();
    setup.account_hook(move |_, event, row| {
        for secret in ["secret", "password", "token_secret", "session_secret", "salt", "auth_secret"] {
            assert!(!row.contains(secret), "{secret} in {event:?}");
        }
        assert!(!row.text("id").is_empty());
        told.lock().expect("no panic").push(format!("{name} {event:?} {}", row.text("login")));
        let fails = failing == Some(event) && row.text("login") == "failing";
        Box::pin(async move { if fails { Err(Error::invalid("no invitation")) } else { Ok(()) } })
    });
}

async fn start(failing: Option<AccountEvent>) -> (TestServer, Told) {
    let mut setup = setup();
    let told = Told::default();
    listen(&mut setup, "first", &told, failing);
    listen(&mut setup, "second", &told, None);
    (TestServer::start(setup, &[]).await, told)
}

fn taken(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().expect("no panic"))
}

#[tokio::test]
async fn every_change_is_told_to_every_hook() {
    let (server, told) = start(None).await;
    register(&server, "ann", &[]).await;
    server.get("/account/update?city=Rome").sign("ann", SECRET).send().await;
    server.get("/account/put/secret?token_secret=1").sign("ann", SECRET).send().await;
    server.get("/account/del").sign("ann", SECRET).send().await;
    let expected: Vec<String> = ["Added", "Updated", "Updated", "Deleted"]
        .iter()
        .flat_map(|event| [format!("first {event} ann"), format!("second {event} ann")])
        .collect();
    assert_eq!(taken(&told), expected);
}

#[tokio::test]
async fn a_registration_that_a_hook_refuses_is_taken_back() {
    let (server, told) = start(Some(AccountEvent::Added)).await;
    register(&server, "ann", &[]).await;
    taken(&told);
    let query = "/account/add?login=failing&secret=s1&name=F";
    refused(&server.get(query).send().await, 400, "no invitation");
    assert_eq!(
        taken(&told),
        ["first Added failing", "second Added failing", "first Deleted failing", "second Deleted failing"]
    );
    assert_eq!(server.get("/auth").sign("failing", SECRET).send().await.status, 404);
    let found = server.get("/account/search?name=F").sign("ann", SECRET).send().await;
    assert_eq!(found.json()["count"], 0);
    refused(&server.get(query).send().await, 400, "no invitation");
}

#[tokio::test]
async fn a_change_that_a_hook_cannot_follow_stays_and_is_reported() {
    let (server, _told) = start(Some(AccountEvent::Updated)).await;
    register(&server, "failing", &[]).await;
    refused(
        &server.get("/account/update?city=Rome").sign("failing", SECRET).send().await,
        400,
        "no invitation",
    );
    assert_eq!(own(&server, "failing").await["city"], "Rome");
}

#[tokio::test]
async fn a_removal_that_a_hook_cannot_follow_leaves_no_way_in_but_the_profile() {
    let (server, told) = start(Some(AccountEvent::Deleted)).await;
    let id = register(&server, "failing", &[]).await;
    register(&server, "ann", &[]).await;
    taken(&told);
    refused(&server.get("/account/del").sign("failing", SECRET).send().await, 400, "no invitation");
    assert_eq!(taken(&told), ["first Deleted failing", "second Deleted failing"]);
    assert_eq!(server.get("/auth").sign("failing", SECRET).send().await.status, 404);
    let left = server.get(&format!("/account/get?id={id}")).sign("ann", SECRET).send().await;
    assert_eq!(left.json()[0]["id"], json!(id), "the profile says that something is still to be done");
}
