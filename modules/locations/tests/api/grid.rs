//! Cells of one size.

use bkjs_api::Options;
use bkjs_core::value::Row;
use bkjs_locations::LOCATION_TABLE;
use serde_json::json;

use crate::{people, put, start};

#[tokio::test]
async fn the_least_distance_decides_the_length_of_geohashes() {
    for (km, geohash) in [("0.1", "s00000"), ("5", "s000"), ("100", "s0")] {
        let server = start(&["-min-distance", km]).await;
        people(&server, ["ann"]).await;
        let stored = server.ask("ann", "/location/put?latitude=0&longitude=0").await.done();
        assert_eq!(stored["geohash"], json!(geohash), "{km} km");
    }
}

#[tokio::test]
async fn records_in_cells_of_another_size_are_not_served() {
    let server = start(&["-min-distance", "1"]).await;
    people(&server, ["ann"]).await;
    let other = Row::new().with("geohash", "s000").with("id", "x").with("latitude", 0).with("longitude", 0);
    server.api.db().put(LOCATION_TABLE, other, &Options::new()).await.expect("stored");
    for path in ["get", "put"] {
        let answer = server.ask("ann", &format!("/location/{path}?latitude=0&longitude=0")).await;
        answer.refused(503, "min-distance asks for geohashes of 5 letters and bk_location has them of 4");
    }
    let all = Options { whole_table: true, ..Options::new() };
    server.api.db().del_all(LOCATION_TABLE, Row::new(), &all).await.expect("emptied");
    put(&server, "ann", 0.0, 0.0).await;
}
