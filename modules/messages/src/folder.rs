//! Where a message of an account is.

use bkjs_api::Objects;
use bkjs_core::value::Row;

use crate::tables::{ARCHIVE_TABLE, MESSAGE_TABLE, SENT_TABLE, images};

/// Where a message of an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// Arrived.
    Inbox,
    /// Put aside.
    Archive,
    /// Sent.
    Sent,
}

impl Folder {
    /// Its table.
    pub fn table(self) -> &'static str {
        match self {
            Self::Inbox => MESSAGE_TABLE,
            Self::Archive => ARCHIVE_TABLE,
            Self::Sent => SENT_TABLE,
        }
    }

    /// The images of its messages.
    pub(crate) fn images(self) -> Objects {
        images(self.table())
    }

    /// The column of who is at the other end.
    pub fn peer(self) -> &'static str {
        match self {
            Self::Inbox | Self::Archive => "sender",
            Self::Sent => "recipient",
        }
    }

    /// Adds the address of its image to a message that has one.
    pub(crate) fn add_address(self, row: &mut Row) {
        if row.has("image") {
            let (peer, mtime) = (row.text(self.peer()), row.int("mtime").unwrap_or_default());
            let address = format!("/message/image?{}={peer}&mtime={mtime}", self.peer());
            row.set("icon", address);
        }
    }

    /// The key of a message of the account `id`.
    pub(crate) fn key(self, id: &str, mtime: i64, peer: &str) -> Row {
        Row::new().with("id", id).with("mtime", mtime).with(self.peer(), peer)
    }
}
