//! Accounts: registration, login, sessions, access tokens and profiles.
//!
//! | endpoint | does |
//! |---|---|
//! | `/auth` | the caller's login record; with `_session`, `_accesstoken` a cookie, a token |
//! | `/login` | the same by `login` and `password`, without a signature |
//! | `/logout` | ends the session in the browser |
//! | `/account/add` | registers an account: `name`, `login`, `secret` or `password` |
//! | `/account/get` | the caller's account, or with `id` the public columns of others |
//! | `/account/select`, `/account/search` | accounts by condition |
//! | `/account/update` | changes the caller's account |
//! | `/account/put/secret` | changes `secret` or `password`, ends access tokens |
//! | `/account/del` | removes the caller's account |
//!
//! and on the shell `-account-add`, `-account-get`, `-account-update`, `-account-del`.
//!
//! [`Accounts`] is the logic without HTTP, shared by both. The table `bk_auth` belongs to the HTTP layer,
//! which authenticates by it; this module writes it. Other modules follow what happens to accounts with
//! [`Setup::account_hook`](bkjs_api::Setup::account_hook).

mod commands;
mod handlers;
mod profile;
mod records;
mod routes;
mod service;
mod tables;

pub use service::{Accounts, By};
pub use tables::{ACCOUNT_TABLE, bk_account};

use bkjs_api::{Module, Setup};

/// The module `bk_accounts`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountsModule;

impl Module for AccountsModule {
    fn name(&self) -> &'static str {
        "bk_accounts"
    }

    fn register(&self, setup: &mut Setup) {
        setup.table(tables::bk_account());
        setup.post_row(ACCOUNT_TABLE, profile::complete);
        setup.routes(routes::routes());
        for path in ["^/account/add$", "^/login$", "^/logout$"] {
            setup.allow(path);
        }
        for command in commands::commands() {
            setup.command(command);
        }
    }
}
