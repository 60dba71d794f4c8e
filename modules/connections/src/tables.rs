//! The tables of this module.

use bkjs_core::schema::{Column, Table};

/// The name of the table of connections that accounts made.
pub const CONNECTION_TABLE: &str = "bk_connection";

/// The name of the table of connections that others made with an account.
pub const REFERENCE_TABLE: &str = "bk_reference";

/// The connections that the account `id` made with `peer`.
pub fn bk_connection() -> Table {
    with_columns(CONNECTION_TABLE)
}

/// The connections that `peer` made with the account `id`: each the mirror of one in [`bk_connection`].
pub fn bk_reference() -> Table {
    with_columns(REFERENCE_TABLE)
}

fn with_columns(name: &str) -> Table {
    Table::new(name)
        .column(Column::text("id").primary().public())
        .column(Column::text("type").primary().public().max(64))
        .column(Column::text("peer").primary().public().max(128))
        .column(Column::text("name").public().max(128))
        .column(Column::text("status").max(256))
        .column(Column::text("state").max(256))
        .column(Column::now("mtime").public())
}
