//! What can be done with accounts, without HTTP: the endpoints and the shell commands share it.
//!
//! An account is two records with the same `id`: `bk_auth` says how it proves who it is, `bk_account`
//! who it is. They are written in one transaction where the pool has those, else the one that
//! decides (`bk_auth`, which holds the login) is written first and taken back on failure.

use bkjs_api::Api;
use bkjs_core::auth::{Hasher, Stored, secrets};
use bkjs_core::db::{Action, Db, Operation, Options, Page, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use zeroize::Zeroizing;

/// Registration, look-up and change of accounts.
#[derive(Clone)]
pub struct Accounts {
    db: Db,
    hasher: Hasher,
}

/// Who asks for a change: administrators may set the columns marked `admin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Anybody, for an account of their own.
    Owner,
    /// An administrator, or the operator at the shell.
    Admin,
}

impl By {
    fn options(self) -> Options {
        Options { admin: self == Self::Admin, prepared: true, ..Options::new() }
    }
}

impl Accounts {
    /// The accounts of an application.
    pub fn of(api: &Api) -> Self {
        Self { db: api.db().clone(), hasher: api.hasher().clone() }
    }

    /// Registers an account with the columns in `input`: `name`, `login` and `secret` or `password` are needed.
    /// Gives the whole account back, `secret` included.
    ///
    /// With `password` the account gets a random `secret`, and the password is kept as an argon2id hash.
    /// Atomic: both records are there afterwards, or none.
    ///
    /// # Errors
    /// `Invalid` for a missing column, `AlreadyExists` for a login that is taken, `ValidationFailed` by the
    /// rules of the columns.
    pub async fn add(&self, mut input: Row, by: By) -> Result<Row> {
        for name in ["name", "login"] {
            required(&input, name)?;
        }
        input.set("id", secrets::random_id()?);
        input.remove("salt");
        match input.remove("password").and_then(text) {
            Some(password) => {
                input.set("password", self.hasher.hash(password).await?);
                input.set("secret", secrets::random_secret()?);
            }
            None => required(&input, "secret")?,
        }
        input.set("token_secret", secrets::random_secret()?);

        let (auth, account) = self.write_both(Action::Add, &input, by).await?;
        Ok(merged(auth, account))
    }

    /// The login record of a caller who knows the password.
    ///
    /// An unknown login costs the same time as a wrong password. A hash that is weaker than those made today
    /// is replaced.
    ///
    /// # Errors
    /// `NotFound` for an unknown login, `NotAuthenticated` for a wrong password or an account without one.
    pub async fn login(&self, login: &str, password: String) -> Result<Row> {
        let auth = self.by_login(login).await?;
        let stored = match &auth {
            Some(row) => Stored::from_columns(
                row.get("password").and_then(Value::as_str),
                row.get("salt").and_then(Value::as_str),
            ),
            None => Stored::Nothing,
        };
        let password = Zeroizing::new(password);
        let verified = self.hasher.verify(stored, password.clone()).await;
        let auth = auth.ok_or_else(no_account)?;
        if verified?.rehash {
            let change = Row::new()
                .with("login", login)
                .with("password", self.hasher.hash(password).await?)
                .with("salt", Value::Null);
            self.db.update("bk_auth", change, &Options::new()).await?;
        }
        Ok(auth)
    }

