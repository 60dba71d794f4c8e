//! The table of this module.

use bkjs_api::{Api, Objects};
use bkjs_core::schema::{Column, Table};

use crate::name::{MAX_NAME, MAX_PREFIX};

/// The name of the table of files.
pub const FILE_TABLE: &str = "bk_file";

/// The files of the account `id`.
pub fn bk_file() -> Table {
    Table::new(FILE_TABLE)
        .column(Column::text("id").primary())
        .column(Column::text("prefix").primary().max(MAX_PREFIX))
        .column(Column::text("name").primary().max(MAX_NAME))
        .column(Column::text("acl_allow").max(4096))
        .column(Column::int("size"))
        // Where the bytes are.
        .column(Column::text("path").secure().max(255))
        .column(Column::now("mtime"))
}

/// Its records name objects.
pub(crate) const OBJECTS: Objects = Objects { table: FILE_TABLE, column: "path", storage: Api::files };
