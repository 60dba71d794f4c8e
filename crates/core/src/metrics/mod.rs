//! What processes count and measure of themselves, in the terms of the crate `metrics`.
//!
//! Anybody counts with the macros of that crate; [`install`] has everything kept here. Nothing is sent anywhere: a
//! process is asked for a [`Report`], reports of several processes [add up](Report::add), and [`text`] writes them as
//! Prometheus reads them.
//!
//! ```
//! use bkjs_core::metrics;
//!
//! metrics::install();
//! metrics::counter!("shop_orders_total", "kind" => "gift").increment(2);
//! let text = metrics::text::write(&metrics::report("web", 0));
//! assert!(text.contains("shop_orders_total{kind=\"gift\"} 2"));
//! ```
//!
//! The number of series is bounded, as what strangers send may end up in a label: what is over the bound is not counted.
//! Labels are for what is bounded by itself, such as routes, and not for paths.

mod distribution;
mod keeper;
mod machine;
mod meter;
mod process;
mod report;
pub mod text;
mod timer;

use std::fmt;
use std::sync::OnceLock;

use futures_util::future::BoxFuture;

pub use distribution::{BOUNDS, Distribution};
pub use keeper::Keeper;
pub use machine::{Machine, Samples};
pub use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
pub use process::Process;
pub use report::{Report, Series};

/// How often meters are brought up to date.
pub const TICK: std::time::Duration = std::time::Duration::from_secs(5);

/// Has everything that is counted in this process kept, from the first call on.
///
/// An application that has installed a recorder of its own keeps it; reports are empty then but for the process.
pub fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        if metrics::set_global_recorder(keeper()).is_err() {
            tracing::warn!("another recorder of metrics is installed, it gets them all");
        }
    });
}

/// What this process has counted.
pub fn keeper() -> &'static Keeper {
    static KEEPER: OnceLock<Keeper> = OnceLock::new();
    KEEPER.get_or_init(Keeper::default)
}

/// What this process has counted, and what it takes itself; `role` and `index` are its place among the processes.
pub fn report(role: &str, index: usize) -> Report {
    keeper().report(Process::this(role, index))
}

/// Keeps meters and samples up to date as long as it is polled.
pub async fn keep_up() {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        keeper().tick();
    }
}

/// The way to what all processes have counted.
pub trait Gather: Send + Sync + fmt::Debug + 'static {
    /// What all processes of the tree have counted, those included that have ended; as current as a call to each of them.
    /// One that does not answer in time is there with what it said last.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the process that asks the others does not answer.
    fn gather(&self) -> BoxFuture<'_, crate::Result<Report>>;
}
