//! What is counted, and who may read it.

use bkjs_api::testing::TestServer;

use crate::start;

async fn metrics(server: &TestServer) -> String {
    let answer = server.ask("root", "/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

/// The value of a line that begins so.
fn value(text: &str, line: &str) -> Option<f64> {
    text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn requests_are_counted_and_timed_by_route_and_status() {
    let server = start(&[]).await;
    for n in 0..5 {
        server.ask("root", &format!("/system/cache/get?name=a{n}")).await.done();
    }
    server.ask("root", "/system/cache/get").await.refused(400, "name");
    server.get("/system/cache/get?name=a").send().await.refused(417, "login");
    server.ask("ann", "/no/such/../path").await;
    let text = metrics(&server).await;
    let route = "route=\"/system/cache/get\"";
    assert_eq!(
        value(&text, &format!("bkjs_http_requests_total{{{route},status=\"200\"}}")),
        Some(5.0),
        "{text}"
    );
    assert_eq!(
        value(&text, &format!("bkjs_http_requests_total{{{route},status=\"400\"}}")),
        Some(1.0),
        "{text}"
    );
    assert_eq!(
        value(&text, "bkjs_http_requests_total{route=\"(none)\",status=\"417\"}"),
        Some(1.0),
        "{text}"
    );
    assert_eq!(
        value(&text, &format!("bkjs_http_request_duration_seconds_count{{{route}}}")),
        Some(6.0),
        "{text}"
    );
    let last = format!("bkjs_http_request_duration_seconds_bucket{{{route},le=\"+Inf\"}}");
    assert_eq!(value(&text, &last), Some(6.0), "{text}");
    assert!(
        value(&text, &format!("bkjs_http_request_duration_seconds_sum{{{route}}}"))
            .is_some_and(|sum| sum > 0.0)
    );
    // The one that asks.
    assert_eq!(value(&text, "bkjs_http_requests_in_progress"), Some(1.0), "{text}");
}

#[tokio::test]
async fn a_path_that_strangers_think_of_is_no_label() {
    let server = start(&[]).await;
    for n in 0..20 {
        server.ask("ann", &format!("/stranger{n}/x?y={n}")).await.refused(404, "not found");
    }
    let text = metrics(&server).await;
    assert!(!text.contains("stranger"), "{text}");
    assert_eq!(
        value(&text, "bkjs_http_requests_total{route=\"(none)\",status=\"404\"}"),
        Some(20.0),
        "{text}"
    );
}

#[tokio::test]
async fn database_cache_and_process_are_there() {
    let server = start(&[]).await;
    server.ask("root", "/system/cache/put?name=a&value=1").await.done();
    server.ask("root", "/system/cache/get?name=a").await.done();
    server.ask("root", "/system/cache/get?name=b").await.done();
    let text = metrics(&server).await;
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap_or_default().to_owned();
    assert!(line("bkjs_db_calls_total{pool=").contains("operation="), "{text}");
    assert!(
        line("bkjs_db_call_duration_seconds_count{pool=").ends_with(|c: char| c.is_ascii_digit()),
        "{text}"
    );
    assert!(line("bkjs_cache_hits_total{cache=").ends_with(" 1"), "{text}");
    assert!(line("bkjs_cache_misses_total{cache=").ends_with(" 1"), "{text}");
    let process = "{role=\"web\",process=\"0\"}";
    assert!(
        value(&text, &format!("process_resident_memory_bytes{process}")).is_some_and(|n| n > 1e5),
        "{text}"
    );
    assert!(value(&text, &format!("process_cpu_seconds_total{process}")).is_some_and(|n| n >= 0.0), "{text}");
}

#[tokio::test]
async fn only_administrators_read_metrics_unless_a_path_is_opened() {
    let server = start(&[]).await;
    server.get("/metrics").send().await.refused(417, "login");
    server.ask("ann", "/metrics").await.refused(401, "restricted");
    let server = start(&["-api-allow-path", "^/metrics$"]).await;
    let answer = server.get("/metrics").send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("# TYPE process_cpu_seconds_total counter"), "{}", answer.text());
}
