//! What the parameters mean, worked out once for each version of them.

use std::sync::Arc;
use std::time::Duration;

use bkjs_core::Result;

use crate::access::rate::{Limits, Rate};
use crate::access::{Access, ModulePaths};
use crate::agent::AgentNames;
use crate::config::ApiParams;
use crate::cors::Cors;
use crate::routing::Routing;

/// Everything derived from one snapshot of the parameters.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) params: Arc<ApiParams>,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) cors: Cors,
    pub(crate) agents: AgentNames,
    pub(crate) routing: Routing,
}

impl Settings {
    pub(crate) fn new(params: Arc<ApiParams>, modules: &ModulePaths) -> Result<Self> {
        Ok(Self {
            access: Access::new(&params, modules)?,
            limits: limits(&params),
            cors: Cors::new(&params),
            agents: AgentNames::new(&params),
            routing: Routing::new(&params)?,
            params,
        })
    }
}

impl Settings {
    /// Whether forwarding headers of this peer are believed.
    pub(crate) fn trusts(&self, peer: std::net::IpAddr) -> bool {
        self.params.trust_proxy.iter().any(|network| network.contains(peer))
    }
}

/// A limit has a rate or a burst; what is not given of the two equals the other.
fn limits(params: &ApiParams) -> Limits {
    let names = params.rlimits_rate.keys().chain(params.rlimits_max.keys());
    Limits::new(names.map(|name| {
        let rate = params.rlimits_rate.get(name).or_else(|| params.rlimits_max.get(name)).copied();
        let burst = params.rlimits_max.get(name).copied().or(rate);
        let interval = params.rlimits_interval.get(name).copied().unwrap_or(params.rlimits_default_interval);
        let interval = interval.max(Duration::from_millis(1));
        let number = |n: Option<u32>| f64::from(n.unwrap_or(0));
        (name.clone(), Rate { burst: number(burst), rate: number(rate), interval })
    }))
}
