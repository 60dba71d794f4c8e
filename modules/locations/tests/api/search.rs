//! Finding who is near.

use serde_json::json;

use crate::{found, people, put, start};

#[tokio::test]
async fn the_nearest_come_first_with_their_distance_and_without_the_caller() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal", "dan", "eve"]).await;
    put(&server, "ann", 52.52, 13.405).await;
    put(&server, "bob", 52.40, 13.06).await;
    put(&server, "cal", 52.5163, 13.3777).await;
    put(&server, "dan", 48.8584, 2.2945).await;
    let page = server.ask("ann", "/location/get?latitude=52.52&longitude=13.405&distance=30").await.done();
    let names: Vec<_> = page["data"].as_array().expect("a list").iter().map(|row| &row["name"]).collect();
    assert_eq!((names, &page["count"]), (vec![&json!("cal"), &json!("bob")], &json!(2)));
    assert_eq!(page.get("next_token"), None);
    for (at, km) in [(0, 1.893), (1, 26.88)] {
        let distance = page["data"][at]["distance"].as_f64().expect("a number");
        assert!((distance - km).abs() < km * 0.01, "{distance} and not {km}");
    }
    assert_eq!(page["data"][0]["latitude"], 52.5163);
}

#[tokio::test]
async fn both_paths_search() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob"]).await;
    put(&server, "bob", 1.0, 1.0).await;
    for path in ["get", "search"] {
        let page = server.ask("ann", &format!("/location/{path}?latitude=1&longitude=1")).await.done();
        assert_eq!((&page["data"][0]["name"], &page["data"][0]["distance"]), (&json!("bob"), &json!(0.0)));
    }
}

#[tokio::test]
async fn a_circle_goes_round_the_earth_and_over_the_poles() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal", "dan", "eve"]).await;
    put(&server, "bob", 0.0, 179.96).await;
    put(&server, "cal", 0.0, -179.95).await;
    put(&server, "dan", 89.9, 10.0).await;
    put(&server, "eve", -90.0, 0.0).await;
    assert_eq!(found(&server, "ann", "latitude=0&longitude=180&distance=20").await, ["bob", "cal"]);
    assert_eq!(found(&server, "ann", "latitude=0&longitude=-179.99&distance=20").await, ["cal", "bob"]);
    assert_eq!(found(&server, "ann", "latitude=89.9&longitude=-170&distance=30").await, ["dan"]);
    assert_eq!(found(&server, "ann", "latitude=90&longitude=0&distance=12").await, ["dan"]);
    assert_eq!(found(&server, "ann", "latitude=-89.9&longitude=123&distance=12").await, ["eve"]);
}

#[tokio::test]
async fn private_columns_stay_private() {
    let server = start(&[]).await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    put(&server, "bob", 1.0, 1.0).await;
    let answer =
        server.ask("ann", "/location/get?latitude=1&longitude=1&_select=name,email,geohash,distance").await;
    assert_eq!(answer.done()["data"], json!([{"id": bob, "name": "bob", "distance": 0.0}]));
    let answer = server.ask("ann", "/location/get?latitude=1&longitude=1").await;
    answer.lacks(&["email", "geohash"]);
}

#[tokio::test]
async fn more_than_the_longest_distance_is_the_longest_distance() {
    let server = start(&["-max-distance", "20", "-min-distance", "1"]).await;
    people(&server, ["ann", "bob", "cal", "dan"]).await;
    put(&server, "bob", 0.0, 0.005).await;
    put(&server, "cal", 0.0, 0.1).await;
    put(&server, "dan", 0.0, 0.2).await;
    for (distance, names) in
        [("", &["bob"][..]), ("&distance=15", &["bob", "cal"]), ("&distance=500", &["bob", "cal"])]
    {
        assert_eq!(found(&server, "ann", &format!("latitude=0&longitude=0{distance}")).await, names);
    }
}

#[tokio::test]
async fn bad_input_is_named() {
    let server = start(&[]).await;
    people(&server, ["ann"]).await;
    for (query, words) in [
        ("", "latitude is required"),
        ("latitude=1", "longitude is required"),
        ("latitude=91&longitude=1", "latitude must be from -90 to 90"),
        ("latitude=-118.23434&longitude=23.45665656", "latitude"),
        ("latitude=1&longitude=-181", "longitude must be from -180 to 180"),
        ("latitude=1&longitude=1&distance=x", "distance must be"),
        ("latitude=1&longitude=1&distance=-1", "distance must be"),
        ("latitude=1&longitude=1&distance=NaN", "distance must be"),
        ("latitude=1&longitude=1&distance=inf", "distance must be"),
        ("latitude=1&longitude=1&_token=a&_token=b", "_token must be"),
        ("latitude=1&longitude=1&_token=FGTHTRHRTHRTHTTR", "token"),
    ] {
        server.ask("ann", &format!("/location/get?{query}")).await.refused(400, words);
    }
}
