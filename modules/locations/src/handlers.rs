//! Parameters in, service, reply out.

use axum::extract::State;
use bkjs_api::{ACCOUNT_TABLE, Account, Api, Options, Params, Reply, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::earth::Point;
use crate::place::Locations;
use crate::search::Near;
use crate::tables::LOCATION_TABLE;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Place {
    /// Degrees to the north.
    #[schemars(range(min = -90.0, max = 90.0))]
    latitude: f64,
    /// Degrees to the east.
    #[schemars(range(min = -180.0, max = 180.0))]
    longitude: f64,
    /// What the caller calls the place.
    location: Option<String>,
}

/// Stores where the caller is.
pub(crate) async fn put(State(api): State<Api>, account: Account, Params(place): Params<Place>) -> Result {
    let point = Point::new(place.latitude, place.longitude)?;
    let row = Locations::of(&api)?.put(account.id(), point, place.location.as_deref()).await?;
    Ok(Reply::row(LOCATION_TABLE, row))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Search {
    /// Degrees to the north.
    #[schemars(range(min = -90.0, max = 90.0))]
    latitude: f64,
    /// Degrees to the east.
    #[schemars(range(min = -180.0, max = 180.0))]
    longitude: f64,
    /// How far, in km; `min-distance` without it, and never more than `max-distance`.
    #[schemars(range(min = 0.0))]
    distance: Option<f64>,
    /// The `next_token` of the page before.
    #[serde(rename = "_token")]
    token: Option<String>,
}

/// What a record that is found has beside its columns.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Found {
    /// How far it is, in km.
    distance: f64,
    /// The name of the account.
    name: Option<String>,
}

/// The accounts near a point, without the caller's own.
pub(crate) async fn get(
    State(api): State<Api>,
    account: Account,
    options: Options,
    Params(search): Params<Search>,
) -> Result {
    let near = Near {
        centre: Point::new(search.latitude, search.longitude)?,
        distance: search.distance,
        count: options.count.unwrap_or(bkjs_api::params::DEFAULT_COUNT),
        token: search.token.as_deref(),
        except: account.id(),
    };
    let mut page = Locations::of(&api)?.near(near).await?;
    for row in &mut page.rows {
        if options.select.iter().any(|name| row.contains(name)) {
            row.retain(|name, _| options.select.iter().any(|wanted| &**wanted == name));
        }
    }
    Ok(Reply::page(LOCATION_TABLE, page).joined(ACCOUNT_TABLE))
}
