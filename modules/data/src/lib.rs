//! Data: any table over HTTP, for administrators.
//!
//! | endpoint | does |
//! |---|---|
//! | `/data/columns`, `/data/columns/TABLE` | the columns of all tables, or of one |
//! | `/data/keys/TABLE` | the columns of the primary key |
//! | `/data/get/TABLE` | one record by its key |
//! | `/data/list/TABLE` | records by a list of keys |
//! | `/data/select/TABLE`, `/data/search/TABLE` | a page of records by condition |
//! | `/data/scan/TABLE` | the same as a plain list |
//! | `/data/add`, `put`, `update`, `incr`, `replace`, `del/TABLE` | the operation of that name on one record |
//!
//! and for [jobs](bkjs_core::jobs) `data.incr`, which adds to counter columns of a record.
//!
//! It knows tables and nothing of what modules make of them: no counters follow, no event is told. Only administrators
//! reach it, unless `api-allow-authenticated` opens it; who is none then sees of others what is public, as everywhere.
//! Secure columns are neither shown nor written here, by nobody.

mod describe;
mod handlers;
mod routes;

use bkjs_api::{Endpoint, Module, Setup};
use bkjs_core::config::{Handle, Params};

/// What is allowed beyond the usual.
#[derive(Clone, Debug, Params)]
#[params(prefix = "api")]
pub struct DataParams {
    /// The modules that may do what is too costly for a busy server: with data, `_noscan=0` selects from a table
    /// without a condition.
    #[param(live)]
    pub unsecure: Vec<String>,
}

/// The parameters, as handlers find them.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(Handle<DataParams>);

impl Allowed {
    /// Whether whole tables may be read.
    pub(crate) fn scans(&self) -> bool {
        self.0.load().unsecure.iter().any(|name| name == "data" || name == "bk_data")
    }
}

/// The module `bk_data`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DataModule;

impl Module for DataModule {
    fn name(&self) -> &'static str {
        "bk_data"
    }

    fn register(&self, setup: &mut Setup) {
        let params = setup.params::<DataParams>();
        setup.share(Allowed(params));
        routes::endpoints().into_iter().for_each(|endpoint| setup.endpoint(endpoint));
        // Refuses what they do not know.
        setup.endpoint(Endpoint::new("/data/{operation}/{table}", handlers::unknown).hidden());
        setup.job("data.incr", handlers::incr_job);
        // A list of keys that have several parts.
        setup.documents("^/data/list/");
    }
}
