//! Where an account is.

use bkjs_api::{ACCOUNT_TABLE, AccountEvent, Api, Options, now_ms};
use bkjs_core::db::{Action, Operation, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};

use crate::earth::Point;
use crate::params::Grid;
use crate::tables::LOCATION_TABLE;

/// How often a place is stored anew because another call for the same account came between.
const TRIES: usize = 30;

/// Stores and finds where accounts are. Cheap to make and to clone.
#[derive(Clone)]
pub struct Locations {
    pub(crate) api: Api,
    pub(crate) grid: Grid,
}

impl Locations {
    /// The locations of an application.
    ///
    /// # Errors
    /// `Internal` when it does not have the module.
    pub fn of(api: &Api) -> Result<Self> {
        let grid = api.shared::<Grid>().ok_or_else(|| Error::internal("bk_locations is not a module"))?;
        Ok(Self { api: api.clone(), grid: grid.clone() })
    }

    /// Stores where an account is, in its profile too if there are profiles, and gives the record. `location` is what
    /// the account calls the place.
    ///
    /// Atomic where both tables are in one pool with transactions; else a failure in between leaves an account at two
    /// places until it is stored again. Of several calls at once for an account one wins. The account's hooks are told
    /// when the profile has changed.
    ///
    /// # Errors
    /// `NotFound` when there are profiles and the account has none, `ConditionFailed` when others move the account all
    /// the time, `Config` when the records are in cells of another size; those of the database, and what a hook says.
    pub async fn put(&self, id: &str, point: Point, location: Option<&str>) -> Result<Row> {
        self.check_grid().await?;
        let geohash = point.geohash(self.grid.letters())?;
        let place = Row::new()
            .with("id", id)
            .with("geohash", geohash)
            .with("latitude", point.latitude())
            .with("longitude", point.longitude());
        let mut profile = place.clone().with("ltime", now_ms());
        if let Some(location) = location {
            profile.set("location", location);
        }
        let mut tries = 0;
        let row = loop {
            match self.try_put(&place, &profile).await {
                // Somebody has moved the same account meanwhile.
                Err(error)
                    if tries < TRIES
                        && matches!(error.kind(), ErrorKind::ConditionFailed | ErrorKind::AlreadyExists) =>
                {
                    tries += 1;
                }
                result => break result?,
            }
        };
        self.tell(id).await?;
        Ok(row)
    }

    async fn try_put(&self, place: &Row, profile: &Row) -> Result<Row> {
        let id = place.text("id");
        let old = self.places_of(id).await?;
        let (stays, left): (Vec<_>, Vec<_>) =
            old.iter().partition(|row| row.text("geohash") == place.text("geohash"));
        let mut store = match stays.first() {
            Some(row) => Operation { options: unchanged(row), ..operation(Action::Update, place.clone()) },
            None => operation(Action::Add, place.clone()),
        };
        store.options.prepared = true;
        let mut operations = vec![store];
        if self.api.schema().find(ACCOUNT_TABLE).is_some() {
            if !self.api.has_account(id).await? {
                return Err(Error::not_found("this account has no profile, update it first"));
            }
            operations.push(Operation::new(Action::Update, ACCOUNT_TABLE, profile.clone()));
        }
        operations.extend(left.into_iter().map(removal));
        let mut written = self.api.db().apply(operations).await?.into_iter();
        if old.is_empty() {
            // Two first places at once find nothing of each other that could not be there twice.
            self.keep_newest(id).await?;
        }
        let stored = written.next().and_then(|written| written.prepared).unwrap_or_default();
        let mut row = place.clone();
        row.set("mtime", stored.get("mtime").cloned().unwrap_or_default());
        Ok(row)
    }

    async fn places_of(&self, id: &str) -> Result<Vec<Row>> {
        let own = Query::new().eq("id", id);
        Ok(self.api.db().select::<Row>(LOCATION_TABLE, own, &Options::new()).await?.rows)
    }

    /// Removes all places of an account but the newest. Whoever comes last finds them all, so that one is left.
    async fn keep_newest(&self, id: &str) -> Result<()> {
        let mut places = self.places_of(id).await?;
        let newest = places.iter().enumerate().max_by_key(|(_, row)| (row.int("mtime"), row.text("geohash")));
        if let Some((at, _)) = newest {
            places.swap_remove(at);
        }
        for place in &places {
            let Operation { table, record, options, .. } = removal(place);
            self.api.db().del(&table, record, &options).await?;
        }
        Ok(())
    }

    /// Tells the hooks that the profile has changed.
    async fn tell(&self, id: &str) -> Result<()> {
        if self.api.schema().find(ACCOUNT_TABLE).is_none() {
            return Ok(());
        }
        match self.api.db().get::<Row>(ACCOUNT_TABLE, id, &Options::new()).await? {
            Some(profile) => self.api.account_event(AccountEvent::Updated, &profile).await,
            None => Ok(()),
        }
    }

    /// Refuses to serve when the table holds cells of another size than this configuration asks for: searches would
    /// find nothing.
    pub(crate) async fn check_grid(&self) -> Result<()> {
        if self.grid.confirmed.get().is_some() {
            return Ok(());
        }
        let any = Options { first: true, ..Options::new().select(["geohash"]).count(1) };
        let row = self.api.db().select::<Row>(LOCATION_TABLE, Query::new(), &any).await?.into_row();
        // While there are no records every size will do.
        let Some(row) = row else { return Ok(()) };
        let (stored, wanted) = (row.text("geohash").len(), self.grid.letters());
        if stored != wanted {
            let text = format!(
                "min-distance asks for geohashes of {wanted} letters and {LOCATION_TABLE} has them of {stored}: set it \
                 back, or empty the table"
            );
            return Err(Error::new(ErrorKind::Config, text).with_status(503));
        }
        // Another request may have seen the same.
        let _ = self.grid.confirmed.set(());
        Ok(())
    }
}

fn operation(action: Action, record: Row) -> Operation {
    Operation::new(action, LOCATION_TABLE, record)
}

/// Only if the record is still as it was read.
fn unchanged(row: &Row) -> Options {
    Options::new().only_if(Query::new().eq("mtime", row.get("mtime").cloned().unwrap_or(Value::Null)))
}

fn removal(row: &Row) -> Operation {
    let key = Row::new().with("geohash", row.text("geohash")).with("id", row.text("id"));
    Operation { options: unchanged(row), ..operation(Action::Del, key) }
}
