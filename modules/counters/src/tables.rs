//! The table of this module.

use bkjs_core::schema::{Column, Table};

/// The name of the table of counters.
pub const COUNTER_TABLE: &str = "bk_counter";

/// The counters of an account, one record for each that counts anything.
pub fn bk_counter() -> Table {
    Table::new(COUNTER_TABLE)
        .column(Column::text("id").primary().public())
        // For any use: others ring by it.
        .column(Column::counter("ping").public())
        .column(Column::counter("msg_read"))
        // Connections of a type: 0 those that the account made, 1 those that others made to it.
        .column(Column::counter("like0").autoincr())
        .column(Column::counter("like1").autoincr())
        .column(Column::counter("follow0").autoincr())
        .column(Column::counter("follow1").autoincr())
}
