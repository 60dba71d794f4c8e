//! Sending.

use bkjs_api::{Account, now_ms};
use bkjs_core::db::{Action, Operation};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};

use crate::folder::Folder;
use crate::service::Messages;
use crate::tables::{MESSAGE_TABLE, SENT_TABLE};

/// How many messages of one millisecond get times of their own.
const TRIES: i64 = 200;

impl Messages {
    /// Refuses a text that no message can have.
    ///
    /// # Errors
    /// `Invalid` when it is empty or too long.
    pub fn check_text(&self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Err(Error::invalid("msg is required"));
        }
        let table = self.api.schema().find(MESSAGE_TABLE);
        let max = table.and_then(|table| table.find("msg")?.max).unwrap_or(usize::MAX);
        let length = text.chars().count();
        if length > max {
            return Err(Error::invalid(format!("msg is too long, {length} > {max} characters")));
        }
        Ok(())
    }

    /// Sends a text to the account `to`, with a copy in the sender's folder unless `keep` is false. Gives `id`, `mtime`
    /// and `sender` of the message.
    ///
    /// Message and copy are stored together where their tables are in one pool with transactions; else the message
    /// first, so that a failure leaves no copy of what has not arrived.
    ///
    /// # Errors
    /// `Invalid` as [`check_text`](Self::check_text), `NotFound` without such an account; those of the database.
    pub async fn send(&self, from: &Account, to: &str, text: &str, keep: bool) -> Result<Row> {
        self.check_text(text)?;
        if !self.api.has_account(to).await? {
            return Err(Error::not_found("no such account"));
        }
        let together = self.api.db().are_together(&[MESSAGE_TABLE, SENT_TABLE])?;
        let start = now_ms();
        for mtime in start..start.saturating_add(TRIES) {
            let message = Folder::Inbox
                .key(to, mtime, from.id())
                .with("name", from.row().text("name"))
                .with("msg", text);
            let mut operations = vec![Operation::new(Action::Add, MESSAGE_TABLE, message)];
            if keep {
                let copy = Folder::Sent.key(from.id(), mtime, to).with("msg", text);
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
