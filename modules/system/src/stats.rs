//! `/system/stats/get`: the same as numbers by name, with averages and distributions.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::State;
use bkjs_api::{Api, Reply, Result, Shared, now_ms};
use bkjs_core::config::{Handle, Params};
use bkjs_core::metrics::{Distribution, Machine, Process, Report};
use bkjs_core::value::{Row, Value};

use crate::metrics::complete;

/// Statistics.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api")]
pub struct StatsParams {
    /// How many parts of a path are told apart in the statistics by URL, for paths that begin with this one; 2 for all
    /// others.
    #[param(pattern = "url-metrics-([a-z]+)", live)]
    pub url_metrics: BTreeMap<String, u32>,
}

/// How many parts of a path are told apart.
const DEPTH: u32 = 2;
const MILLIS: f64 = 1000.0;

/// What is remembered between two calls.
#[derive(Clone)]
pub(crate) struct Stats {
    params: Handle<StatsParams>,
    /// What was counted at the last call, for the rates since then. As many as there are routes.
    before: Arc<Mutex<HashMap<String, (u64, Instant)>>>,
}

impl Stats {
    pub(crate) fn new(params: Handle<StatsParams>) -> Self {
        Self { params, before: Arc::default() }
    }

    /// Events a second since the last call of this process.
    fn rate(&self, name: &str, count: u64) -> f64 {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        match before.insert(name.to_owned(), (count, Instant::now())) {
            Some((known, at)) => count.saturating_sub(known) as f64 / at.elapsed().as_secs_f64().max(1e-3),
            None => 0.0,
        }
    }
}

/// The statistics of all processes.
pub(crate) async fn get(State(api): State<Api>, Shared(stats): Shared<Stats>) -> Result {
    let begun = Instant::now();
    tokio::task::yield_now().await;
    let latency = begun.elapsed().as_secs_f64() * MILLIS;
    let report = complete(&api).await?;
    let told = Told { stats: &stats, report: &report, uptime: uptime(&report.processes), row: Row::new() };
    Ok(Reply::value(told.all(&api, latency)))
}

/// How many seconds the oldest process has lived.
fn uptime(processes: &[Process]) -> f64 {
    let begun = processes.iter().map(|process| process.start_seconds).filter(|at| *at > 0.0);
    let oldest = begun.fold(f64::INFINITY, f64::min);
    if oldest.is_finite() { (now_ms() as f64 / MILLIS - oldest).max(0.001) } else { 0.001 }
}

struct Told<'a> {
    stats: &'a Stats,
    report: &'a Report,
    uptime: f64,
    row: Row,
}

