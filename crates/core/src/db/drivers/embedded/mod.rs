//! What embedded databases share: private files and how they are named, and the queue to the one thread that writes.

mod file;
mod job;
mod options;
mod queue;
mod writes;

pub(super) use file::{create_private, temporary_folder};
pub(super) use job::{Answer, Job};
pub use options::Synchronous;
pub(super) use options::file_of;
pub(super) use queue::{Queue, Refused};
pub(super) use writes::WriteQueue;

use crate::{Error, ErrorKind};

/// The failure of a part of the driver itself.
pub(super) fn unavailable(detail: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, "the database is not available, please try again later").detail(detail)
}

/// The error of a queue that takes nothing more.
pub(super) fn refusal(refused: Refused, what: &'static str) -> Error {
    match refused {
        Refused::Full => {
            Error::new(ErrorKind::OverCapacity, "the database has too much to do, please try again later")
                .detail(format!("queue of {what} full"))
        }
        Refused::Closed => unavailable("the driver was closed"),
    }
}
