//! Handlers: take the parameters, call the service, reply. Who may call and which columns leave is
//! decided by the layer around them.

pub(crate) mod account;
pub(crate) mod login;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bkjs_api::openapi::Argument;
use bkjs_api::{Api, ApiError};

use crate::service::Accounts;

impl Argument for Accounts {}

impl FromRequestParts<Api> for Accounts {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(Self::of(api))
    }
}
