//! `/ping`: whether the server is there.

use crate::reply::Reply;

/// Answers `{}`.
pub(crate) async fn ping() -> Reply {
    Reply::empty()
}
