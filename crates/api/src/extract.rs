//! Extractors: what handlers take as arguments.
//!
//! | argument | what it is |
//! |---|---|
//! | `State<Api>` | the application |
//! | [`Db`] | the database |
//! | `Arc<Context>` | the request |
//! | [`Account`], `Option<Account>` | the caller; 417 without one, or none |
//! | [`Params<T>`] | parameters as a type of the handler's own |
//! | [`Options`] | options of a database call by the control parameters |
//! | [`Ids`] | the list `id` |
//! | [`Shared<T>`] | what a module shared |

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use bkjs_core::Error;
use bkjs_core::cache::Cache;
use bkjs_core::db::{Db, Options};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::auth::{Account, authenticate};
use crate::context::Context;
use crate::params::from_row;
use crate::reply::ApiError;
use crate::state::Api;

fn context(parts: &Parts) -> Result<&Arc<Context>, ApiError> {
    parts
        .extensions
        .get::<Arc<Context>>()
        .ok_or_else(|| ApiError(Error::internal("a handler was called outside of the layer")))
}

impl FromRequestParts<Api> for Arc<Context> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        context(parts).cloned()
    }
}

impl FromRequestParts<Api> for Db {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(api.db().clone())
    }
}

/// The cache that is used when none is named.
impl FromRequestParts<Api> for Cache {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(api.caches().default().clone())
    }
}

impl FromRequestParts<Api> for Options {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        Ok(context(parts)?.options()?)
    }
}

/// The caller's account.
///
/// On a path that needs no login it is looked for only here, when a handler asks for it.
async fn account(api: &Api, context: &Context) -> Result<Account, Error> {
    if context.authenticated {
        return context.account().cloned();
    }
    let settings = api.settings();
    context.known.get_or_try_init(|| authenticate(api, &settings, context)).await.cloned()
}

impl FromRequestParts<Api> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(account(api, context(parts)?).await?)
    }
}

impl OptionalFromRequestParts<Api> for Account {
    type Rejection = ApiError;

    /// Credentials that do not verify count as none, for the path needs none.
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Option<Self>, ApiError> {
        Ok(account(api, context(parts)?).await.ok())
    }
}

/// The parameters as a `T`: required fields without a value give `name is required`, ill-typed ones
/// `name must be ...`.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        Ok(Self(from_row(&context(parts)?.params.row)?))
    }
}

impl<T> Deref for Params<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The ids of the parameter `id`: a list, or a text with commas or bars between; empty when it is absent, and at most
/// [`MAX_LIST`](crate::params::MAX_LIST).
#[derive(Clone, Debug)]
pub struct Ids(pub Vec<String>);

impl Ids {
    /// The ids, of which there has to be one.
    ///
    /// # Errors
    /// `Invalid` when there is none.
    pub fn required(self) -> Result<Vec<String>, Error> {
        if self.0.is_empty() { Err(Error::invalid("id is required")) } else { Ok(self.0) }
    }

    /// The one id, if any.
    ///
    /// # Errors
    /// `Invalid` when there are several.
    pub fn single(mut self) -> Result<Option<String>, Error> {
        if self.0.len() > 1 { Err(Error::invalid("id must be one account")) } else { Ok(self.0.pop()) }
    }
}

impl FromRequestParts<Api> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        Ok(Self(context(parts)?.params.list("id")?))
    }
}

/// What a module shared with [`Setup::share`](crate::Setup::share).
#[derive(Clone, Debug)]
pub struct Shared<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequestParts<Api> for Shared<T> {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let found = api.shared::<T>().cloned().map(Self);
        found.ok_or_else(|| Error::internal(format!("{} was not shared", std::any::type_name::<T>())).into())
    }
}
