//! Who asks: credentials of a request, the account they belong to, sessions and tokens for it.

mod account;
mod acl;
mod authenticate;
mod carried;
mod cookie;
mod sign_in;
mod tables;

pub use account::{ADMIN, Account, Proof};
pub(crate) use acl::AclCache;
pub(crate) use authenticate::authenticate;
pub(crate) use carried::{Carried, query_value, take_param};
pub use cookie::{Cookie, read_cookie};
pub use tables::{AUTH_TABLE, auth_table};

use bkjs_core::auth::Credentials;
use bkjs_core::value::Row;

/// The secrets within a record of `bk_auth`.
pub fn credentials(row: &Row) -> Credentials<'_> {
    Credentials {
        secret: row.text("secret"),
        auth_secret: row.text("auth_secret"),
        token_secret: row.text("token_secret"),
        session_secret: row.text("session_secret"),
        id: row.text("id"),
    }
}
