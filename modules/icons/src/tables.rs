//! The tables of this module.

use bkjs_api::{Api, Objects};
use bkjs_core::schema::{Column, Table};

use crate::name::{MAX_PREFIX, MAX_TYPE};

/// The name of the table of icons.
pub const ICON_TABLE: &str = "bk_icon";
/// The name of the table of images that are not listed.
pub const UPLOAD_TABLE: &str = "bk_upload";

/// The icons of the account `id`.
pub fn bk_icon() -> Table {
    image(ICON_TABLE)
        .column(Column::text("descr").public().max(1024))
        .column(Column::text("acl_allow").max(4096))
        .column(Column::list("tags").max(64))
        .column(Column::real("latitude").range(-90.0, 90.0))
        .column(Column::real("longitude").range(-180.0, 180.0))
}

/// Images that the account `id` has uploaded, and that are not listed.
pub fn bk_upload() -> Table {
    image(UPLOAD_TABLE)
}

fn image(name: &str) -> Table {
    Table::new(name)
        .column(Column::text("id").primary())
        .column(Column::text("prefix").primary().public().max(MAX_PREFIX))
        .column(Column::text("type").primary().public().max(MAX_TYPE))
        .column(Column::text("ext").max(8))
        .column(Column::int("width"))
        .column(Column::int("height"))
        // Where the image is.
        .column(Column::text("path").secure().max(512))
        .column(Column::now("mtime"))
}

/// Their records name objects.
pub(crate) const ICONS: Objects = Objects { table: ICON_TABLE, column: "path", storage: Api::images };
pub(crate) const UPLOADS: Objects = Objects { table: UPLOAD_TABLE, column: "path", storage: Api::images };
