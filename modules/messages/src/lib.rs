//! Messages: texts and images between accounts.
//!
//! | endpoint | does |
//! |---|---|
//! | `/message/add` | sends a text, an image or both to one account or several |
//! | `/message/image` | the image of a message |
//! | `/message/get`, `/message/get/archive`, `/message/get/sent` | the caller's messages of a folder |
//! | `/message/get/unread` | how many in the inbox are unread |
//! | `/message/read` | marks one in the inbox as read |
//! | `/message/archive` | moves one from the inbox to the archive |
//! | `/message/update`, `/message/update/archive` | changes what the caller notes of a message |
//! | `/message/del`, `/message/del/archive`, `/message/del/sent` | removes messages of a folder |
//!
//! Every record belongs to the account in its column `id`: the recipient's in `bk_message` and `bk_archive`, the
//! sender's in `bk_sent`. No call reaches records of another account, but the one that sends.
//!
//! A message is named by `mtime` and who is at the other end. Two in one millisecond from one sender to one recipient
//! get times that follow each other.

mod events;
mod folder;
mod handlers;
mod routes;
mod send;
mod service;
mod tables;

pub use folder::Folder;
pub use service::{Fate, Messages};
pub use tables::{ARCHIVE_TABLE, MESSAGE_TABLE, SENT_TABLE, bk_archive, bk_message, bk_sent};

use bkjs_api::{Module, Setup};
use bkjs_images::Images;

/// The module `bk_messages`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagesModule;

impl Module for MessagesModule {
    fn name(&self) -> &'static str {
        "bk_messages"
    }

    fn register(&self, setup: &mut Setup) {
        Images::register(setup);
        for (table, folder) in
            [(bk_message(), Folder::Inbox), (bk_archive(), Folder::Archive), (bk_sent(), Folder::Sent)]
        {
            setup.owned_objects(table, folder.images());
        }
        routes::endpoints().into_iter().for_each(|endpoint| setup.endpoint(endpoint));
    }
}
