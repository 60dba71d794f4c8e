//! `/ping`: whether the server is there.

use crate::openapi::{Endpoint, Gives};
use crate::reply::Reply;

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::new("/ping", ping).does("Says whether the server is there.").gives(Gives::empty())
}

/// Answers `{}`.
async fn ping() -> Reply {
    Reply::empty()
}
