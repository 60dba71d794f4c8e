//! Locations: where accounts are, and who is near.
//!
//! | endpoint | does |
//! |---|---|
//! | `/location/put` | stores where the caller is |
//! | `/location/get`, `/location/search` | other accounts within a distance of a point, the nearest first |
//!
//! The table `bk_location` has one record for each account that said where it is, under the geohash of its place: a
//! text that names a cell of a grid on the earth. A search computes which cells a circle touches, reads those, and
//! measures the distance of every record in them; the size of the cells, `min-distance`, only decides how much is read.
//!
//! | file | holds |
//! |---|---|
//! | `earth.rs` | points and distances |
//! | `cells.rs` | which cells a circle touches |
//! | `nearest.rs` | the first few of many, in bounded memory |
//! | `search.rs`, `place.rs` | what can be done, without HTTP |

mod cells;
mod earth;
mod handlers;
mod nearest;
mod params;
mod place;
mod search;
mod tables;

pub use earth::Point;
pub use params::LocationParams;
pub use place::Locations;
pub use search::Near;
pub use tables::{LOCATION_TABLE, bk_location};

use bkjs_api::{Control, Endpoint, Gives, Module, Setup};

/// The module `bk_locations`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocationsModule;

impl Module for LocationsModule {
    fn name(&self) -> &'static str {
        "bk_locations"
    }

    fn register(&self, setup: &mut Setup) {
        let params = setup.params::<LocationParams>();
        setup.share(params::Grid::new(params));
        setup.owned_table(bk_location());
        setup.endpoint(
            Endpoint::new("/location/put", handlers::put)
                .does("Stores where the caller is.")
                .gives(Gives::record(LOCATION_TABLE))
                .fails(&[409]),
        );
        setup.endpoint(
            Endpoint::new("/location/get", handlers::get)
                .also("/location/search")
                .does("Other accounts within a distance of a point, the nearest first.")
                .takes_controls(&[Control::Count, Control::Select])
                .gives(Gives::page(LOCATION_TABLE).with::<handlers::Found>()),
        );
    }
}
