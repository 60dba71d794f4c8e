//! What is counted of requests, by the route that they took.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::task::{Context as Poll, Poll as Polled};
use std::time::Duration;

use axum::body::Body;
use axum::extract::MatchedPath;
use bkjs_core::metrics::{self, Counter, Gauge, Histogram};
use http::{Request, StatusCode};
use tower::{Layer, Service};

use crate::context::Context;

/// The route of a request: its path with the names of its parameters, of which there are as many as an application has.
pub(crate) type Route = OnceLock<MatchedPath>;

/// What stands for the route of a file of the web site.
const FILES: &str = "(files)";
/// What stands for the route of a request that ended before it had one.
const NONE: &str = "(none)";

/// Counts requests of this process.
pub(crate) struct Meters {
    routes: RwLock<HashMap<String, Arc<Meter>>>,
    pub(crate) in_progress: Gauge,
}

struct Meter {
    route: String,
    time: Histogram,
    /// By status, of which there are few.
    answers: Mutex<Vec<(StatusCode, Counter)>>,
}

impl Meters {
    pub(crate) fn new() -> Self {
        metrics::install();
        metrics::describe_counter!("bkjs_http_requests_total", "Answered requests, by route and status.");
        metrics::describe_histogram!(
            "bkjs_http_request_duration_seconds",
            "How long it took to have the reply ready, by route."
        );
        metrics::describe_gauge!("bkjs_http_requests_in_progress", "Requests that are not answered yet.");
        Self { routes: RwLock::default(), in_progress: metrics::gauge!("bkjs_http_requests_in_progress") }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &Route, status: StatusCode, elapsed: Duration) {
        let route = match route.get() {
            Some(route) => route.as_str(),
            None if status.is_success() || status == StatusCode::NOT_MODIFIED => FILES,
            None => NONE,
        };
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        let meter = known.unwrap_or_else(|| self.add(route));
        meter.time.record(elapsed.as_secs_f64());
        let mut answers = meter.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.iter().find(|(known, _)| *known == status) {
            Some((_, counter)) => counter.increment(1),
            None => {
                let labels = [("route", meter.route.clone()), ("status", status.as_str().to_owned())];
                let counter = metrics::counter!("bkjs_http_requests_total", &labels);
                counter.increment(1);
                answers.push((status, counter));
            }
        }
    }

    fn add(&self, route: &str) -> Arc<Meter> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let meter = routes.entry(route.to_owned()).or_insert_with(|| {
            let route = route.to_owned();
            let time = metrics::histogram!("bkjs_http_request_duration_seconds", "route" => route.clone());
            Arc::new(Meter { route, time, answers: Mutex::default() })
        });
        meter.clone()
    }
}

/// Notes which route a request takes; axum tells that to nobody else than what is behind the route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteRoute;

impl<S> Layer<S> for NoteRoute {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting(inner)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Noting<S>(S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Poll<'_>) -> Polled<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let extensions = request.extensions();
        if let (Some(path), Some(context)) =
            (extensions.get::<MatchedPath>(), extensions.get::<Arc<Context>>())
        {
            // A request takes one route.
            let _ = context.route.set(path.clone());
        }
        self.0.call(request)
    }
}
