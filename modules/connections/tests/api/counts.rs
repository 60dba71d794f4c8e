//! Counters that follow.

use bkjs_api::Options;
use bkjs_api::testing::TestServer;
use bkjs_core::value::Row;
use futures_util::future::join_all;

use crate::{people, start};

async fn counter(server: &TestServer, id: &str, name: &str) -> i64 {
    let row: Option<Row> = server.api.db().get("bk_counter", id, &Options::new()).await.expect("a read");
    row.and_then(|row| row.int(name)).unwrap_or(0)
}

#[tokio::test]
async fn a_connection_is_counted_once_on_both_sides() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let at = format!("peer={bob}&type=like");
    for path in ["put", "put", "add", "update"] {
        server.ask("ann", &format!("/connection/{path}?{at}")).await;
    }
    assert_eq!((counter(&server, &ann, "like0").await, counter(&server, &bob, "like1").await), (1, 1));
    assert_eq!((counter(&server, &ann, "like1").await, counter(&server, &bob, "like0").await), (0, 0));
    let uri = format!("/connection/del?{at}");
    let all = join_all((0..10).map(|_| server.ask("ann", &uri))).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!((counter(&server, &ann, "like0").await, counter(&server, &bob, "like1").await), (0, 0));
}

#[tokio::test]
async fn only_counters_that_are_said_to_follow_do() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    for kind in ["odd", "plain", "other"] {
        server.ask("ann", &format!("/connection/add?peer={bob}&type={kind}")).await.done();
    }
    assert_eq!((counter(&server, &ann, "odd0").await, counter(&server, &ann, "plain0").await), (1, 0));
    assert_eq!(counter(&server, &bob, "odd0").await, 0);
}
