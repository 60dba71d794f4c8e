//! The table of this module. Columns are their owner's alone unless they are `public`.

use bkjs_core::schema::{Column, Table};

/// The name of the table.
pub const SAMPLE_TABLE: &str = "sample";

/// What accounts note: `id` is the account, `name` tells its records apart.
pub fn sample() -> Table {
    Table::new(SAMPLE_TABLE)
        .column(Column::text("id").primary())
        .column(Column::text("name").primary().max(128))
        .column(Column::text("text").max(4096))
        .column(Column::now("mtime"))
}
