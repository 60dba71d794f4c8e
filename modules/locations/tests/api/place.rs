//! Storing where an account is.

use std::sync::{Arc, Mutex};

use bkjs_api::testing::TestServer;
use bkjs_api::{ACCOUNT_TABLE, AccountEvent, Options, Setup};
use bkjs_core::db::Query;
use bkjs_core::value::Row;
use bkjs_locations::{LOCATION_TABLE, LocationsModule};
use futures_util::future::join_all;
use serde_json::json;

use crate::{found, people, put, setup, start};

async fn places_of(server: &TestServer, id: &str) -> Vec<Row> {
    let own = Query::new().eq("id", id);
    server.api.db().select::<Row>(LOCATION_TABLE, own, &Options::new()).await.expect("places").rows
}

async fn profile_of(server: &TestServer, id: &str) -> Row {
    server
        .api
        .db()
        .get::<Row>(ACCOUNT_TABLE, id, &Options::new())
        .await
        .expect("an answer")
        .expect("a profile")
}

#[tokio::test]
async fn a_place_is_stored_and_is_in_the_profile() {
    let server = start(&[]).await;
    let [ann] = people(&server, ["ann"]).await;
    let stored = server.ask("ann", "/location/put?latitude=37.7&longitude=-122.4&location=home").await.done();
    assert_eq!((&stored["id"], &stored["geohash"]), (&json!(ann), &json!("9q8y")));
    assert_eq!((&stored["latitude"], &stored["longitude"]), (&json!(37.7), &json!(-122.4)));
    assert!(stored["mtime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{stored}");
    let profile = profile_of(&server, &ann).await.to_json();
    assert_eq!((&profile["latitude"], &profile["longitude"]), (&json!(37.7), &json!(-122.4)));
    assert_eq!((&profile["location"], &profile["name"]), (&json!("home"), &json!("ann")));
    assert!(profile["ltime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{profile}");
}

#[tokio::test]
async fn who_moves_is_at_the_new_place_only() {
    let server = start(&[]).await;
    let [ann, _] = people(&server, ["ann", "bob"]).await;
    for (latitude, longitude) in [(10.0, 10.0), (10.001, 10.001), (-20.0, 30.0), (-20.0, 30.0)] {
        put(&server, "ann", latitude, longitude).await;
        let places = places_of(&server, &ann).await;
        assert_eq!(places.len(), 1);
        assert_eq!(places[0].to_json()["latitude"], json!(latitude));
        assert_eq!(
            found(&server, "bob", &format!("latitude={latitude}&longitude={longitude}")).await,
            ["ann"]
        );
    }
    assert!(found(&server, "bob", "latitude=10&longitude=10").await.is_empty());
}

#[tokio::test]
async fn an_account_is_at_one_place_however_many_calls_move_it_at_once() {
    let server = start(&[]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    // Bob has no place before.
    put(&server, "ann", 0.5, 0.5).await;
    for (login, id) in [("ann", &ann), ("bob", &bob)] {
        let uris: Vec<String> =
            (0..8).map(|n| format!("/location/put?latitude={n}&longitude={}", n * 10)).collect();
        for answer in join_all(uris.iter().map(|uri| server.ask(login, uri))).await {
            answer.done();
        }
        assert_eq!(places_of(&server, id).await.len(), 1, "{login}");
    }
}

#[tokio::test]
async fn what_a_dead_process_left_behind_goes_with_the_next_call() {
    let server = start(&[]).await;
    let [ann] = people(&server, ["ann"]).await;
    put(&server, "ann", 10.0, 10.0).await;
    let left =
        Row::new().with("geohash", "zzzz").with("id", ann.as_str()).with("latitude", 1).with("longitude", 1);
    server.api.db().put(LOCATION_TABLE, left, &Options::new()).await.expect("stored");
    put(&server, "ann", 10.0, 10.0).await;
    assert_eq!(places_of(&server, &ann).await.len(), 1);
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let server = start(&[]).await;
    let [ann] = people(&server, ["ann"]).await;
    for (query, words) in [
        ("", "latitude is required"),
        ("latitude=1", "longitude is required"),
        ("latitude=&longitude=1", "latitude is required"),
        ("latitude=x&longitude=1", "latitude must be"),
        ("latitude=NaN&longitude=1", "latitude must be"),
        ("latitude=1&longitude=inf", "longitude must be"),
        ("latitude=1&latitude=2&longitude=1", "latitude must be given once"),
        ("latitude=-188.23232&longitude=23.4545454", "latitude must be from -90 to 90 degrees"),
        ("latitude=1&longitude=180.1", "longitude must be from -180 to 180 degrees"),
    ] {
        let answer = server.ask("ann", &format!("/location/put?{query}")).await;
        answer.refused(400, words);
    }
    assert!(places_of(&server, &ann).await.is_empty());
}

#[tokio::test]
async fn the_id_of_another_means_nothing() {
    let server = start(&[]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    server.ask("ann", &format!("/location/put?latitude=1&longitude=1&id={bob}&geohash=zz")).await.done();
    assert_eq!(places_of(&server, &ann).await.len(), 1);
    assert!(places_of(&server, &bob).await.is_empty());
    assert!(!profile_of(&server, &bob).await.has("latitude"));
}

#[tokio::test]
async fn strangers_store_and_see_nothing() {
    let server = start(&[]).await;
    for path in ["put", "get", "search"] {
        let answer = server.get(&format!("/location/{path}?latitude=1&longitude=1")).send().await;
        answer.refused(417, "login");
    }
}

#[tokio::test]
async fn an_account_without_a_profile_is_told_so() {
    let server = start(&[]).await;
    let [ann] = server.people(["ann"]).await;
    server.ask("ann", "/location/put?latitude=1&longitude=1").await.refused(404, "profile");
    assert!(places_of(&server, &ann).await.is_empty());
}

#[tokio::test]
async fn where_nobody_keeps_profiles_there_are_places_without_names() {
    let mut setup = Setup::new();
    setup.module(&LocationsModule);
    let server = TestServer::start(setup, &[]).await;
    let [_, bob] = server.people(["ann", "bob"]).await;
    put(&server, "bob", 1.0, 1.0).await;
    let page = server.ask("ann", "/location/get?latitude=1&longitude=1").await.done();
    assert_eq!((&page["data"][0]["id"], page["data"][0].get("name")), (&json!(bob), None));
}

#[tokio::test]
async fn hooks_are_told_that_the_profile_has_changed() {
    let mut setup = setup();
    let told: Arc<Mutex<Vec<(AccountEvent, Row)>>> = Arc::default();
    let notes = told.clone();
    setup.account_hook(move |_, event, row| {
        notes.lock().expect("no panic").push((event, row.clone()));
        Box::pin(async { Ok(()) })
    });
    let server = TestServer::start(setup, &[]).await;
    people(&server, ["ann"]).await;
    put(&server, "ann", 1.5, 2.0).await;
    let told = told.lock().expect("no panic");
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, &told[0].1.to_json()["latitude"]), (AccountEvent::Updated, &json!(1.5)));
}

#[tokio::test]
async fn a_place_goes_with_its_account() {
    let server = start(&[]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    put(&server, "ann", 1.0, 1.0).await;
    put(&server, "bob", 1.0, 1.0).await;
    let gone = Row::new().with("id", ann.as_str()).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    assert!(places_of(&server, &ann).await.is_empty());
    assert_eq!(places_of(&server, &bob).await.len(), 1);
}
