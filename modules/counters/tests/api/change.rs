//! Adding and setting.

use bkjs_api::AccountEvent;
use bkjs_core::value::Row;
use futures_util::future::join_all;
use serde_json::json;

use crate::start;

#[tokio::test]
async fn increments_add_up_and_may_be_negative() {
    let server = start(&[]).await;
    server.people(["ann"]).await;
    for query in ["ping=5", "ping=-2&like0=1", "like0=0"] {
        assert_eq!(server.ask("ann", &format!("/counter/incr?{query}")).await.done(), json!([]));
    }
    let own = server.ask("ann", "/counter/get").await.done();
    assert_eq!((&own["ping"], &own["like0"]), (&json!(3), &json!(1)));
}

#[tokio::test]
async fn no_increment_is_lost_however_many_add() {
    let server = start(&[]).await;
    let [ann, _] = server.people(["ann", "bob"]).await;
    let uri = format!("/counter/incr?id={ann}&ping=1");
    let all = join_all((0..50).map(|n| server.ask(if n % 2 == 0 { "ann" } else { "bob" }, &uri))).await;
    all.iter().for_each(|answer| drop(answer.done()));
    assert_eq!(server.ask("ann", "/counter/get").await.done()["ping"], 50);
}

#[tokio::test]
async fn of_others_only_public_counters_change() {
    let server = start(&[]).await;
    let [ann, _] = server.people(["ann", "bob"]).await;
    server.ask("bob", &format!("/counter/incr?id={ann}&ping=1&score=2&like1=7&motto=x")).await.done();
    let own = server.ask("ann", "/counter/get").await.done();
    assert_eq!((&own["ping"], &own["score"], &own["like1"]), (&json!(1), &json!(2), &json!(0)));
    assert_eq!(own["motto"], json!(null));
    server.ask("bob", &format!("/counter/incr?id={ann}&like1=7")).await.refused(400, "ping, score");
    assert_eq!(server.ask("bob", "/counter/get").await.done(), json!([]));
}

#[tokio::test]
async fn what_is_put_replaces_all_and_what_is_updated_some() {
    let server = start(&[]).await;
    let [_, bob] = server.people(["ann", "bob"]).await;
    server.ask("ann", "/counter/incr?ping=5&like0=2").await.done();
    server.ask("ann", "/counter/update?like0=9").await.done();
    let own = server.ask("ann", "/counter/get").await.done();
    assert_eq!((&own["ping"], &own["like0"]), (&json!(5), &json!(9)));
    // The id of another means nothing here.
    server.ask("ann", &format!("/counter/put?like0=3&id={bob}")).await.done();
    let own = server.ask("ann", "/counter/get").await.done();
    assert_eq!((&own["ping"], &own["like0"]), (&json!(0), &json!(3)));
    assert_eq!(server.ask("bob", "/counter/get").await.done(), json!([]));
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let server = start(&[]).await;
    server.people(["ann"]).await;
    server.ask("ann", "/counter/incr?ping=4").await.done();
    for (query, words) in [
        ("incr?ping=many", "ping"),
        ("incr?ping=1.5", "ping"),
        ("incr?ping=1&ping=2", "ping"),
        ("incr?nosuch=1", "there are: ping"),
        ("incr", "there are: ping"),
        ("incr?ping=9223372036854775807", "ping is out of range"),
        ("incr?id=a,b&ping=1", "id must be one account"),
        ("put?ping=x", "ping"),
        ("update?ping=", "there are: ping"),
    ] {
        let answer = server.ask("ann", &format!("/counter/{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.message().contains(words), "{query}: {}", answer.text());
    }
    assert_eq!(server.ask("ann", "/counter/get").await.done()["ping"], 4);
}

#[tokio::test]
async fn strangers_change_and_see_nothing() {
    let server = start(&[]).await;
    for path in ["get", "incr?ping=1", "put?ping=1", "update?ping=1"] {
        server.get(&format!("/counter/{path}")).send().await.refused(417, "login");
    }
}

#[tokio::test]
async fn counters_go_with_their_account() {
    let server = start(&[]).await;
    let [ann, _] = server.people(["ann", "bob"]).await;
    for login in ["ann", "bob"] {
        server.ask(login, "/counter/incr?ping=1").await.done();
    }
    let gone = Row::new().with("id", ann.as_str()).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    assert_eq!(server.ask("ann", "/counter/get").await.done(), json!([]));
    assert_eq!(server.ask("bob", "/counter/get").await.done()["ping"], 1);
}
