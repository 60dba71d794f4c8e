//! Paths and their handlers, in the order of the documentation.

use bkjs_api::{Endpoint, Gives};
use bkjs_images::Format;

use crate::handlers;
use crate::tables::{ARCHIVE_TABLE, MESSAGE_TABLE, SENT_TABLE};

/// What an update does not change.
const FIXED: [&str; 6] = ["id", "mtime", "sender", "name", "msg", "icon_type"];

pub(crate) fn endpoints() -> [Endpoint; 13] {
    [
        Endpoint::new("/message/add", handlers::add)
            .does("Sends a text, an image or both to one account or several: of each a record, or why it was not sent.")
            .takes::<handlers::Text>()
            .takes_files(&["icon"])
            .gives(Gives::value::<Vec<handlers::Sent>>())
            .fails(&[409]),
        Endpoint::new("/message/get", handlers::get)
            .does("The caller's inbox, whose messages may be moved or removed with that.")
            .takes_conditions(MESSAGE_TABLE, &["id"])
            .gives(Gives::page(MESSAGE_TABLE))
            .fails(&[409]),
        Endpoint::new("/message/get/unread", handlers::unread)
            .does("How many messages in the inbox are unread.")
            .gives(Gives::value::<handlers::Unread>()),
        Endpoint::new("/message/get/archive", handlers::get_archive)
            .does("The caller's messages that were put aside.")
            .takes_conditions(ARCHIVE_TABLE, &["id"])
            .gives(Gives::page(ARCHIVE_TABLE)),
        Endpoint::new("/message/get/sent", handlers::get_sent)
            .does("Copies of what the caller has sent.")
            .takes_conditions(SENT_TABLE, &["id"])
            .gives(Gives::page(SENT_TABLE)),
        Endpoint::new("/message/image", handlers::image)
            .does("The image of a message that the caller got from `sender`, or sent to `recipient`.")
            .gives(Format::given())
            .fails(&[404, 412, 416]),
        Endpoint::new("/message/read", handlers::read)
            .does("Marks a message in the inbox as read.")
            .gives(Gives::empty_list()),
        Endpoint::new("/message/archive", handlers::archive)
            .does("Moves a message from the inbox to the archive.")
            .gives(Gives::empty_list())
            .fails(&[409]),
        Endpoint::new("/message/update", handlers::update)
            .does("Changes what the caller notes of a message in the inbox.")
            .takes_record(MESSAGE_TABLE, &FIXED)
            .gives(Gives::empty_list()),
        Endpoint::new("/message/update/archive", handlers::update_archive)
            .does("Changes what the caller notes of a message in the archive.")
            .takes_record(ARCHIVE_TABLE, &FIXED)
            .gives(Gives::empty_list()),
        Endpoint::new("/message/del", handlers::del)
            .does("Removes messages of the inbox, by sender, by time, or both.")
            .gives(Gives::empty_list()),
        Endpoint::new("/message/del/archive", handlers::del_archive)
            .does("Removes messages of the archive, by sender, by time, or both.")
            .gives(Gives::empty_list()),
        Endpoint::new("/message/del/sent", handlers::del_sent)
            .does("Removes copies of what was sent, by recipient, by time, or both.")
            .gives(Gives::empty_list()),
    ]
}
