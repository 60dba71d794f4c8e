//! What functions of jobs are given.

use bkjs_core::jobs::Running;

use crate::state::Api;

/// What a function of a job works with.
#[derive(Clone)]
pub struct JobContext {
    /// The application: its database, tables, parameters and queues.
    pub api: Api,
    /// The job: its id, its attempt, and whether somebody has cancelled it.
    pub running: Running,
}

impl std::fmt::Debug for JobContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobContext").field("running", &self.running).finish_non_exhaustive()
    }
}
