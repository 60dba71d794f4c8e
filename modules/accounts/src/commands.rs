//! The commands of the shell: what the endpoints do, with the rights of the operator.

use bkjs_api::{Args, Command, CommandContext};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

use crate::records::without_credentials;
use crate::service::{Accounts, By};

pub(crate) fn commands() -> [Command; 4] {
    [
        Command::new(
            "account-add",
            "registers an account; an administrator with type admin",
            "login LOGIN secret SECRET|password PASSWORD name NAME [type TYPE] [COLUMN VALUE ...]",
            add,
        ),
        Command::new("account-get", "shows an account without its secrets", "login LOGIN|id ID", get),
        Command::new(
            "account-update",
            "changes columns of an account, its secret or its password; any token_secret ends its tokens",
            "login LOGIN|id ID COLUMN VALUE ...",
            update,
        ),
        Command::new(
            "account-del",
            "removes an account, or by id what is left of one",
            "login LOGIN|id ID",
            del,
        ),
    ]
}

async fn add(context: CommandContext, args: Args) -> Result<Value> {
    Ok(shown(Accounts::of(&context.api).add(args.0, By::Admin).await?))
}

async fn get(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let auth = Who::take(&mut args.0)?.find(&accounts).await?;
    nothing_else(&args)?;
    Ok(shown(accounts.get(&auth).await?))
}

async fn update(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let auth = Who::take(&mut args.0)?.find(&accounts).await?;
    if ["secret", "password", "token_secret"].iter().any(|name| args.0.has(name)) {
        accounts.put_secret(&auth, args.0.clone()).await?;
    }
    Ok(shown(accounts.update(&auth, args.0, By::Admin).await?))
}

async fn del(context: CommandContext, mut args: Args) -> Result<Value> {
    let accounts = Accounts::of(&context.api);
    let who = Who::take(&mut args.0)?;
    nothing_else(&args)?;
    let left = match &who {
        Who::Id(id) => accounts.half_removed(id).await?,
        Who::Login(_) => None,
    };
    let auth = match left {
        Some(left) => left,
        None => who.find(&accounts).await?,
    };
    accounts.del(&auth).await?;
    Ok(shown(auth))
}

/// The account that the arguments name.
enum Who {
    Login(String),
    Id(String),
}

impl Who {
    /// Takes `login` and `id` out of the arguments.
    fn take(args: &mut Row) -> Result<Self> {
        match (args.remove("login"), args.remove("id")) {
            (Some(Value::Text(login)), None) => Ok(Self::Login(login)),
            (None, Some(Value::Text(id))) => Ok(Self::Id(id)),
            (Some(_), Some(_)) => Err(Error::invalid("give login or id, not both")),
            _ => Err(Error::invalid("login or id is required")),
        }
    }

    /// Its login record.
    async fn find(&self, accounts: &Accounts) -> Result<Row> {
        let (found, what) = match self {
            Self::Login(login) => (accounts.by_login(login).await?, format!("login {login}")),
            Self::Id(id) => (accounts.by_id(id).await?, format!("id {id}")),
        };
        found.ok_or_else(|| Error::not_found(format!("no account with {what}")))
    }
}

fn nothing_else(args: &Args) -> Result<()> {
    match args.0.iter().next() {
        Some((name, _)) => Err(Error::invalid(format!("unknown argument {name:.40}, give login or id"))),
        None => Ok(()),
    }
}

/// The account without its secrets, which a terminal need not show, and without empty columns.
fn shown(row: Row) -> Value {
    let mut row = without_credentials(row);
    row.retain(|_, value| !value.is_null());
    Value::Map(row)
}
