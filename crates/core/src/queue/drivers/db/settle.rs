//! What becomes of messages that were taken.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::claim::list;
use super::driver::DbQueue;
use super::rows::{is_cancelled, split_token};
use super::table::TABLE;
use super::{later, now};
use crate::db::{Action, Op, Operation, Options, Outcome, Query};
use crate::queue::driver::{Fate, Settled};
use crate::queue::{Cancelled, Hold, Receipt, State};
use crate::value::{Row, Value};
use crate::{Error, Result};

impl DbQueue {
    /// Ends or puts back messages: those that are simply done together.
    pub(super) async fn end(&self, settled: Vec<Settled>) -> Vec<Result<bool>> {
        if let Err(error) = self.ready().await {
            return settled.iter().map(|_| Err(error.duplicate())).collect();
        }
        let mut answers: Vec<Result<bool>> = settled.iter().map(|_| Ok(false)).collect();
        let mut done: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut single = Vec::new();
        let mut returned = false;
        for (at, one) in settled.iter().enumerate() {
            let (token, key) = split_token(&one.receipt.token);
            match &one.fate {
                Fate::Complete(None) if key.is_none() && self.has_statements() => {
                    done.entry(token).or_default().push(at);
                }
                fate => {
                    returned |= *fate == Fate::Return;
                    single.push(at);
                }
            }
        }
        for (token, places) in done {
            let ids: Vec<String> = places.iter().map(|at| settled[*at].receipt.id.clone()).collect();
            let mine = self.complete_all(&ids, token).await;
            for (at, id) in places.into_iter().zip(&ids) {
                answers[at] = match &mine {
                    Ok(lost) => Ok(!lost.contains(id)),
                    Err(error) => Err(error.duplicate()),
                };
            }
        }
        if !single.is_empty() {
            let ones: Vec<&Settled> = single.iter().map(|at| &settled[*at]).collect();
            for (at, answer) in single.iter().zip(self.end_each(&ones).await) {
                answers[*at] = answer;
            }
        }
        if returned {
            self.ring();
        }
        answers
    }

    /// Completes messages that have neither result nor key; gives those that were not this taker's.
    async fn complete_all(&self, ids: &[String], token: &str) -> Result<Vec<String>> {
        let mine = Query::new().op("id", Op::In, list(ids)).eq("token", token);
        let written = match self.keep.is_zero() {
            true => self.db.del_all(TABLE, mine, &self.options()).await?,
            false => {
                let change = ended(State::Completed, self.keep);
                self.db.update_all(TABLE, mine, change, &self.options()).await?
            }
        };
        if written.affected == ids.len() as u64 {
            return Ok(Vec::new());
        }
        let keys: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
        let rows = self.db.list::<Row, Value>(TABLE, keys, &self.options().select(["id", "token"])).await?;
        let others = rows.iter().filter(|row| row.text("token") != token);
        Ok(others.map(|row| row.text("id").to_owned()).collect())
    }

    /// Each message with a write of its own.
    async fn end_each(&self, ones: &[&Settled]) -> Vec<Result<bool>> {
        let operations = ones.iter().map(|one| self.fate_write(one)).collect();
        let done = match self.db.batch(operations, &self.options()).await {
            Ok(done) => done,
            Err(error) => return ones.iter().map(|_| Err(error.duplicate())).collect(),
        };
        let mut answers = Vec::with_capacity(ones.len());
        for (one, done) in ones.iter().zip(done) {
            let mut mine = is_written(done);
            let mut lives = matches!(one.fate, Fate::Retry(..) | Fate::Return);
            if lives && matches!(mine, Ok(false)) {
                // It was lost, or cancelled meanwhile.
                mine = self.end_cancelled(&one.receipt).await;
                lives = false;
            }
            if let (Ok(true), false, (_, Some(key))) = (&mine, lives, split_token(&one.receipt.token))
                && let Err(error) = self.end_key(key, &one.receipt.id, false).await
            {
                // Whoever wants the key sees that its message has ended.
                tracing::debug!(error = error.log_text(), "a unique key is freed later");
            }
            answers.push(mine);
        }
        answers
    }

