//! The two records of an account: `bk_auth` says how it proves who it is, `bk_account` who it is.
//!
//! They have the same `id` and `login`, and columns that both tables declare (`name`, `status`, `type`) are
//! kept the same in both. They are written in one transaction where the pool has those. Where it has none,
//! or the tables are in two pools, the order of writing makes a failure half way harmless; [`Records`]
//! says for each write what is left then.

use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Options};
use bkjs_core::db::{Action, Db, Op, Operation, Query};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};

/// The columns that prove who an account is: they are in `bk_auth` only, and no hook or terminal sees them.
const CREDENTIALS: [&str; 6] =
    ["secret", "auth_secret", "token_secret", "session_secret", "password", "salt"];

/// The record without the columns that prove who an account is.
pub(crate) fn without_credentials(mut row: Row) -> Row {
    row.retain(|name, _| !CREDENTIALS.contains(&name));
    row
}

/// Both records of an account in one row; the profile wins where both have a value.
pub(crate) fn merged(mut auth: Row, account: Row) -> Row {
    auth.reserve(account.len());
    for (name, value) in account {
        match auth.get_mut(&name) {
            None => auth.push(name, value),
            Some(_) if value.is_null() => {}
            Some(both) => *both = value,
        }
    }
    auth
}

/// The condition that a record still belongs to this account, and not to one that took its login later.
pub(crate) fn same_account(auth: &Row) -> Query {
    Query::new().op("id", Op::Eq, auth.text("id"))
}

/// Writes both records. `admin` lets the columns marked `admin` be written.
pub(crate) struct Records<'a> {
    pub(crate) db: &'a Db,
    pub(crate) admin: bool,
}

impl Records<'_> {
    /// Stores a new account and gives back what was stored, in one row.
    ///
    /// Without transactions `bk_auth`, whose key is the login, is written first and taken back when the
    /// profile cannot be written. A crash between leaves an account with an empty profile.
    pub(crate) async fn add(&self, input: Row) -> Result<Row> {
        let account = without_credentials(input.clone());
        let options = Options { prepared: true, ..self.options() };
        let (auth, account) = if self.atomic()? {
            let mut written = self.transact(Action::Add, [input, account], [&options; 2]).await?.into_iter();
            let mut next = || written.next().and_then(|w| w.prepared).unwrap_or_default();
            (next(), next())
        } else {
            let auth = self.db.add(AUTH_TABLE, input, &options).await?.prepared.unwrap_or_default();
            match self.db.add(ACCOUNT_TABLE, account, &options).await {
                Ok(written) => (auth, written.prepared.unwrap_or_default()),
                Err(error) => {
                    self.take_back(&auth).await;
                    return Err(error);
                }
            }
        };
        Ok(merged(auth, account))
    }

    /// Changes columns of an account.
    ///
    /// Without transactions the profile, which has more rules for its values, is written first; a failure
    /// after it leaves a change that doing the same again completes.
    ///
    /// # Errors
    /// `ConditionFailed` when one of the records is not there.
    pub(crate) async fn update(&self, auth: &Row, mut input: Row) -> Result<()> {
        for key in ["login", "id"] {
            input.set(key, auth.text(key));
        }
        let account = without_credentials(input.clone());
        let options = self.options();
        let same = options.clone().only_if(same_account(auth));
        if self.atomic()? {
            self.transact(Action::Update, [input, account], [&same, &options]).await?;
            return Ok(());
        }
        for (table, record, options) in [(ACCOUNT_TABLE, account, &options), (AUTH_TABLE, input, &same)] {
            if self.db.update(table, record, options).await?.affected == 0 {
                return Err(Error::new(
                    bkjs_core::ErrorKind::ConditionFailed,
                    format!("no such record in {table}"),
                ));
            }
        }
        Ok(())
    }

    /// Removes the login record, if it is still this account's.
    pub(crate) async fn del_auth(&self, auth: &Row) -> Result<()> {
        let key = Row::new().with("login", auth.text("login")).with("id", auth.text("id"));
        self.db.del(AUTH_TABLE, key, &Options::new()).await?;
        Ok(())
    }

    /// Removes the profile.
    pub(crate) async fn del_account(&self, auth: &Row) -> Result<()> {
        self.db.del(ACCOUNT_TABLE, auth.text("id"), &Options::new()).await?;
        Ok(())
    }

    fn options(&self) -> Options {
        Options { admin: self.admin, strict: true, ..Options::new() }
    }

    fn atomic(&self) -> Result<bool> {
        self.db.are_together(&[AUTH_TABLE, ACCOUNT_TABLE])
    }

    /// Writes into `bk_auth` and `bk_account`, both or neither.
    async fn transact(
        &self,
        action: Action,
        records: [Row; 2],
        options: [&Options; 2],
    ) -> Result<Vec<bkjs_core::db::Written>> {
        let operations = [AUTH_TABLE, ACCOUNT_TABLE].into_iter().zip(records).zip(options);
        let operations = operations.map(|((table, record), options)| Operation {
            options: options.clone(),
            ..Operation::new(action, table, record)
        });
        self.db.transact(operations.collect(), &Options::new()).await
    }

    async fn take_back(&self, auth: &Row) {
        if let Err(error) = self.del_auth(auth).await {
            tracing::error!(
                error = error.log_text(),
                login = auth.text("login"),
                "a registration failed half way and was not taken back: run -account-del"
            );
        }
    }
}
