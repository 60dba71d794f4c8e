//! Searches against a plain look at all records.

use bkjs_api::Setup;
use bkjs_api::testing::TestServer;
use bkjs_locations::{Locations, LocationsModule, Near, Point};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Points everywhere, and many where grids are odd: at the poles, where east meets west, and in one town.
fn point() -> impl Strategy<Value = Point> {
    let latitude = prop_oneof![-90.0..=90.0, 89.0..=90.0, -90.0..=-89.5, 52.0..=53.0, -1.0..=1.0, Just(90.0)];
    let longitude = prop_oneof![-180.0..=180.0, 179.0..=180.0, -180.0..=-179.0, 13.0..=14.0, Just(180.0)];
    (latitude, longitude).prop_map(|(y, x)| Point::new(y, x).expect("on the earth"))
}

#[tokio::test]
async fn a_search_finds_what_a_look_at_all_records_finds() {
    let mut runner = TestRunner::deterministic();
    for km in ["0.1", "5", "400"] {
        // Without profiles, which are nothing to search by.
        let mut setup = Setup::new();
        setup.module(&LocationsModule);
        let server = TestServer::start(setup, &["-min-distance", km, "-max-distance", "999"]).await;
        let locations = Locations::of(&server.api).expect("the module");
        let mut all = Vec::new();
        for n in 0..150 {
            let point = point().new_tree(&mut runner).expect("a point").current();
            let id = format!("a{n}");
            locations.put(&id, point, None).await.expect("stored");
            all.push((id, point));
        }
        let searches = (point(), prop_oneof![0.0..50.0, 50.0..999.0, Just(0.0)], 1_usize..40);
        for _ in 0..50 {
            let (centre, distance, count) = searches.new_tree(&mut runner).expect("a search").current();
            let mut expected: Vec<(f64, &str)> = all
                .iter()
                .map(|(id, point)| (centre.distance(*point), id.as_str()))
                .filter(|(km, id)| *km <= distance && *id != "a0")
                .collect();
            expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
            let mut got: Vec<String> = Vec::new();
            let mut token: Option<String> = None;
            loop {
                let near =
                    Near { centre, distance: Some(distance), count, token: token.as_deref(), except: "a0" };
                let page = locations.near(near).await.expect("a page");
                assert!(page.rows.len() <= count);
                got.extend(page.rows.iter().map(|row| row.text("id").to_owned()));
                token = page.next_token;
                if token.is_none() {
                    break;
                }
            }
            let expected: Vec<&str> = expected.into_iter().map(|(_, id)| id).collect();
            assert_eq!(got, expected, "{km}: {centre:?} {distance} km by {count}");
        }
    }
}
