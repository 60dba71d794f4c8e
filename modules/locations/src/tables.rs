//! The table of this module.

use bkjs_core::schema::{Column, Table};

/// The name of the table of locations.
pub const LOCATION_TABLE: &str = "bk_location";

/// Where accounts are, one record for each that said it.
///
/// Coordinates are public: whoever asks for distances from three points can compute them anyway.
pub fn bk_location() -> Table {
    Table::new(LOCATION_TABLE)
        // The cell; all are of one size, see `min-distance`.
        .column(Column::text("geohash").primary().max(16))
        // An account is found by its id alone when it moves, and when it is removed.
        .column(Column::text("id").primary().public().index())
        .column(Column::real("latitude").public().range(-90.0, 90.0).not_null())
        .column(Column::real("longitude").public().range(-180.0, 180.0).not_null())
        .column(Column::now("mtime").public())
}
