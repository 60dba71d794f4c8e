//! The commands of the shell: what the endpoints do, with the rights of the operator.

use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Api, Args, Command, CommandContext};
use bkjs_core::schema::Column;
use bkjs_core::suggest::nearest;
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
    settable(&context.api, &args.0, |column| MADE_AT_FIRST.contains(&&*column.name))?;
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
    let who = Who::take(&mut args.0)?;
    settable(&context.api, &args.0, |column| column.read_only)?;
    if args.0.is_empty() {
        return Err(Error::invalid(
            "there is nothing to change: give COLUMN VALUE; an empty value empties the column",
        ));
    }
    let auth = who.find(&accounts).await?;
    // Columns first: they have more rules to break, and then nothing is changed.
    let columns = args
        .0
        .iter()
        .map(|(name, value)| (name.to_owned(), if value.is_empty() { Value::Null } else { value.clone() }));
    let row = accounts.update(&auth, columns.collect(), By::Admin).await?;
    if ["secret", "password", "token_secret"].iter().any(|name| args.0.has(name)) {
        accounts.put_secret(&auth, args.0).await?;
    }
    Ok(shown(row))
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

/// What an account gets from the server only.
const MADE_ALWAYS: [&str; 3] = ["salt", "session_secret", "mtime"];

/// What a new account gets from the server.
const MADE_AT_FIRST: [&str; 2] = ["id", "token_secret"];

/// Refuses names that are no columns of an account, and columns that would be left out without a word: those that
/// are made by the server, and what else the command says of itself.
fn settable(api: &Api, args: &Row, made_here: impl Fn(&Column) -> bool) -> Result<()> {
    let made = |column: &Column| column.hidden || MADE_ALWAYS.contains(&&*column.name) || made_here(column);
    let tables = || [AUTH_TABLE, ACCOUNT_TABLE].into_iter().filter_map(|name| api.schema().find(name));
    let columns = || tables().flat_map(|table| table.columns());
    for (name, _) in args.iter() {
        if columns().any(|column| column.name == *name && made(column)) {
            return Err(Error::invalid(format!("{name} cannot be given: the server makes it")));
        }
        if ![AUTH_TABLE, ACCOUNT_TABLE].iter().any(|t| api.column_rules(t).is_some_and(|r| r.declares(name)))
        {
            let known = columns().filter(|column| !made(column)).map(|column| &*column.name);
            let hint = nearest(name, known).map(|known| format!(", did you mean {known}?"));
            let hint = hint.unwrap_or_default();
            return Err(Error::invalid(format!("an account has no column {name:.64}{hint}")));
        }
    }
    Ok(())
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