impl Told<'_> {
    fn all(mut self, api: &Api, latency: f64) -> Row {
        let report = self.report;
        let machine = Machine::this();
        let own = std::process::id();
        let now = now_ms();
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
        self.set("id", format!("{host}-{own}"));
        self.set("host", host);
        self.set("pid", i64::from(own));
        self.set("mtime", now);
        self.set("ctime", now - (self.uptime * MILLIS) as i64);
        self.set("latency", latency);
        self.set("busy", whole(report.count("bkjs_http_requests_total", "status", "503")));
        self.set("cpus", machine.cpus as i64);
        self.set("mem", whole(machine.memory));
        for (name, samples) in [
            ("rss", &report.samples.rss),
            ("avg", &report.samples.avg),
            ("free", &report.samples.free),
            ("util", &report.samples.util),
        ] {
            self.spread(name, samples, 1.0);
        }
        self.pools(api);
        self.caches();
        self.requests();
        self.jobs();
        self.set("processes", report.processes.iter().map(process).collect::<Vec<_>>());
        self.row
    }

    fn set(&mut self, name: impl AsRef<str>, value: impl Into<Value>) {
        self.row.set(name.as_ref(), value);
    }

    /// How values are spread.
    fn spread(&mut self, name: &str, values: &Distribution, scale: f64) {
        let variance = values.variance() * scale * scale;
        for (suffix, number) in [
            ("hmin", values.min * scale),
            ("hmax", values.max * scale),
            ("hsum", values.sum * scale),
            ("hvar", variance),
            ("hmean", values.mean() * scale),
            ("hdev", variance.sqrt()),
            ("hmed", values.quantile(0.5) * scale),
            ("h75p", values.quantile(0.75) * scale),
            ("h95p", values.quantile(0.95) * scale),
            ("h99p", values.quantile(0.99) * scale),
            ("h999p", values.quantile(0.999) * scale),
        ] {
            self.set(format!("{name}_{suffix}"), number);
        }
        self.set(format!("{name}_hcnt"), whole(values.count));
    }

    /// How often something happens and how long it takes, in milliseconds.
    fn timed(&mut self, name: &str, values: &Distribution) {
        let [r1m, r5m, r15m] = values.rates;
        for (suffix, number) in [
            ("rate", self.stats.rate(name, values.count)),
            ("rmean", values.count as f64 / self.uptime),
            ("r1m", r1m),
            ("r5m", r5m),
            ("r15m", r15m),
        ] {
            self.set(format!("{name}_{suffix}"), number);
        }
        self.set(format!("{name}_rcnt"), whole(values.count));
        self.spread(name, values, MILLIS);
    }

    fn pools(&mut self, api: &Api) {
        let pools = api.db().tables_by_pool();
        self.set("pool_name", pools.first().map_or("", |(pool, _)| *pool));
        self.timed("pool_que", &self.report.distribution("bkjs_db_call_duration_seconds"));
        self.depth("pool_req", "bkjs_db_calls_in_progress");
        self.set("pool_count", self.report.gauge("bkjs_db_calls_in_progress") as i64);
        self.set("pool_errors", whole(self.report.count("bkjs_db_errors_total", "", "")));
        let reads = |from| self.report.count("bkjs_db_cache_reads_total", "from", from);
        let (hits, misses) = (reads("near") + reads("shared"), reads("database"));
        self.set("pool_hits", whole(hits));
        self.set("pool_misses", whole(misses));
    }

    fn caches(&mut self) {
        let report = self.report;
        self.set("cache_hits", whole(report.count("bkjs_cache_hits_total", "", "")));
        self.set("cache_misses", whole(report.count("bkjs_cache_misses_total", "", "")));
        self.set("cache_evictions", whole(report.count("bkjs_cache_evictions_total", "", "")));
        self.set("cache_count", report.gauge("bkjs_cache_entries") as i64);
        self.set("cache_size", report.gauge("bkjs_cache_bytes") as i64);
    }

    fn requests(&mut self) {
        let name = "bkjs_http_request_duration_seconds";
        self.timed("api_req", &self.report.distribution(name));
        self.depth("api_que", "bkjs_http_requests_in_progress");
        self.set("api_nreq", self.report.gauge("bkjs_http_requests_in_progress") as i64);
        let bad = self.report.counters.iter().filter(|series| series.name == "bkjs_http_requests_total");
        let bad = bad.filter(|series| series.label("status").starts_with(['4', '5']));
        let bad = bad.map(|series| series.value).sum();
        self.set("api_bad", whole(bad));
        let mut urls: BTreeMap<String, Distribution> = BTreeMap::new();
        let params = self.stats.params.load();
        for series in self.report.histograms.iter().filter(|series| series.name == name) {
            if let Some(url) = url(series.label("route"), &params.url_metrics) {
                urls.entry(url).or_default().add(&series.value);
            }
        }
        urls.iter().for_each(|(url, values)| self.timed(url, values));
    }

    /// How many were in progress at a time.
    fn depth(&mut self, name: &str, gauge: &str) {
        let values = self.report.samples.in_progress.get(gauge).cloned().unwrap_or_default();
        self.spread(name, &values, 1.0);
    }

    fn jobs(&mut self) {
        let calls = |outcome| whole(self.report.count("bkjs_job_calls_total", "outcome", outcome));
        let (done, failed, dropped) = (calls("done"), calls("failed"), calls("dropped"));
        self.set("jobs_done", done);
        self.set("jobs_failed", failed);
        self.set("jobs_dropped", dropped);
        self.set("jobs_count", self.report.gauge("bkjs_job_calls_in_progress") as i64);
        self.timed("jobs_run", &self.report.distribution("bkjs_job_call_duration_seconds"));
        let mut queues: BTreeMap<&str, Row> = BTreeMap::new();
        for series in self.report.gauges.iter().filter(|series| series.name == "bkjs_queue_messages") {
            let queue = queues.entry(series.label("queue")).or_default();
            queue.set(series.label("state"), series.value as i64);
        }
        let queues = queues.into_iter().map(|(name, counts)| (name.into(), Value::Map(counts)));
        self.set("queues", Value::Map(queues.collect::<Row>()));
    }
}

fn process(process: &Process) -> Value {
    let row = Row::new()
        .with("role", process.role.as_str())
        .with("worker", process.index as i64)
        .with("pid", i64::from(process.pid))
        .with("ctime", (process.start_seconds * MILLIS) as i64)
        .with("cpu", process.cpu_seconds)
        .with("rss", whole(process.resident_bytes))
        .with("threads", whole(process.threads))
        .with("files", whole(process.open_files));
    Value::Map(row)
}

/// What a route is called: `url_`, and as many of its parts as are told apart; none for what is no route.
fn url(route: &str, depths: &BTreeMap<String, u32>) -> Option<String> {
    let parts: Vec<&str> = route.strip_prefix('/')?.split('/').filter(|part| !part.is_empty()).collect();
    let depth = depths.get(*parts.first()?).copied().unwrap_or(DEPTH).max(1) as usize;
    let named = parts.iter().take(depth).filter(|part| !part.starts_with('{'));
    let named = named.map(|part| part.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    Some(format!("url_{}", named.collect::<Vec<_>>().join("_")))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_called_by_their_first_parts() {
        let depths = [("image".to_owned(), 3), ("a".to_owned(), 1)].into();
        for (route, name) in [
            ("/ping", Some("url_ping")),
            ("/account/get", Some("url_account_get")),
            ("/account/get/icon", Some("url_account_get")),
            ("/data/{operation}/{table}", Some("url_data")),
            ("/image/account/icon.png", Some("url_image_account_icon_png")),
            ("/a/b/c", Some("url_a")),
            ("(none)", None),
            ("/", None),
        ] {
            assert_eq!(url(route, &depths).as_deref(), name, "{route}");
        }
    }
}
