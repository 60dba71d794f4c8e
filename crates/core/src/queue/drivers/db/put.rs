//! Messages in.

use super::driver::DbQueue;
use super::is_taken;
use super::keys::Taken;
use super::rows::new_row;
use super::table::TABLE;
use crate::db::{Action, Operation, Options, Written};
use crate::queue::{Message, Stored};
use crate::{Error, Result};

impl DbQueue {
    /// Stores messages: those without unique keys together.
    pub(super) async fn store(&self, messages: Vec<Message>) -> Vec<Result<Stored>> {
        if let Err(error) = self.ready().await {
            return messages.iter().map(|_| Err(error.duplicate())).collect();
        }
        let mut answers: Vec<Option<Result<Stored>>> = vec![];
        let mut plain = Vec::new();
        let mut ids = Vec::new();
        for message in messages {
            if message.unique.is_some() {
                answers.push(Some(self.store_unique(message).await));
            } else {
                answers.push(None);
                ids.push(message.id.clone());
                plain.push(Operation::new(Action::Add, TABLE, new_row(&self.queue, message)));
            }
        }
        let mut stored = Vec::with_capacity(ids.len());
        if !plain.is_empty() {
            match self.db.batch(plain, &self.options()).await {
                Ok(done) => stored.extend(done.into_iter().zip(ids).map(|(done, id)| answer(done, id))),
                Err(error) => stored.extend(ids.iter().map(|_| Err(error.duplicate()))),
            }
        }
        let mut stored = stored.into_iter();
        let missing = || Err(Error::internal("no answer for a message"));
        let answers: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.or_else(|| stored.next()).unwrap_or_else(missing))
            .collect();
        if answers.iter().any(|answer| matches!(answer, Ok(Stored::New(_)))) {
            self.ring();
        }
        answers
    }

    async fn store_unique(&self, message: Message) -> Result<Stored> {
        let Some(unique) = message.unique.clone() else {
            return Err(Error::internal("a message without a unique key"));
        };
        let id = message.id.clone();
        let row = new_row(&self.queue, message);
        // Again when somebody else was faster with a key that was free.
        for _ in 0..3 {
            let key = match self.key_for(&unique, &id).await? {
                Taken::Free(operation) => operation,
                Taken::By(_) => return Ok(Stored::Duplicate),
            };
            let add = Operation::new(Action::Add, TABLE, row.clone());
            match self.db.transact(vec![*key, add], &self.options()).await {
                Ok(_) => return Ok(Stored::New(id)),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Stored::Duplicate)
    }

    /// Stores messages in one transaction with other writes.
    ///
    /// # Errors
    /// `AlreadyExists` for a unique key that is taken, those of the transaction.
    pub(in crate::queue) async fn put_with(
        &self,
        mut operations: Vec<Operation>,
        messages: Vec<Message>,
    ) -> Result<Vec<Written>> {
        self.ready().await?;
        let given = operations.len();
        for message in messages {
            if let Some(unique) = &message.unique {
                match self.key_for(unique, &message.id).await? {
                    Taken::Free(operation) => operations.push(self.here(*operation)),
                    Taken::By(_) => {
                        let text = format!("there is a message with the unique key {:.60}", unique.key);
                        return Err(Error::new(crate::ErrorKind::AlreadyExists, text));
                    }
                }
            }
            let add = Operation::new(Action::Add, TABLE, new_row(&self.queue, message));
            operations.push(self.here(add));
        }
        let mut written = self.db.transact(operations, &Options::new()).await?;
        written.truncate(given);
        self.ring();
        Ok(written)
    }

    /// The same operation in the pool of this queue.
    fn here(&self, mut operation: Operation) -> Operation {
        operation.options.pool.clone_from(&self.pool);
        operation
    }
}

fn answer(done: Result<crate::db::Outcome>, id: String) -> Result<Stored> {
    match done {
        Ok(_) => Ok(Stored::New(id)),
        Err(error) if error.kind() == crate::ErrorKind::AlreadyExists => Ok(Stored::Duplicate),
        Err(error) => Err(error),
    }
}
