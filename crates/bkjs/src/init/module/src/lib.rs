//! Sample: what an account notes for itself.
//!
//! | endpoint | does |
//! |---|---|
//! | `/sample/add` | stores a record of the caller |
//! | `/sample/get` | one of the caller's records |
//! | `/sample/select` | the caller's records by condition, or all |
//! | `/sample/del` | removes one of them |

mod handlers;
mod service;
mod tables;

pub use service::Samples;
pub use tables::{SAMPLE_TABLE, sample};

use bkjs_api::{Endpoint, Gives, Module, Setup};

/// The module `sample`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SampleModule;

impl Module for SampleModule {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn register(&self, setup: &mut Setup) {
        // Records go with their account.
        setup.owned_table(sample());
        setup.endpoint(
            Endpoint::new("/sample/add", handlers::add)
                .does("Stores a record of the caller.")
                .gives(Gives::record(SAMPLE_TABLE)),
        );
        setup.endpoint(
            Endpoint::new("/sample/get", handlers::get)
                .does("One of the caller's records.")
                .gives(Gives::record(SAMPLE_TABLE))
                .fails(&[404]),
        );
        setup.endpoint(
            Endpoint::new("/sample/select", handlers::select)
                .does("The caller's records by condition, or all.")
                .takes_conditions(SAMPLE_TABLE, &["id"])
                .gives(Gives::page(SAMPLE_TABLE)),
        );
        setup.endpoint(
            Endpoint::new("/sample/del", handlers::del)
                .does("Removes one of the caller's records.")
                .gives(Gives::empty_list()),
        );
    }
}
