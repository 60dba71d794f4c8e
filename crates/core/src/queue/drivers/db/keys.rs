//! Unique keys: who has which, and until when.

use std::time::Duration;

use super::driver::DbQueue;
use super::table::{KEYS, TABLE};
use super::{is_taken, later, now};
use crate::Result;
use crate::db::{Action, Op, Operation, Query};
use crate::queue::{State, Unique};
use crate::value::{Row, Value};

/// Whether a key can be had.
pub(super) enum Taken {
    /// It can, by this write, which fails when somebody is faster.
    Free(Box<Operation>),
    /// This one has it.
    By(String),
}

impl DbQueue {
    /// Looks who has the key of a message.
    pub(super) async fn key_for(&self, unique: &Unique, owner: &str) -> Result<Taken> {
        self.key_write(&unique.key, owner, unique.ttl.map(later), unique.keep).await
    }

    async fn key_write(&self, key: &str, owner: &str, until: Option<i64>, keep: bool) -> Result<Taken> {
        let id = self.key_id(key);
        let row = Row::new()
            .with("id", id.as_str())
            .with("owner", owner)
            .with("until", until.map_or(Value::Null, Value::Int))
            .with("keep", keep);
        let Some(known) = self.db.get::<Row>(KEYS, id.as_str(), &self.options()).await? else {
            return Ok(Taken::Free(Box::new(Operation::new(Action::Add, KEYS, row))));
        };
        let holder = known.text("owner").to_owned();
        if holder != owner && !self.is_over(&known, &holder).await? {
            return Ok(Taken::By(holder));
        }
        let mut operation = Operation::new(Action::Update, KEYS, row);
        operation.options.condition = Some(as_known(&known));
        Ok(Taken::Free(Box::new(operation)))
    }

    /// Whether a key is nobody's any more: its time is over, or it has none and its message has ended.
    async fn is_over(&self, key: &Row, holder: &str) -> Result<bool> {
        if let Some(until) = key.int("until")
            && until <= now()
        {
            return Ok(true);
        }
        if key.get("keep") == Some(&Value::Bool(true)) {
            return Ok(false);
        }
        let message = self.db.get::<Row>(TABLE, holder, &self.options()).await?;
        Ok(message.is_none_or(|row| State::named(row.text("state")).is_none_or(State::is_final)))
    }

    /// Takes a key for an owner that need not be a message; says who has it.
    pub(super) async fn take_key_for(&self, key: &str, owner: &str, ttl: Duration) -> Result<String> {
        self.ready().await?;
        for _ in 0..3 {
            let operation = match self.key_write(key, owner, Some(later(ttl)), true).await? {
                Taken::Free(operation) => operation,
                Taken::By(holder) => return Ok(holder),
            };
            match self.db.transact(vec![*operation], &self.options()).await {
                Ok(_) => return Ok(owner.to_owned()),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(crate::Error::new(
            crate::ErrorKind::Unavailable,
            "a key changes hands too fast, please try again",
        ))
    }

    /// Frees a key that this owner has, and that is not to stay for its time.
    pub(super) async fn end_key(&self, key: &str, owner: &str, even_kept: bool) -> Result<()> {
        let mut condition = Query::new().eq("owner", owner);
        if !even_kept {
            condition = condition.op("keep", Op::Ne, true);
        }
        let options = crate::db::Options { condition: Some(condition), ..self.options() };
        self.db.del(KEYS, self.key_id(key).as_str(), &options).await.map(drop)
    }

    /// Forgets keys whose time is over.
    pub(super) async fn forget_keys(&self) -> Result<()> {
        let over = Query::new().op("until", Op::Le, now());
        self.db.del_all(KEYS, over, &self.options()).await.map(drop)
    }

    /// The key within its queue.
    fn key_id(&self, key: &str) -> String {
        format!("{}:{key}", self.queue)
    }
}

/// Holds while nobody has changed the record of a key.
fn as_known(key: &Row) -> Query {
    let condition = Query::new().eq("owner", key.text("owner"));
    match key.int("until") {
        Some(until) => condition.eq("until", until),
        None => condition.op("until", Op::Null, Value::Null),
    }
}
