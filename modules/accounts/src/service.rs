//! What can be done with accounts, without HTTP: the endpoints and the shell commands share it.
//!
//! Whoever changes an account through here cannot forget to tell the hooks: this file does.

use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Account, AccountEvent, Api, Options};
use bkjs_core::auth::{Stored, secrets};
use bkjs_core::db::{Db, Op, Page, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::records::{Records, merged, same_account, without_credentials};

/// Registration, look-up and change of accounts. Cheap to make and to clone.
#[derive(Clone)]
pub struct Accounts {
    api: Api,
}

/// Who asks for a change: administrators may set the columns marked `admin`, of others those are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Anybody, for an account of their own.
    Owner,
    /// An administrator, or the operator at the shell.
    Admin,
}

impl From<&Account> for By {
    fn from(caller: &Account) -> Self {
        if caller.is_admin() { Self::Admin } else { Self::Owner }
    }
}

/// Finding accounts.
impl Accounts {
    /// The accounts of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// The `bk_auth` record of a login.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_login(&self, login: &str) -> Result<Option<Row>> {
        self.db().get::<Row>(AUTH_TABLE, login, &Options::new()).await
    }

    /// The `bk_auth` record of the account with an id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_id(&self, id: &str) -> Result<Option<Row>> {
        let Some(profile) = self.profile(id).await? else { return Ok(None) };
        // A profile that outlived its account must not lead to the one that has its login now.
        Ok(self.by_login(profile.text("login")).await?.filter(|auth| auth.text("id") == id))
    }

    /// The id and login of an account whose removal broke off: what is left is its profile.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn half_removed(&self, id: &str) -> Result<Option<Row>> {
        let Some(profile) = self.profile(id).await? else { return Ok(None) };
        let owner = self.by_login(profile.text("login")).await?;
        let is_left = owner.is_none_or(|auth| auth.text("id") != id);
        Ok(is_left.then(|| Row::new().with("id", id).with("login", profile.text("login"))))
    }

    /// Both records of an account in one row.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, auth: &Row) -> Result<Row> {
        let account = self.profile(auth.text("id")).await?;
        Ok(merged(auth.clone(), account.unwrap_or_default()))
    }

    /// The profiles of a list of ids in its order, missing ones left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self, ids: Vec<String>, options: Options) -> Result<Vec<Row>> {
        self.db().list::<Row, _>(ACCOUNT_TABLE, ids, &options).await
    }

    /// A page of profiles.
    ///
    /// # Errors
    /// As [`Db::select`].
    pub async fn select(&self, query: Query, options: Options) -> Result<Page<Row>> {
        self.db().select::<Row>(ACCOUNT_TABLE, query, &options).await
    }

    /// The login record of a caller who knows the password.
    ///
    /// An unknown login costs the same time as a wrong password. A hash that is weaker than those made today
    /// is replaced.
    ///
    /// # Errors
    /// `NotFound` for an unknown login, `NotAuthenticated` for a wrong password or an account without one,
    /// `TooManyRequests` by the limit of tries for a login.
    pub async fn login(&self, login: &str, password: String) -> Result<Row> {
        self.api.count_login(login).await?;
        let auth = self.by_login(login).await?;
        let stored = match &auth {
            Some(row) => Stored::from_columns(Some(row.text("password")), Some(row.text("salt"))),
            None => Stored::Nothing,
        };
        let password = Zeroizing::new(password);
        let verified = self.api.hasher().verify(stored, password.clone()).await;
        let auth = auth.ok_or_else(no_account)?;
        if verified?.rehash
            && let Err(error) = self.rehash(&auth, password).await
        {
            // The caller knows the password; the next login tries again.
            tracing::warn!(error = error.log_text(), login, "a weak password hash was not replaced");
        }
        Ok(auth)
    }

    async fn rehash(&self, auth: &Row, password: Zeroizing<String>) -> Result<()> {
        let change = Row::new()
            .with("login", auth.text("login"))
            .with("password", self.api.hasher().hash(password).await?)
            .with("salt", Value::Null);
        // A password that was changed meanwhile stays.
        let unchanged = same_account(auth).op("password", Op::Eq, auth.text("password"));
        self.db().update(AUTH_TABLE, change, &Options::new().only_if(unchanged)).await?;
        Ok(())
    }

    async fn profile(&self, id: &str) -> Result<Option<Row>> {
        self.db().get::<Row>(ACCOUNT_TABLE, id, &Options::new()).await
    }

    fn db(&self) -> &Db {
        self.api.db()
    }
}

