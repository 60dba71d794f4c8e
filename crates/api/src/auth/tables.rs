//! The table `bk_auth`: the contract between the layer, which authenticates by it, and the accounts
//! module, which writes it.

use bkjs_core::schema::{Column, Table};

/// The name of the table of logins.
pub const AUTH_TABLE: &str = "bk_auth";

/// Logins with their secrets, types and permissions.
pub fn auth_table() -> Table {
    Table::new(AUTH_TABLE)
        .column(Column::text("login").primary().max(1024))
        .column(Column::uuid("id"))
        .column(Column::text("name"))
        .column(Column::text("status").max(256))
        .column(Column::text("type").admin())
        .column(Column::text("secret").secure().max(4096))
        .column(Column::text("auth_secret").admin().secure())
        // The next two are made by the accounts module, never by a caller, whoever that is.
        .column(Column::text("token_secret").secure())
        .column(Column::text("session_secret").secure())
        .column(Column::text("salt").secure())
        .column(Column::text("password").secure())
        .column(Column::text("acl_deny").admin().secure())
        .column(Column::text("acl_allow").admin().secure())
        .column(Column::text("query_deny").admin().secure())
        .column(Column::int("rlimits_max").admin())
        .column(Column::int("rlimits_rate").admin())
        .column(Column::int("expires").admin().secure())
        .column(Column::now("ctime").read_only())
        .column(Column::now("mtime"))
}
