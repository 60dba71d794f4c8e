//! The tables of this module. All columns are their owner's alone.

use bkjs_api::{Api, Objects};
use bkjs_core::schema::{Column, Table};

/// The name of the table of messages that have arrived.
pub const MESSAGE_TABLE: &str = "bk_message";
/// The name of the table of messages that were put aside.
pub const ARCHIVE_TABLE: &str = "bk_archive";
/// The name of the table of messages that were sent.
pub const SENT_TABLE: &str = "bk_sent";

/// The column that says where the image of a message is.
const IMAGE: &str = "image";

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
        // The address of the image, computed; the format it has; and where it is.
        .column(Column::text("icon").hidden())
        .column(Column::text("icon_type").read_only().max(8))
        .column(Column::text(IMAGE).secure().read_only().max(512))
        // Whatever the owner notes of it.
        .column(Column::list("flags").max(64))
}

/// The records of a table of messages name their images.
pub(crate) const fn images(table: &'static str) -> Objects {
    Objects { table, column: IMAGE, storage: Api::images }
}
