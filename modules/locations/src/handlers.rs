//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{ACCOUNT_TABLE, Account, Api, Context, Options, Params, Reply, Result};
use bkjs_core::Error;
use bkjs_core::value::Value;
use serde::Deserialize;

use crate::earth::Point;
use crate::place::Locations;
use crate::search::Near;
use crate::tables::LOCATION_TABLE;

#[derive(Deserialize)]
pub(crate) struct Place {
    latitude: f64,
    longitude: f64,
    location: Option<String>,
}

/// Stores where the caller is.
pub(crate) async fn put(State(api): State<Api>, account: Account, Params(place): Params<Place>) -> Result {
    let point = Point::new(place.latitude, place.longitude)?;
    let row = Locations::of(&api)?.put(account.id(), point, place.location.as_deref()).await?;
    Ok(Reply::row(LOCATION_TABLE, row))
}

#[derive(Deserialize)]
pub(crate) struct Search {
    latitude: f64,
    longitude: f64,
    distance: Option<f64>,
}

/// The accounts near a point, without the caller's own.
pub(crate) async fn get(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
    Params(search): Params<Search>,
) -> Result {
    let token = match context.params.get("_token") {
        None | Some(Value::Null) => None,
        Some(Value::Text(token)) => Some(token.as_str()).filter(|token| !token.is_empty()),
        Some(_) => return Err(Error::invalid("_token must be the token of the page before").into()),
    };
    let near = Near {
        centre: Point::new(search.latitude, search.longitude)?,
        distance: search.distance,
        count: options.count.unwrap_or(bkjs_api::params::DEFAULT_COUNT),
        token,
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