    fn fate_write(&self, one: &Settled) -> Operation {
        let row = match &one.fate {
            Fate::Complete(result) => ended(State::Completed, self.keep)
                .with("result", result.clone().map_or(Value::Null, Value::Text)),
            Fate::Retry(pause, error) => Row::new()
                .with("state", State::Retryable.name())
                .with("due", later(*pause))
                .with("token", Value::Null)
                .with("error", error.as_str()),
            Fate::Discard(error) => ended(State::Discarded, self.keep_failed).with("error", error.as_str()),
            Fate::Cancel => ended(State::Cancelled, self.keep_failed),
            Fate::Return => Row::new()
                .with("state", State::Available.name())
                .with("due", Value::Null)
                .with("token", Value::Null)
                .with("attempt_$incr", -1),
        };
        let (token, _) = split_token(&one.receipt.token);
        let mut mine = Query::new().eq("token", token);
        if matches!(one.fate, Fate::Retry(..) | Fate::Return) {
            mine = mine.op("cancel", Op::Null, Value::Null);
        }
        let key = one.receipt.id.as_str();
        let gone = matches!(one.fate, Fate::Complete(_)) && self.keep.is_zero();
        let mut operation = match gone {
            true => Operation::new(Action::Del, TABLE, Row::new().with("id", key)),
            false => Operation::new(Action::Update, TABLE, row.with("id", key)),
        };
        operation.options.condition = Some(mine);
        operation
    }

    /// Ends a message that is this taker's if somebody wants it cancelled.
    async fn end_cancelled(&self, receipt: &Receipt) -> Result<bool> {
        let (token, _) = split_token(&receipt.token);
        let mine = Query::new().eq("token", token).eq("cancel", true);
        let options = Options { condition: Some(mine), ..self.options() };
        let row = ended(State::Cancelled, self.keep_failed).with("id", receipt.id.as_str());
        Ok(self.db.update(TABLE, row, &options).await?.affected > 0)
    }

    /// Gives takers their time anew.
    pub(super) async fn hold(&self, receipts: &[Receipt], visibility: Duration) -> Result<Vec<Hold>> {
        self.ready().await?;
        let mut tokens: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for receipt in receipts {
            tokens.entry(split_token(&receipt.token).0).or_default().push(receipt.id.clone());
        }
        for (token, ids) in &tokens {
            let mine = Query::new()
                .op("id", Op::In, list(ids))
                .eq("token", *token)
                .eq("state", State::Executing.name());
            let more = Row::new().with("due", later(visibility));
            self.db.update_all(TABLE, mine, more, &self.options()).await?;
        }
        let keys: Vec<Value> = receipts.iter().map(|receipt| receipt.id.as_str().into()).collect();
        let options = self.options().select(["id", "token", "state", "cancel"]);
        let rows = self.db.list::<Row, Value>(TABLE, keys, &options).await?;
        let rows: HashMap<&str, &Row> = rows.iter().map(|row| (row.text("id"), row)).collect();
        let hold = |receipt: &Receipt| match rows.get(receipt.id.as_str()) {
            Some(row)
                if row.text("token") == split_token(&receipt.token).0
                    && row.text("state") == State::Executing.name() =>
            {
                match is_cancelled(row) {
                    true => Hold::Cancelling,
                    false => Hold::Held,
                }
            }
            _ => Hold::Lost,
        };
        Ok(receipts.iter().map(hold).collect())
    }

    /// Cancels a message, or asks its taker to.
    pub(super) async fn stop(&self, id: &str) -> Result<Cancelled> {
        self.ready().await?;
        // Again when it changes its state meanwhile.
        for _ in 0..5 {
            let Some(row) = self.db.get::<Row>(TABLE, id, &self.options()).await? else {
                return Ok(Cancelled::TooLate);
            };
            let state = State::named(row.text("state"));
            let (change, outcome) = match state {
                Some(state) if row.text("queue") != self.queue || state.is_final() => {
                    return Ok(Cancelled::TooLate);
                }
                None => return Ok(Cancelled::TooLate),
                Some(State::Executing) => (Row::new().with("cancel", true), Cancelled::Asked),
                Some(_) => (ended(State::Cancelled, self.keep_failed), Cancelled::Now),
            };
            let options =
                Options { condition: Some(Query::new().eq("state", row.text("state"))), ..self.options() };
            let written = self.db.update(TABLE, change.with("id", id), &options).await?;
            if written.affected > 0 {
                if outcome == Cancelled::Now && row.has("ukey") {
                    self.end_key(row.text("ukey"), id, false).await?;
                }
                return Ok(outcome);
            }
        }
        Err(Error::new(crate::ErrorKind::Unavailable, "the message changes too fast, please try again"))
    }
}

/// Whether a write of a batch has changed its record.
fn is_written(done: Result<Outcome>) -> Result<bool> {
    match done? {
        Outcome::Written(written) => Ok(written.affected > 0),
        Outcome::Row(_) => Err(Error::internal("a read among writes")),
    }
}

/// The change that ends a message, which is then kept for a time.
fn ended(state: State, keep: Duration) -> Row {
    Row::new()
        .with("state", state.name())
        .with("place", later(keep))
        .with("due", Value::Null)
        .with("ended", now())
}
