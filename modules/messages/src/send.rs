//! Sending.

use bkjs_api::{Account, now_ms};
use bkjs_core::db::{Action, Operation};
use bkjs_core::storage::ObjectPath;
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};
use bkjs_images::Picture;

use crate::folder::Folder;
use crate::service::Messages;
use crate::tables::{MESSAGE_TABLE, SENT_TABLE};

/// Under which name images of messages are stored.
const PREFIX: &str = "message";
/// What their files begin with.
const LABEL: &str = "0";

/// The images of a message and its copy, stored.
struct Images {
    ext: &'static str,
    message: ObjectPath,
    copy: Option<ObjectPath>,
}

impl Images {
    /// A record with its image.
    fn on(&self, row: Row, path: &ObjectPath) -> Row {
        row.with("icon_type", self.ext).with("image", path.as_str())
    }
}

/// How many messages of one millisecond get times of their own.
const TRIES: i64 = 200;

impl Messages {
    /// Refuses a text that no message can have.
    ///
    /// # Errors
    /// `Invalid` when it is too long.
    pub fn check_text(&self, text: &str) -> Result<()> {
        let table = self.api.schema().find(MESSAGE_TABLE);
        let max = table.and_then(|table| table.find("msg")?.max).unwrap_or(usize::MAX);
        let length = text.chars().count();
        if length > max {
            return Err(Error::invalid(format!("msg is too long, {length} > {max} characters")));
        }
        Ok(())
    }

    /// Sends a text, an image or both to the account `to`, with a copy in the sender's folder unless `keep` is false. Gives
    /// `id`, `mtime` and `sender` of the message.
    ///
    /// Each has an image of its own, that goes with it. Message and copy are stored together where their tables are in one pool with transactions; else the message
    /// first, so that a failure leaves no copy of what has not arrived.
    ///
    /// # Errors
    /// `Invalid` for neither, and as [`check_text`](Self::check_text); `NotFound` without such an account; those of the
    /// database and the storage.
    pub async fn send(
        &self,
        from: &Account,
        to: &str,
        text: &str,
        picture: Option<&Picture>,
        keep: bool,
    ) -> Result<Row> {
        if text.is_empty() && picture.is_none() {
            return Err(Error::invalid("msg is required, or an icon"));
        }
        self.check_text(text)?;
        if !self.api.has_account(to).await? {
            return Err(Error::not_found("no such account"));
        }
        let Some(picture) = picture else { return self.write(from, to, text, None, keep).await };
        let message = picture.store(&self.api, PREFIX, to, LABEL).await?;
        let copy = match keep {
            true => match picture.store(&self.api, PREFIX, from.id(), LABEL).await {
                Ok(path) => Some(path),
                Err(error) => {
                    self.api.images()?.discard(&message).await;
                    return Err(error);
                }
            },
            false => None,
        };
        let images = Images { ext: picture.format.ext(), message, copy };
        let sent = self.write(from, to, text, Some(&images), keep).await;
        if let Err(error) = &sent {
            for path in [Some(&images.message), images.copy.as_ref()].into_iter().flatten() {
                Folder::Inbox.images().take_back(&self.api, path.as_str(), error).await;
            }
        }
        sent
    }

    /// Writes the records.
    async fn write(
        &self,
        from: &Account,
        to: &str,
        text: &str,
        images: Option<&Images>,
        keep: bool,
    ) -> Result<Row> {
        let together = self.api.db().are_together(&[MESSAGE_TABLE, SENT_TABLE])?;
        let start = now_ms();
        for mtime in start..start.saturating_add(TRIES) {
            let message = Folder::Inbox
                .key(to, mtime, from.id())
                .with("name", from.row().text("name"))
                .with("msg", text);
            let message = match images {
                Some(images) => images.on(message, &images.message),
                None => message,
            };
            let mut operations = vec![Operation::new(Action::Add, MESSAGE_TABLE, message)];
            if keep {
                let copy = Folder::Sent.key(from.id(), mtime, to).with("msg", text);
                let copy = match images.and_then(|images| Some((images, images.copy.as_ref()?))) {
                    Some((images, path)) => images.on(copy, path),
                    None => copy,
                };
                // Alone, the copy must not fail for one of a message that the recipient has moved away.
                let action = if together { Action::Add } else { Action::Put };
                operations.push(Operation::new(action, SENT_TABLE, copy));
            }
            match self.api.db().apply(operations).await {
                Ok(_) => {
                    let sent = Row::new().with("id", to).with("mtime", mtime).with("sender", from.id());
                    return Ok(sent);
                }
                // Another one has this time.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::TooManyRequests, "too many messages at once to this account, try again"))
    }
}
