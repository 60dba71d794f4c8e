//! What can be done with connections, without HTTP.

use bkjs_api::{ACCOUNT_TABLE, Api, Options};
use bkjs_core::db::{Action, Db, Op, Page, Query};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};

use crate::counters::counting;
pub use crate::records::Link;
use crate::records::Names;
use crate::tables::{CONNECTION_TABLE, REFERENCE_TABLE};

/// How many connections are looked up at once to be removed.
const BATCH: usize = 100;

/// Makes, changes, finds and removes connections. Cheap to make and to clone.
#[derive(Clone)]
pub struct Connections {
    api: Api,
}

impl Connections {
    /// The connections of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// Connects two accounts, with columns for both records. `own_name` is how the one who connects is called.
    ///
    /// # Errors
    /// `AlreadyExists` when they are connected so, `NotFound` without such a peer, `Invalid` for a connection of an
    /// account with itself, `ValidationFailed` by the rules of the columns.
    pub async fn add(&self, link: &Link, columns: &Row, own_name: &str) -> Result<()> {
        let names = self.names(link, columns, own_name).await?;
        let mut operations = link.write(Action::Add, columns, &names);
        operations.extend(counting(&self.api, &link.id, &link.kind, &link.peer, 1));
        match self.db().apply(operations).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("there is a connection of type {:.64} with this peer", link.kind),
            )),
            result => result.map(drop),
        }
    }

    /// Connects two accounts, or changes the columns of what connects them so.
    ///
    /// # Errors
    /// As [`add`](Self::add), except for `AlreadyExists`.
    pub async fn put(&self, link: &Link, columns: &Row, own_name: &str) -> Result<()> {
        match self.add(link, columns, own_name).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let names = self.names(link, columns, own_name).await?;
                self.db().apply(link.write(Action::Put, columns, &names)).await.map(drop)
            }
            result => result,
        }
    }

    /// Changes columns of a connection on both sides; with `by` the counter columns among them are added to.
    ///
    /// # Errors
    /// `NotFound` without this connection, `ValidationFailed` by the rules of the columns.
    pub async fn change(&self, link: &Link, columns: &Row, by: bool) -> Result<()> {
        if self.get(link).await?.is_none() {
            return Err(no_connection());
        }
        let action = if by { Action::Incr } else { Action::Update };
        let names = Names { peer: given_name(columns), own: None };
        match self.db().apply(link.write(action, columns, &names)).await {
            Err(error) if error.kind() == ErrorKind::ConditionFailed => Err(no_connection()),
            result => result.map(drop),
        }
    }

    /// One connection.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, link: &Link) -> Result<Option<Row>> {
        self.db().get(CONNECTION_TABLE, link.connection(), &Options::new()).await
    }

    /// One connection as its peer sees it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reference(&self, link: &Link) -> Result<Option<Row>> {
        self.db().get(REFERENCE_TABLE, link.reference(), &Options::new()).await
    }

    /// A page of one of the two tables.
    ///
    /// # Errors
    /// As [`Db::select`].
    pub async fn select(&self, table: &str, query: Query, options: &Options) -> Result<Page<Row>> {
        self.db().select(table, query, options).await
    }

    /// Removes the connections that an account made, all or those of a type, of a peer, or of both. None is no error.
    ///
    /// # Errors
    /// Those of the database; what was removed until then stays removed.
    pub async fn del(&self, id: &str, kind: Option<&str>, peer: Option<&str>) -> Result<()> {
        if let (Some(kind), Some(peer)) = (kind, peer) {
            let link = Link { id: id.to_owned(), kind: kind.to_owned(), peer: peer.to_owned() };
            return self.remove(&link).await;
        }
        let mut query = Query::new().op("id", Op::Eq, id);
        for (name, value) in [("type", kind), ("peer", peer)] {
            if let Some(value) = value {
                query = query.op(name, Op::Eq, value);
            }
        }
        self.remove_all(CONNECTION_TABLE, query, Link::of_connection).await
    }

    /// Removes all connections that an account made or that others made with it.
    ///
    /// # Errors
    /// As [`del`](Self::del).
    pub async fn forget(&self, id: &str) -> Result<()> {
        self.del(id, None, None).await?;
        self.remove_all(REFERENCE_TABLE, Query::new().op("id", Op::Eq, id), Link::of_reference).await
    }

    /// Removes what matches, from the front again and again: removed records are no longer found.
    async fn remove_all(&self, table: &str, query: Query, link: fn(&Row) -> Link) -> Result<()> {
        let options = Options::new().count(BATCH);
        loop {
            let page: Page<Row> = self.db().select(table, query.clone(), &options).await?;
            for row in &page.rows {
                self.remove(&link(row)).await?;
            }
            if page.rows.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn remove(&self, link: &Link) -> Result<()> {
        let mut operations = link.removal().to_vec();
        operations.extend(counting(&self.api, &link.id, &link.kind, &link.peer, -1));
        match self.db().apply(operations).await {
            // Somebody else was faster, or it never was; what a half removal left on the other side goes too.
            Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                self.db().del(REFERENCE_TABLE, link.reference(), &Options::new()).await.map(drop)
            }
            result => result.map(drop),
        }
    }

    /// What the two sides are called: the peer as the caller says, else as its account does.
    async fn names(&self, link: &Link, columns: &Row, own_name: &str) -> Result<Names> {
        if link.peer == link.id {
            return Err(Error::invalid("cannot connect to itself"));
        }
        let mut peer = given_name(columns);
        if self.api.schema().find(ACCOUNT_TABLE).is_some() {
            let options = Options::new().select(["id", "name"]);
            let account: Option<Row> = self.db().get(ACCOUNT_TABLE, link.peer.as_str(), &options).await?;
            let account = account.ok_or_else(|| Error::not_found("no such account"))?;
            peer = peer.or_else(|| Some(account.text("name").to_owned()));
        }
        Ok(Names { peer, own: Some(own_name.to_owned()) })
    }

    fn db(&self) -> &Db {
        self.api.db()
    }
}

fn given_name(columns: &Row) -> Option<String> {
    Some(columns.text("name")).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn no_connection() -> Error {
    Error::not_found("no connection")
}
