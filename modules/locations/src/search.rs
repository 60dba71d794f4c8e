//! Who is near a point.

use std::collections::HashMap;

use bkjs_api::{ACCOUNT_TABLE, Options};
use bkjs_core::db::{Op, Page, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};

use crate::cells::{Cell, cover};
use crate::earth::Point;
use crate::nearest::{Nearest, Position};
use crate::place::Locations;
use crate::tables::LOCATION_TABLE;

/// Records that are read at once.
const BATCH: usize = 5000;

/// How many cells are read together: few at first, where the nearest records are, which may be enough.
const STEPS: [usize; 4] = [1, 8, 32, 100];

/// What a search asks for.
#[derive(Clone, Copy, Debug)]
pub struct Near<'a> {
    /// The point to search around.
    pub centre: Point,
    /// How far from it, in km; `min-distance` when nothing is said, `max-distance` at most.
    pub distance: Option<f64>,
    /// Records on a page.
    pub count: usize,
    /// The token of the page before.
    pub token: Option<&'a str>,
    /// The account that is left out.
    pub except: &'a str,
}

impl Locations {
    /// A page of the records within a distance, the nearest first, each with its `distance` in km and the `name` of its
    /// account.
    ///
    /// The token of a page continues after its last record in the order of distances: no record that stays where it is
    /// comes twice or is left out, whatever is stored meanwhile.
    ///
    /// # Errors
    /// `Invalid` for a distance that is none, `NotMatched` for a token of another search, `Config` when the records are
    /// in cells of another size; those of the database.
    pub async fn near(&self, near: Near<'_>) -> Result<Page<Row>> {
        if near.distance.is_some_and(|km| !km.is_finite() || km < 0.0) {
            return Err(Error::invalid("distance must be a number of km from 0"));
        }
        self.check_grid().await?;
        let distance = self.grid.distance(near.distance);
        // All that decides which records are found, and in which order.
        let search = format!("{LOCATION_TABLE} {:?} {distance:?}", near.centre);
        let after = near.token.map(|token| self.position(&search, token)).transpose()?;
        let mut nearest = Nearest::new(near.count, after);
        let letters = self.grid.letters();
        let cells = cover(near.centre, distance, letters)?;
        let cells: Vec<Cell> =
            cells.into_iter().filter(|cell| !nearest.had_all_until(cell.farthest)).collect();
        let mut rest = cells.as_slice();
        let mut steps = STEPS.iter().copied();
        let mut step = 0;
        while let Some(first) = rest.first() {
            if nearest.needs_nothing_from(first.nearest) {
                break;
            }
            step = steps.next().unwrap_or(step);
            let (cells, others) = rest.split_at(step.min(rest.len()));
            rest = others;
            self.offer(cells, letters, |row| {
                let place = Point::of(&row).map(|place| near.centre.distance(place));
                if let Some(km) = place.filter(|km| *km <= distance && row.text("id") != near.except) {
                    nearest.offer(Position { distance: km, id: row.text("id").to_owned() }, || row);
                }
            })
            .await?;
        }
        let (found, last) = nearest.into_page();
        let next_token =
            last.map(|last| self.api.db().seal_position(&search, &last.to_values())).transpose()?;
        Ok(Page { rows: self.complete(found).await?, next_token, total: None })
    }

    fn position(&self, search: &str, token: &str) -> Result<Position> {
        let values = self.api.db().open_position(search, token)?;
        Position::from_values(&values)
            .ok_or_else(|| Error::new(ErrorKind::NotMatched, "the paging token is of an earlier version"))
    }

    /// Offers every record of some cells.
    async fn offer(&self, cells: &[Cell], letters: usize, mut to: impl FnMut(Row)) -> Result<()> {
        let whole = cells.iter().all(|cell| cell.geohash.len() == letters);
        let names = cells.iter().map(|cell| Value::from(cell.geohash.as_str()));
        let query = match whole {
            true => Query::new().op("geohash", Op::In, Value::List(names.collect())),
            false => {
                Query::new().or(names.fold(Query::new(), |any, name| any.op("geohash", Op::BeginsWith, name)))
            }
        };
        let mut options = Options::new().count(BATCH);
        loop {
            let page = self.api.db().select::<Row>(LOCATION_TABLE, &query, &options).await?;
            page.rows.into_iter().for_each(&mut to);
            match page.next_token {
                Some(token) => options.start = Some(token),
                None => return Ok(()),
            }
        }
    }

    /// The records with distances in metres exactly, and names where there are accounts.
    async fn complete(&self, found: Vec<(f64, Row)>) -> Result<Vec<Row>> {
        let mut names = HashMap::new();
        let has_names = self.api.schema().find(ACCOUNT_TABLE).is_some_and(|t| t.find("name").is_some());
        if has_names && !found.is_empty() {
            let ids: Vec<String> = found.iter().map(|(_, row)| row.text("id").to_owned()).collect();
            let options = Options::new().select(["id", "name"]);
            for account in self.api.db().list::<Row, _>(ACCOUNT_TABLE, ids, &options).await? {
                names.insert(account.text("id").to_owned(), account.get("name").cloned().unwrap_or_default());
            }
        }
        let complete = |(km, row): (f64, Row)| {
            let name = names.remove(row.text("id"));
            let row = row.with("distance", (km * 1000.0).round() / 1000.0);
            if has_names { row.with("name", name.unwrap_or_default()) } else { row }
        };
        Ok(found.into_iter().map(complete).collect())
    }
}
