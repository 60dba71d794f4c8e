//! Proving who one is.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Account, Api, Context, Params, Proof, Reply, Result};
use bkjs_core::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::Accounts;

/// What the login record has beside its columns.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Types {
    /// The types of the account.
    _types: Vec<String>,
}

/// The caller's login record, with the list of its types.
pub(crate) async fn auth(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let mut row = account.row().clone();
    row.set("_types", account.types().map(Value::from).collect::<Vec<_>>());
    Ok(api.sign_in(&context, account.row(), Reply::row(AUTH_TABLE, row))?)
}

/// What `/login` takes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Login {
    /// The name of the login.
    login: String,
    /// Its password.
    password: String,
}

/// As `/auth`, by login and password. The secret is told here and nowhere else: with it the caller can sign.
pub(crate) async fn login(
    State(api): State<Api>,
    context: Arc<Context>,
    accounts: Accounts,
    Params(input): Params<Login>,
) -> Result {
    let auth = accounts.login(&input.login, input.password).await?;
    let row = accounts.get(&auth).await?;
    let reply = Reply::row(ACCOUNT_TABLE, row)
        .joined(AUTH_TABLE)
        .reveal(["secret"])
        .viewed_by(Account::new(auth.clone(), Proof::Password));
    Ok(api.sign_in(&context, &auth, reply)?)
}

/// Ends the session in the browser.
pub(crate) async fn logout(State(api): State<Api>, context: Arc<Context>) -> Reply {
    Reply::message("logged out").cookie(&api.session_end(&context))
}
