//! Numbers by name.

use crate::start;

/// What every distribution says.
const SPREAD: [&str; 12] =
    ["hmin", "hmax", "hsum", "hvar", "hmean", "hdev", "hcnt", "hmed", "h75p", "h95p", "h99p", "h999p"];
/// What everything that happens now and then says besides.
const METER: [&str; 6] = ["rate", "rcnt", "rmean", "r1m", "r5m", "r15m"];

#[tokio::test]
async fn the_documented_names_are_there() {
    let server = start(&[]).await;
    let stats = server.ask("root", "/system/stats/get").await.done();
    for name in ["rss", "avg", "free", "util", "pool_req", "api_que"] {
        for suffix in SPREAD {
            assert!(stats[format!("{name}_{suffix}")].is_number(), "{name}_{suffix}: {stats}");
        }
    }
    for name in ["pool_que", "api_req", "jobs_run"] {
        for suffix in SPREAD.iter().chain(&METER) {
            assert!(stats[format!("{name}_{suffix}")].is_number(), "{name}_{suffix}: {stats}");
        }
    }
    for name in [
        "pid",
        "mtime",
        "ctime",
        "latency",
        "busy",
        "cpus",
        "mem",
        "pool_count",
        "pool_hits",
        "pool_misses",
        "cache_hits",
        "cache_misses",
        "cache_count",
        "api_nreq",
        "api_bad",
    ] {
        assert!(stats[name].is_number(), "{name}: {stats}");
    }
    assert!(stats["id"].as_str().is_some_and(|id| id.ends_with(&stats["pid"].to_string())), "{stats}");
    assert_eq!(stats["processes"][0]["role"], "web", "{stats}");
}

#[tokio::test]
async fn requests_are_counted_by_the_first_parts_of_their_routes() {
    let server = start(&["-api-url-metrics-system", "3"]).await;
    for _ in 0..3 {
        server.ask("root", "/system/cache/get?name=a").await.done();
    }
    server.ask("root", "/system/cache/keys").await.done();
    server.get("/ping").send().await.done();
    let stats = server.ask("root", "/system/stats/get").await.done();
    assert_eq!(stats["url_system_cache_get_rcnt"], 3, "{stats}");
    assert_eq!(stats["url_system_cache_keys_hcnt"], 1, "{stats}");
    assert_eq!(stats["url_ping_hcnt"], 1, "{stats}");
    let (least, median, most) = (
        &stats["url_system_cache_get_hmin"],
        &stats["url_system_cache_get_hmed"],
        &stats["url_system_cache_get_hmax"],
    );
    let [least, median, most] = [least, median, most].map(|number| number.as_f64().expect("a number"));
    // Percentiles are known to one percent.
    assert!(0.0 < least && least <= median * 1.01 && median <= most * 1.01, "{least} {median} {most}");
    assert_eq!(stats["api_nreq"], 1, "{stats}");
    // By two parts, unless said otherwise.
    let server = start(&[]).await;
    server.ask("root", "/system/cache/get?name=a").await.done();
    server.ask("root", "/system/cache/keys").await.done();
    let stats = server.ask("root", "/system/stats/get").await.done();
    assert!(stats["url_system_cache_hcnt"].as_i64().is_some_and(|count| count >= 2), "{stats}");
}
