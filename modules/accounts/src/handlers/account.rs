//! Accounts and profiles.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{AUTH_TABLE, Account, AccountEvent, Api, Context, Options, Proof, Reply, Result};
use bkjs_core::value::Row;

use crate::service::{Accounts, By};

/// Registers an account. Everybody may; only an administrator sets the columns marked `admin`.
pub(crate) async fn add(
    State(api): State<Api>,
    context: Arc<Context>,
    caller: Option<Account>,
    accounts: Accounts,
) -> Result {
    let by = if caller.is_some_and(|c| c.is_admin()) { By::Admin } else { By::Owner };
    let row = accounts.add(context.params.record(), by).await?;
    api.account_event(AccountEvent::Added, &row).await?;
    let owner = Account::new(row.clone(), Proof::Password);
    Ok(Reply::row("bk_account", row).joined(AUTH_TABLE).viewed_by(owner))
}

/// The caller's account, or those of the list `id`.
pub(crate) async fn get(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    accounts: Accounts,
    options: Options,
) -> Result {
    if context.params.get("id").is_some() {
        let rows = accounts.list(context.params.list("id"), &options).await?;
        return Ok(Reply::rows("bk_account", rows));
    }
    let row = accounts.get(account.row()).await?;
    let reply = Reply::row("bk_account", row).joined(AUTH_TABLE);
    api.sign_in(&context, account.row(), reply).map_err(Into::into)
}

/// Accounts by condition.
pub(crate) async fn select(
    State(api): State<Api>,
    context: Arc<Context>,
    accounts: Accounts,
    options: Options,
) -> Result {
    let query = api.query("bk_account", &context, &options)?;
    Ok(Reply::page("bk_account", accounts.select(query, &options).await?))
}

/// Changes the caller's account: the columns that are given and not empty.
pub(crate) async fn update(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    accounts: Accounts,
) -> Result {
    let by = if account.is_admin() { By::Admin } else { By::Owner };
    let row = accounts.update(account.row(), context.params.record(), by).await?;
    api.account_event(AccountEvent::Updated, &row).await?;
    Ok(Reply::row("bk_account", row).joined(AUTH_TABLE))
}

/// Changes how the caller proves who they are.
pub(crate) async fn put_secret(context: Arc<Context>, account: Account, accounts: Accounts) -> Result {
    accounts.put_secret(account.login(), context.params.record()).await?;
    Ok(Reply::empty_list())
}

/// Removes the caller's account.
pub(crate) async fn del(State(api): State<Api>, account: Account, accounts: Accounts) -> Result {
    accounts.del(account.row()).await?;
    api.account_event(AccountEvent::Deleted, &Row::clone(account.row())).await?;
    Ok(Reply::empty_list())
}
