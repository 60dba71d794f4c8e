//! Paths and their handlers, in the order of the documentation. Every method reaches them: the command
//! is in the path.

use axum::Router;
use axum::routing::any;
use bkjs_api::Api;

use crate::handlers::{account, login};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/auth", any(login::auth))
        .route("/login", any(login::login))
        .route("/logout", any(login::logout))
        .route("/account/add", any(account::add))
        .route("/account/get", any(account::get))
        .route("/account/select", any(account::select))
        .route("/account/search", any(account::select))
        .route("/account/update", any(account::update))
        .route("/account/put/secret", any(account::put_secret))
        .route("/account/del", any(account::del))
}
