//! LMDB's errors as kinds of the framework: one table.

use heed::MdbError;

use crate::schema::Table;
use crate::{Error, ErrorKind};

/// The error of a call. Its text goes to the log; the caller learns what it can act on.
pub(super) fn convert(error: heed::Error) -> Error {
    let (kind, message) = match &error {
        heed::Error::Mdb(MdbError::MapFull) => {
            (ErrorKind::Unavailable, "the database is full: raise max_map_size of the pool")
        }
        heed::Error::Mdb(MdbError::TxnFull) => {
            (ErrorKind::TooLarge, "the write changes too much at once, write less at a time")
        }
        heed::Error::Mdb(MdbError::ReadersFull) => {
            (ErrorKind::OverCapacity, "the database has too much to do, please try again later")
        }
        heed::Error::Mdb(MdbError::MapResized | MdbError::Panic) | heed::Error::Io(_) => {
            (ErrorKind::Unavailable, "the database cannot be used now, please try again later")
        }
        heed::Error::Mdb(MdbError::Invalid | MdbError::VersionMismatch | MdbError::Corrupted) => {
            (ErrorKind::Unavailable, "the database file is damaged or not one of lmdb")
        }
        heed::Error::EnvAlreadyOpened => {
            (ErrorKind::Unavailable, "the database file is still in use by a pool that is being closed")
        }
        _ => return Error::internal("lmdb").source(error),
    };
    Error::new(kind, message).source(error)
}

/// Whether the error is LMDB's own, after which a transaction must not go on.
pub(super) fn is_native(error: &Error) -> bool {
    native(error).is_some()
}

/// Whether the file has outgrown its address space.
pub(super) fn is_map_full(error: &Error) -> bool {
    matches!(native(error), Some(heed::Error::Mdb(MdbError::MapFull)))
}

/// Whether another process has enlarged the address space.
pub(super) fn is_map_resized(error: &Error) -> bool {
    matches!(native(error), Some(heed::Error::Mdb(MdbError::MapResized)))
}

fn native(error: &Error) -> Option<&heed::Error> {
    std::error::Error::source(error).and_then(|e| e.downcast_ref())
}

/// A key that LMDB has no room for.
pub(super) fn long_key(table: &Table, most: usize) -> Error {
    let message = format!("the primary key is too long for table {}, at most {most} bytes fit", table.name);
    Error::new(ErrorKind::TooLarge, message)
}

/// The time of a call has passed.
pub(super) fn timeout(detail: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, "the database took too long").detail(detail)
}
