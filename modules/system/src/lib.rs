//! System: the operator's requests to a running server. For administrators only, unless `api-allow-authenticated` opens
//! them.
//!
//! | endpoint | does |
//! |---|---|
//! | `/system/restart` | replaces the web processes one at a time, without losing a connection |
//! | `/system/config/init` | has every process read its configuration again |
//! | `/system/params/get` | the parameters that are set, by name; secrets are masked |
//! | `/system/params/info` | all parameters with type, default, value, source |
//! | `/system/cache/get`, `put`, `set`, `incr`, `del`, `keys`, `clear`, `stats` | the cache |
//! | `/system/cache/init` | has every process forget what it keeps |
//! | `/system/jobs/send`, `/system/jobs/submit` | submits a job, given as JSON |
//! | `/system/queue/publish` | publishes a message to a channel |
//! | `/system/queue/init` | replaces the worker processes |
//! | `/system/msg/send`, `/system/msg/init` | gives a system message by its name; has the configuration read again |
//! | `/system/stats/get` | what all processes have counted, as numbers by name |
//! | `/health/live`, `ready`, `detail` | whether this process should be sent requests |
//! | `/metrics` | what all processes have counted, for Prometheus |

mod cache;
mod control;
mod health;
mod metrics;
mod routes;
mod stats;

pub use stats::StatsParams;

use bkjs_api::{Endpoint, Module, Setup};

/// The module `bk_system`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemModule;

impl Module for SystemModule {
    fn name(&self) -> &'static str {
        "bk_system"
    }

    fn register(&self, setup: &mut Setup) {
        let params = setup.params::<StatsParams>();
        setup.share(stats::Stats::new(params));
        setup.share(health::Health::default());
        setup.allow("^/health/(live|ready)$");
        setup.admins("^/health/detail$");
        routes::endpoints().into_iter().for_each(|endpoint| setup.endpoint(endpoint));
        // Refuses what they do not know.
        setup.endpoint(Endpoint::new("/system/cache/{operation}", cache::unknown).hidden());
    }
}
