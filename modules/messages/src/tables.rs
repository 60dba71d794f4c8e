//! The tables of this module. All columns are their owner's alone.

use bkjs_core::schema::{Column, Table};

/// The name of the table of messages that have arrived.
pub const MESSAGE_TABLE: &str = "bk_message";
/// The name of the table of messages that were put aside.
pub const ARCHIVE_TABLE: &str = "bk_archive";
/// The name of the table of messages that were sent.
pub const SENT_TABLE: &str = "bk_sent";

/// The longest text, in characters, unless an application says another `max` of the column `msg`.
const MAX_TEXT: usize = 16_384;

/// Messages that have arrived: `id` is the recipient.
pub fn bk_message() -> Table {
    arrived(MESSAGE_TABLE)
}

/// Messages that their recipient `id` has put aside.
pub fn bk_archive() -> Table {
    arrived(ARCHIVE_TABLE)
}

/// Copies of the messages that the account `id` has sent.
pub fn bk_sent() -> Table {
    message(SENT_TABLE, "recipient")
}

fn arrived(name: &str) -> Table {
    message(name, "sender")
        // What the sender was called then.
        .column(Column::text("name").read_only().max(128))
        .column(Column::int("read").value(0).range(0.0, 1.0).not_null())
}

fn message(name: &str, peer: &str) -> Table {
    Table::new(name)
        .column(Column::text("id").primary())
        // When the server has it from the sender, in milliseconds since 1970.
        .column(Column::int("mtime").primary())
        .column(Column::text(peer).primary())
        .column(Column::text("msg").read_only().max(MAX_TEXT))
        // Whatever the owner notes of it.
        .column(Column::list("flags").max(64))
}