/// Changing accounts. Names that carry an operator (`name_$append`) are ignored: a column is changed by its own
/// name only.
impl Accounts {
    /// Registers an account with the columns in `input`: `name`, `login` and `secret` or `password` are needed.
    /// Gives the whole account back, `secret` included.
    ///
    /// With `password` the account gets a random `secret`, and the password is kept as an argon2id hash.
    /// Atomic: both records are there afterwards, or none. When a hook fails, the account is removed again
    /// (and the hooks are told that too), so that the caller can register once more.
    ///
    /// # Errors
    /// `Invalid` for a missing column and for a login that no signature can carry, `AlreadyExists` for a login that is taken, `ValidationFailed` by the
    /// rules of the columns; what a hook says.
    pub async fn add(&self, input: Row, by: By) -> Result<Row> {
        let mut input = plain(input);
        for name in ["name", "login"] {
            required(&input, name)?;
        }
        signable(input.text("login"))?;
        match secret_text(&mut input, "password")? {
            Some(password) => {
                input.set("password", self.api.hasher().hash(password).await?);
                input.set("secret", secrets::random_secret()?);
            }
            None => match secret_text(&mut input, "secret")? {
                Some(secret) => drop(input.set("secret", secret.as_str())),
                None => return Err(missing("secret")),
            },
        }
        input.remove("salt");
        if by == By::Owner {
            // When it began is not for the newcomer to say.
            input.remove("ctime");
        }
        input.set("id", secrets::random_id()?);
        input.set("token_secret", secrets::random_secret()?);
        input.set("session_secret", secrets::random_secret()?);

        let login = input.text("login").to_owned();
        let row = match self.records(by).add(input).await {
            Err(error)
                if error.kind() == ErrorKind::AlreadyExists && self.by_login(&login).await?.is_some() =>
            {
                return Err(taken(&login));
            }
            result => result?,
        };
        if let Err(error) = self.tell(AccountEvent::Added, &row).await {
            if let Err(second) = self.del(&row).await {
                tracing::error!(error = second.log_text(), id = row.text("id"), "{NOT_REMOVED}");
            }
            return Err(error);
        }
        Ok(row)
    }

