//! The tables of this module on one screen. `bk_auth` is the HTTP layer's: it authenticates requests by it.

use bkjs_api::ACCOUNT_TABLE;
use bkjs_core::schema::{Column, Table};

/// The profile of an account, one record for each `bk_auth` record with the same `id`.
///
/// Others see `id` and the names only; by the beginning of an e-mail address they find its account. An application adds columns, or makes some public, by
/// describing a table of the same name.
pub fn bk_account() -> Table {
    Table::new(ACCOUNT_TABLE)
        .column(Column::text("id").primary().public())
        .column(Column::text("login").index())
        .column(Column::text("status").max(256))
        .column(Column::text("type").admin())
        .column(Column::text("name").public().not_empty().max(128))
        .column(Column::text("first_name").public().max(128))
        .column(Column::text("last_name").public().max(128))
        .column(Column::email("email").index().findable())
        .column(Column::phone("phone").index())
        .column(Column::text("website").max(1024))
        .column(Column::text("company").max(256))
        .column(Column::text("birthday").max(32).date())
        .column(Column::text("gender").max(16))
        .column(Column::text("street").max(256))
        .column(Column::text("city").max(256))
        .column(Column::text("county").max(256))
        .column(Column::text("state").max(256))
        .column(Column::text("zipcode").max(32))
        .column(Column::text("country").max(64))
        .column(Column::text("device_id").max(4096))
        .column(Column::real("latitude").range(-90.0, 90.0))
        .column(Column::real("longitude").range(-180.0, 180.0))
        .column(Column::text("geohash").max(16))
        .column(Column::text("location").max(1024))
        .column(Column::time("ltime"))
        // Computed from the birthday on read; declared so that it is as private as the birthday.
        .column(Column::int("age").hidden())
        .column(Column::now("ctime").read_only())
        .column(Column::now("mtime"))
}
