//! What is to be done.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The variable with a plan as JSON.
const VARIABLE: &str = "BKJS_TEST_TORTURE";

/// How much, and to which queue.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The name of the driver.
    pub(crate) name: String,
    /// `-ipc-queue`.
    pub(crate) queue: String,
    /// Further arguments of the server.
    pub(crate) args: Vec<String>,
    /// Jobs that are submitted.
    pub(crate) jobs: usize,
    /// Worker processes.
    pub(crate) workers: usize,
    /// How often one of them is killed.
    pub(crate) kills: usize,
    /// How often the queue fails, at most three times.
    pub(crate) outages: usize,
    /// Whether somebody else lets it fail when told; else the whole tree of processes is killed.
    pub(crate) served: bool,
    /// Milliseconds that a job takes.
    pub(crate) pause: u64,
    /// What chance begins with.
    pub(crate) seed: u64,
}

impl Plan {
    /// The plan that the environment has, or a small one.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn from_environment() -> Result<Self> {
        let text = std::env::var(VARIABLE).unwrap_or_else(|_| "{}".to_owned());
        let json: Value = serde_json::from_str(&text).with_context(|| format!("{VARIABLE} is no JSON"))?;
        let text = |name: &str, usual: &str| json[name].as_str().unwrap_or(usual).to_owned();
        let number = |name: &str, usual: u64| json[name].as_u64().unwrap_or(usual);
        let count = |name: &str, usual: u64| usize::try_from(number(name, usual));
        let args = json["args"].as_array().cloned().unwrap_or_default();
        Ok(Self {
            name: text("name", "sqlite"),
            queue: text("queue", "db://"),
            args: args.iter().filter_map(|arg| arg.as_str().map(str::to_owned)).collect(),
            jobs: count("jobs", 300)?,
            workers: count("workers", 2)?,
            kills: count("kills", 3)?,
            outages: count("outages", 1)?,
            served: json["served"].as_bool().unwrap_or(false),
            pause: number("pause", 20),
            seed: number("seed", 1),
        })
    }
}

/// Chance that is the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    /// Chance that begins with a number.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below another one.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        usize::try_from((mixed >> 33) % limit.max(1) as u64).unwrap_or_default()
    }
}