    /// Both records of an account in one row.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, auth: &Row) -> Result<Row> {
        let account = self.db.get::<Row>("bk_account", auth.text("id"), &Options::new()).await?;
        Ok(merged(auth.clone(), account.unwrap_or_default()))
    }

    /// The profiles of a list of ids, missing ones left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self, ids: Vec<String>, options: &Options) -> Result<Vec<Row>> {
        self.db.list::<Row, _>("bk_account", ids, options).await
    }

    /// A page of profiles.
    ///
    /// # Errors
    /// As [`Db::select`].
    pub async fn select(&self, query: Query, options: &Options) -> Result<Page<Row>> {
        self.db.select::<Row>("bk_account", query, options).await
    }

    /// Changes columns of an account; empty values and the key columns are left as they are.
    /// Gives the account back.
    ///
    /// # Errors
    /// `ValidationFailed` by the rules of the columns.
    pub async fn update(&self, auth: &Row, mut input: Row, by: By) -> Result<Row> {
        input.retain(|name, value| {
            !value.is_empty()
                && !matches!(name, "password" | "salt" | "secret" | "auth_secret" | "token_secret")
        });
        input.set("login", auth.text("login"));
        input.set("id", auth.text("id"));
        self.write_both(Action::Update, &input, by).await?;
        let auth = self.by_login(auth.text("login")).await?.ok_or_else(no_account)?;
        self.get(&auth).await
    }

    /// Changes how an account proves who it is: a new `secret`, a new `password` (which brings a new random
    /// secret), or with any `token_secret` an end to all access tokens.
    ///
    /// # Errors
    /// `Invalid` when none of them is given.
    pub async fn put_secret(&self, login: &str, mut input: Row) -> Result<()> {
        let mut change = Row::new().with("login", login);
        if let Some(secret) = input.remove("secret").and_then(text) {
            change.set("secret", secret.as_str());
        }
        if let Some(password) = input.remove("password").and_then(text) {
            change.set("password", self.hasher.hash(password).await?);
            change.set("salt", Value::Null);
            change.set("secret", secrets::random_secret()?);
        }
        if input.has("token_secret") {
            change.set("token_secret", secrets::random_secret()?);
        }
        if change.len() == 1 {
            return Err(Error::invalid("secret, password or token_secret is required"));
        }
        match self.db.update("bk_auth", change, &Options::new()).await?.affected {
            0 => Err(no_account()),
            _ => Ok(()),
        }
    }

    /// Removes an account: from now on nothing is signed by it.
    ///
    /// # Errors
    /// Those of the database. `bk_auth` goes first, so that a failure half way leaves no way in.
    pub async fn del(&self, auth: &Row) -> Result<()> {
        self.db.del("bk_auth", auth.text("login"), &Options::new()).await?;
        self.db.del("bk_account", auth.text("id"), &Options::new()).await?;
        Ok(())
    }

    /// The login of the account with an id.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn login_of(&self, id: &str) -> Result<String> {
        let profile = self.db.get::<Row>("bk_account", id, &Options::new().select(["login"])).await?;
        profile.map(|row| row.text("login").to_owned()).ok_or_else(no_account)
    }

    /// The `bk_auth` record of a login.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_login(&self, login: &str) -> Result<Option<Row>> {
        self.db.get::<Row>("bk_auth", login, &Options::new()).await
    }
}

impl Accounts {
    /// Writes the two records of an account, and gives them back as they were prepared.
    async fn write_both(&self, action: Action, input: &Row, by: By) -> Result<(Row, Row)> {
        let mut account = input.clone();
        account.retain(|name, _| {
            !matches!(name, "secret" | "auth_secret" | "token_secret" | "password" | "salt")
        });
        let operation =
            |table, record| Operation { options: by.options(), ..Operation::new(action, table, record) };
        let both = vec![operation("bk_auth", input.clone()), operation("bk_account", account)];
        let mut written = self.db.transact(both, &Options::new()).await?.into_iter();
        let mut next = || written.next().and_then(|w| w.prepared).unwrap_or_default();
        Ok((next(), next()))
    }
}

/// Both records of an account in one row; the profile wins where both have a value.
fn merged(mut auth: Row, account: Row) -> Row {
    for (name, value) in account {
        if !value.is_null() || !auth.contains(&name) {
            auth.set(name, value);
        }
    }
    auth
}

fn text(value: Value) -> Option<Zeroizing<String>> {
    match value {
        Value::Text(s) if !s.is_empty() => Some(s.into()),
        Value::Int(i) => Some(i.to_string().into()),
        _ => None,
    }
}

fn required(input: &Row, name: &str) -> Result<()> {
    if input.has(name) { Ok(()) } else { Err(Error::invalid(format!("{name} is required"))) }
}

fn no_account() -> Error {
    Error::not_found("no account record found")
}
