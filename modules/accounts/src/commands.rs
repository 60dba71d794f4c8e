//! The commands of the shell: what the endpoints do, with the rights of the operator.

use bkjs_api::{Args, Command, CommandContext};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

use crate::service::{Accounts, By};

pub(crate) fn commands() -> [Command; 4] {
    [
        Command::new(
            "account-add",
            "registers an account; an administrator with type admin",
            "login LOGIN secret SECRET|password PASSWORD name NAME [type TYPE] [COLUMN VALUE ...]",
            add,
        ),
        Command::new("account-get", "shows an account", "login LOGIN|id ID", get),
        Command::new(
            "account-update",
            "changes columns of an account, or its secret or password",
            "login LOGIN|id ID COLUMN VALUE ...",
            update,
        ),
        Command::new("account-del", "removes an account", "login LOGIN|id ID", del),
    ]
}

async fn add(context: CommandContext, args: Args) -> Result<Value> {
    let row = Accounts::of(&context.api).add(args.0, By::Admin).await?;
    Ok(shown(row))
}

async fn get(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let auth = find(&accounts, &mut args.0).await?;
    Ok(shown(accounts.get(&auth).await?))
}

async fn update(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let auth = find(&accounts, &mut args.0).await?;
    if ["secret", "password", "token_secret"].iter().any(|name| args.0.has(name)) {
        accounts.put_secret(auth.text("login"), args.0.clone()).await?;
    }
    Ok(shown(accounts.update(&auth, args.0, By::Admin).await?))
}

async fn del(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let auth = find(&accounts, &mut args.0).await?;
    accounts.del(&auth).await?;
    Ok(shown(auth))
}

/// The login record that `login` or `id` names; both are taken out of the arguments.
async fn find(accounts: &Accounts, args: &mut Row) -> Result<Row> {
    let login = match (args.remove("login"), args.remove("id")) {
        (Some(Value::Text(login)), _) => login,
        (_, Some(Value::Text(id))) => accounts.login_of(&id).await?,
        _ => return Err(Error::invalid("login or id is required")),
    };
    let found = accounts.by_login(&login).await?;
    found.ok_or_else(|| Error::not_found(format!("no account with login {login}")))
}

/// The account without its secrets, which a terminal need not show.
fn shown(mut row: Row) -> Value {
    row.retain(|name, value| {
        !value.is_null() && !matches!(name, "secret" | "auth_secret" | "token_secret" | "password" | "salt")
    });
    Value::Map(row)
}
