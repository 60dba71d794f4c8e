//! `/metrics`: what Prometheus reads.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bkjs_api::{Api, Result};
use bkjs_core::metrics::{Report, Series, text};
use http::{HeaderValue, header};

/// How long a cache or queue may take to say what it holds; without an answer it is left out.
const WAIT: Duration = Duration::from_secs(1);

/// What all processes have counted, as text.
pub(crate) async fn metrics(State(api): State<Api>) -> Result<Response> {
    let report = complete(&api).await?;
    let mut response = text::write(&report).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What all processes have counted, and what caches and queues hold.
pub(crate) async fn complete(api: &Api) -> bkjs_core::Result<Report> {
    let mut report = api.report().await?;
    let (name, version) = api.program();
    report.gauges.push(series("bkjs_info", &[("application", name), ("version", version)], 1.0));
    tell(&mut report, "bkjs_info", "The application and its version.");
    caches(api, &mut report).await;
    queues(api, &mut report).await;
    Ok(report)
}

async fn caches(api: &Api, report: &mut Report) {
    for cache in api.caches().all() {
        let Ok(Ok(stats)) = tokio::time::timeout(WAIT, cache.stats()).await else { continue };
        let labels = [("cache", cache.name())];
        let counts = [
            ("bkjs_cache_hits_total", stats.hits),
            ("bkjs_cache_misses_total", stats.misses),
            ("bkjs_cache_evictions_total", stats.evictions),
        ];
        for (name, count) in counts {
            report.counters.extend(count.map(|count| series(name, &labels, count)));
        }
        for (name, number) in [("bkjs_cache_entries", stats.entries), ("bkjs_cache_bytes", stats.bytes)] {
            report.gauges.extend(number.map(|number| series(name, &labels, number as f64)));
        }
    }
    tell(report, "bkjs_cache_hits_total", "Reads of a cache that found something.");
    tell(report, "bkjs_cache_misses_total", "Reads of a cache that found nothing.");
    tell(report, "bkjs_cache_evictions_total", "Values that had to go because a cache had no room.");
    tell(report, "bkjs_cache_entries", "How many values a cache holds.");
    tell(report, "bkjs_cache_bytes", "How many bytes the values of a cache take.");
}

async fn queues(api: &Api, report: &mut Report) {
    let Ok(jobs) = api.jobs() else { return };
    for name in jobs.queues().names() {
        let Ok(queue) = jobs.queue(name) else { continue };
        let Ok(Ok(counts)) = tokio::time::timeout(WAIT, queue.counts()).await else { continue };
        let states = [
            ("available", counts.available),
            ("scheduled", counts.scheduled),
            ("executing", counts.executing),
            ("retryable", counts.retryable),
            ("completed", counts.completed),
            ("cancelled", counts.cancelled),
            ("discarded", counts.discarded),
        ];
        let name = if name.is_empty() { "default" } else { name };
        for (state, count) in states {
            let labels = [("queue", name), ("state", state)];
            report.gauges.extend(count.map(|count| series("bkjs_queue_messages", &labels, count as f64)));
        }
    }
    tell(report, "bkjs_queue_messages", "How many messages a queue holds, by state.");
}

fn series<T>(name: &str, labels: &[(&str, &str)], value: T) -> Series<T> {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Series { name: name.to_owned(), labels, value }
}

fn tell(report: &mut Report, name: &str, text: &str) {
    report.texts.insert(name.to_owned(), text.to_owned());
}
