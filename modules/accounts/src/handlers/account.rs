//! Accounts and profiles.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Account, Api, Context, Ids, Options, Proof, Reply, Result};
use schemars::JsonSchema;

use crate::service::{Accounts, By};

/// What `/account/add` takes beside columns; the service reads it.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct NewAccount {
    /// The name of the person.
    name: String,
    /// The name of the login, without `|`, control characters, and blanks at its ends.
    login: String,
    /// What requests are signed by; or a password.
    secret: Option<String>,
    /// What `/login` asks for.
    password: Option<String>,
}

/// What `/account/put/secret` takes; the service reads it.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Secrets {
    /// What requests are signed by from now on.
    secret: Option<String>,
    /// The new password, which brings a new random secret.
    password: Option<String>,
    /// With any text all access tokens end.
    token_secret: Option<String>,
}

/// Registers an account. Everybody may; only an administrator sets the columns marked `admin`.
pub(crate) async fn add(context: Arc<Context>, caller: Option<Account>, accounts: Accounts) -> Result {
    let by = caller.as_ref().map_or(By::Owner, By::from);
    let row = accounts.add(context.params.record(), by).await?;
    let owner = Account::new(row.clone(), Proof::Password);
    Ok(Reply::row(ACCOUNT_TABLE, row).joined(AUTH_TABLE).viewed_by(owner))
}

/// The caller's account, or those of the list `id`.
pub(crate) async fn get(
    State(api): State<Api>,
    context: Arc<Context>,
    Ids(ids): Ids,
    account: Account,
    accounts: Accounts,
    options: Options,
) -> Result {
    if !ids.is_empty() {
        return Ok(Reply::rows(ACCOUNT_TABLE, accounts.list(ids, options).await?));
    }
    let mut row = accounts.get(account.row()).await?;
    if options.select.iter().any(|name| &**name != "id" && row.contains(name)) {
        row.retain(|name, _| name == "id" || options.select.iter().any(|wanted| &**wanted == name));
    }
    let reply = Reply::row(ACCOUNT_TABLE, row).joined(AUTH_TABLE);
    Ok(api.sign_in(&context, account.row(), reply)?)
}

/// Accounts by condition.
pub(crate) async fn select(
    State(api): State<Api>,
    context: Arc<Context>,
    accounts: Accounts,
    options: Options,
) -> Result {
    let query = api.query(ACCOUNT_TABLE, &context, &options)?;
    Ok(Reply::page(ACCOUNT_TABLE, accounts.select(query, options).await?))
}

/// Changes the caller's account: the columns that are given and not empty.
pub(crate) async fn update(context: Arc<Context>, account: Account, accounts: Accounts) -> Result {
    let row = accounts.update(account.row(), context.params.record(), By::from(&account)).await?;
    Ok(Reply::row(ACCOUNT_TABLE, row).joined(AUTH_TABLE))
}

/// Changes how the caller proves who they are.
pub(crate) async fn put_secret(context: Arc<Context>, account: Account, accounts: Accounts) -> Result {
    accounts.put_secret(account.row(), context.params.record()).await?;
    Ok(Reply::empty_list())
}

/// Removes the caller's account.
pub(crate) async fn del(account: Account, accounts: Accounts) -> Result {
    accounts.del(account.row()).await?;
    Ok(Reply::empty_list())
}
