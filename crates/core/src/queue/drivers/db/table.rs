use crate::schema::{Column, Table};

/// The table of messages.
pub const TABLE: &str = "bk_queue";
/// The table of unique keys.
pub const KEYS: &str = "bk_queue_key";

/// The tables of queues in a database.
pub fn tables() -> [Table; 2] {
    let messages = Table::new(TABLE)
        .column(Column::text("id").primary().max(64))
        .column(Column::text("queue").max(64).index_in("due", 0).index_in("place", 0))
        .column(Column::text("state").max(16).index_in("place", 1))
        // Of an available message its order, of one that has ended when it goes.
        .column(Column::int("place").index_in("place", 2))
        // When a message that waits, or is taken, becomes available.
        .column(Column::int("due").index_in("due", 1))
        .column(Column::text("token").max(64))
        .column(Column::int("attempt"))
        .column(Column::int("attempts"))
        .column(Column::int("priority"))
        .column(Column::text("body"))
        .column(Column::text("error"))
        .column(Column::text("result"))
        .column(Column::text("ukey").max(300))
        .column(Column::int("expires"))
        .column(Column::int("created"))
        .column(Column::int("ended"))
        .column(Column::bool("cancel"));
    let keys = Table::new(KEYS)
        .column(Column::text("id").primary().max(300))
        .column(Column::text("owner").max(64))
        // When the key is free again; never before its message has ended where there is none.
        .column(Column::int("until").index())
        .column(Column::bool("keep"));
    [messages, keys]
}
