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
//! and on the shell `-account-add`, `-account-get`, `-account-update`, `-account-del`. What each takes and gives
//! is in the book, `docs/accounts.md`, whose examples are tests of this crate.
//!
//! # Use
//!
//! ```
//! use bkjs_accounts::AccountsModule;
//! use bkjs_api::Setup;
//! let mut setup = Setup::new();
//! setup.module(&AccountsModule);
//! assert!(setup.schema().find("bk_account").is_some());
//! ```
//!
//! [`Accounts`] is the logic without HTTP, for handlers, jobs and commands of an application. Other modules never
//! call it: they follow accounts with [`Setup::account_hook`](bkjs_api::Setup::account_hook).
//!
//! # How it is laid out
//!
//! This is the module that others are read against. A request passes the files from top to bottom:
//!
//! | file | holds | knows |
//! |---|---|---|
//! | `lib.rs` | what is registered, the open paths | |
//! | `routes.rs` | path to handler | HTTP |
//! | `handlers/` | parameters in, service, reply out; one file a noun | HTTP |
//! | `commands.rs` | the same for the shell | arguments |
//! | `service.rs` | what can be done, and telling the hooks | neither |
//! | `records.rs` | writing the records so that no failure leaves a half that matters | the database |
//! | `tables.rs`, `profile.rs` | the columns, and what is computed of them | columns |
//!
//! # What holds
//!
//! - A record is public by its table, not by its handler: [`Reply::row`](bkjs_api::Reply::row) names the table, the
//!   layer leaves the columns out that the caller may not see. No handler removes a column for that reason.
//! - A handler changes the account of [`Account`](bkjs_api::Account) only. `id` and `login` of the input are
//!   overwritten, and names with an operator (`id_$set`) do not reach a record that is stored.
//! - Whoever changes an account goes through [`Accounts`], which tells the hooks; rows that hooks see have no secrets.
//! - A write that follows a read says which account it means: a login may belong to another one meanwhile.
//! - `bk_auth` decides: it is written first and removed first, so that half an account is one that cannot sign in, or
//!   one that can and has an empty profile, which its next update fills.
//!
//! The table `bk_auth` belongs to the HTTP layer, which authenticates by it; this module alone writes it.

mod commands;
mod handlers;
mod profile;
mod records;
mod routes;
mod service;
mod tables;

pub use bkjs_api::ACCOUNT_TABLE;
pub use service::{Accounts, By};
pub use tables::bk_account;

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
        routes::endpoints().into_iter().for_each(|endpoint| setup.endpoint(endpoint));
        for path in ["^/account/add$", "^/login$", "^/logout$"] {
            setup.allow(path);
        }
        for command in commands::commands() {
            setup.command(command);
        }
    }
}