    /// Changes columns of an account; empty values, the keys and what proves who it is are left as they are.
    /// Gives the account back. A hook that fails takes nothing back: doing the same again repeats both.
    ///
    /// # Errors
    /// `ValidationFailed` by the rules of the columns, `NotFound` when the account is gone; what a hook says.
    pub async fn update(&self, auth: &Row, input: Row, by: By) -> Result<Row> {
        let mut input = plain(input);
        // No value is none to change to. Only an administrator's null empties a column, to undo an `acl_deny`.
        input.retain(|name, value| {
            let told = !value.is_empty() || (by == By::Admin && value.is_null());
            told && !matches!(name, "password" | "salt" | "secret" | "token_secret" | "session_secret")
        });
        let records = self.records(by);
        match records.update(auth, input.clone()).await {
            Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                self.restore_profile(auth).await?;
                records.update(auth, input).await?;
            }
            result => result?,
        }
        let row = self.get(&self.current(auth).await?).await?;
        self.tell(AccountEvent::Updated, &row).await?;
        Ok(row)
    }

    /// Changes how an account proves who it is: a new `secret`, a new `password` (which brings a new random
    /// secret), or with any `token_secret` an end to all access tokens. A new secret ends sessions and tokens for good:
    /// they do not count again when the secret is changed back.
    ///
    /// # Errors
    /// `Invalid` when none of them is given, `NotFound` when the account is gone; what a hook says.
    pub async fn put_secret(&self, auth: &Row, mut input: Row) -> Result<()> {
        let mut change = Row::new();
        if let Some(secret) = secret_text(&mut input, "secret")? {
            change.set("secret", secret.as_str());
        }
        if let Some(password) = secret_text(&mut input, "password")? {
            change.set("password", self.api.hasher().hash(password).await?);
            change.set("salt", Value::Null);
            change.set("secret", secrets::random_secret()?);
        }
        if change.has("secret") {
            change.set("session_secret", secrets::random_secret()?);
        }
        if change.has("secret") || input.has("token_secret") {
            change.set("token_secret", secrets::random_secret()?);
        }
        if change.is_empty() {
            return Err(Error::invalid("secret, password or token_secret is required"));
        }
        change.set("login", auth.text("login"));
        let same = Options::new().only_if(same_account(auth));
        if self.db().update(AUTH_TABLE, change, &same).await?.affected == 0 {
            return Err(no_account());
        }
        self.tell(AccountEvent::Updated, &self.get(auth).await?).await
    }

    /// Removes an account: from now on nothing is signed by it.
    ///
    /// The login record goes first, so that a failure at any point leaves no way in; then the hooks are told;
    /// the profile goes last. While a profile is there without its login record, something of the removal
    /// is still to be done: doing it again (on the shell `-account-del id ID`) completes it.
    ///
    /// # Errors
    /// Those of the database; what a hook says, and then the profile stays.
    pub async fn del(&self, auth: &Row) -> Result<()> {
        let records = self.records(By::Owner);
        records.del_auth(auth).await?;
        let rest = async {
            self.tell(AccountEvent::Deleted, auth).await?;
            records.del_account(auth).await
        };
        rest.await.inspect_err(|error| {
            tracing::error!(error = error.log_text(), id = auth.text("id"), "{NOT_REMOVED}");
        })
    }

    fn records(&self, by: By) -> Records<'_> {
        Records { db: self.db(), admin: by == By::Admin }
    }

    /// Tells the hooks of other modules; they get no secrets.
    async fn tell(&self, event: AccountEvent, row: &Row) -> Result<()> {
        self.api.account_event(event, &without_credentials(row.clone())).await
    }

    /// The login record as it is now, unless the account is gone.
    async fn current(&self, auth: &Row) -> Result<Row> {
        let found = self.by_login(auth.text("login")).await?;
        found.filter(|now| now.text("id") == auth.text("id")).ok_or_else(no_account)
    }

    /// Makes the profile of an account that has lost it: a registration without transactions broke off.
    async fn restore_profile(&self, auth: &Row) -> Result<()> {
        let auth = self.current(auth).await?;
        let mut profile = Row::new();
        for name in ["id", "login", "name", "type"] {
            profile.set(name, auth.text(name));
        }
        if !profile.has("name") {
            profile.set("name", auth.text("login"));
        }
        let options = Options { admin: true, do_nothing: true, ..Options::new() };
        self.db().add(ACCOUNT_TABLE, profile, &options).await?;
        Ok(())
    }
}

const NOT_REMOVED: &str =
    "an account cannot sign in any more, but not all of it is removed: run -account-del id ID";

/// The columns without names that carry an operator: `id_$set` would name a key again, unseen.
fn plain(mut input: Row) -> Row {
    input.retain(|name, _| !name.contains("_$"));
    input
}

/// Takes a secret out of the input; none when it is absent or empty. Only a text is one: by another type somebody may
/// have meant anything.
fn secret_text(input: &mut Row, name: &str) -> Result<Option<Zeroizing<String>>> {
    match input.remove(name) {
        Some(Value::Text(text)) if !text.is_empty() => Ok(Some(text.into())),
        Some(value) if !value.is_empty() => Err(Error::invalid(format!("{name} must be a text"))),
        _ => Ok(None),
    }
}

fn required(input: &Row, name: &str) -> Result<()> {
    if input.has(name) { Ok(()) } else { Err(missing(name)) }
}

fn missing(name: &str) -> Error {
    Error::invalid(format!("{name} is required"))
}

/// Refuses a login that no signature can carry: its account could never sign a request.
fn signable(login: &str) -> Result<()> {
    if login.contains('|') || login.contains(char::is_control) {
        return Err(Error::invalid(
            "login must not hold | or control characters: a signature cannot carry them",
        ));
    }
    if login.trim() != login {
        return Err(Error::invalid("login must not begin or end with blanks: a signature cannot carry them"));
    }
    Ok(())
}

/// Says in our own words what products say each in theirs.
fn taken(login: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("login {login:.80} exists already, choose another one"))
}

fn no_account() -> Error {
    Error::not_found("no account record found")
}
