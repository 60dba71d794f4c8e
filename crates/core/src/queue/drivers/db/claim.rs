//! Messages out.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::Rng as _;

use super::driver::DbQueue;
use super::rows::delivery;
use super::table::TABLE;
use super::{later, now};
use crate::Result;
use crate::db::{Action, Op, Operation, Options, Outcome, Query, Returning};
use crate::queue::driver::Take;
use crate::queue::{Delivery, State};
use crate::value::{Name, Row, Value};

/// How often records that have ended are looked through for those that are kept no longer.
const PRUNE: Duration = Duration::from_secs(10);

/// What a taker reads of a message.
const COLUMNS: [&str; 8] = ["id", "token", "attempt", "attempts", "body", "ukey", "expires", "cancel"];

impl DbQueue {
    /// Takes messages, waiting for the first.
    pub(super) async fn obtain(&self, take: Take) -> Result<Vec<Delivery>> {
        self.ready().await?;
        let end = Instant::now() + take.wait;
        loop {
            if now() >= self.next_look.load(Ordering::Relaxed) {
                self.look().await?;
            }
            let taken = self.claim(&take).await?;
            if !taken.is_empty() {
                if taken.len() >= take.max {
                    // There may be more: another one should look.
                    self.ring_here();
                }
                return Ok(taken);
            }
            if self.look().await? > 0 {
                continue;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(taken);
            }
            let due = self.next_look.load(Ordering::Relaxed).saturating_sub(now()).max(1);
            let pause = left.min(Duration::from_millis(due.unsigned_abs()));
            tokio::select! {
                () = self.rung() => {}
                () = tokio::time::sleep(pause) => {}
                () = take.stop.cancelled() => return Ok(taken),
            }
        }
    }

    /// Makes messages available whose time has come, and notes when to look again; says how many there were.
    async fn look(&self) -> Result<u64> {
        let Some(first) = self.first_due().await? else {
            self.look_later(None);
            return Ok(0);
        };
        if first > now() {
            self.look_later(Some(first));
            return Ok(0);
        }
        let due = Query::new().eq("queue", self.queue.as_str()).op("due", Op::Le, now());
        let change = Row::new()
            .with("state", State::Available.name())
            .with("due", Value::Null)
            .with("token", Value::Null);
        let written = self.db.update_all(TABLE, due, change, &self.options()).await?;
        let first = self.first_due().await?;
        self.look_later(first);
        Ok(written.affected)
    }

    async fn first_due(&self) -> Result<Option<i64>> {
        let waiting = Query::new().eq("queue", self.queue.as_str()).op("due", Op::Gt, 0);
        let options = Options { first: true, ..self.options() }.sort("due").select(["due"]);
        let page = self.db.select::<Row>(TABLE, waiting, &options).await?;
        Ok(page.into_row().and_then(|row| row.int("due")))
    }

    fn look_later(&self, first: Option<i64>) {
        // Not all processes at the same moment.
        let interval = later(self.interval.mul_f64(rand::rng().random_range(0.8..1.0)));
        self.next_look.store(first.map_or(interval, |first| first.min(interval)), Ordering::Relaxed);
    }

    /// Marks messages as this taker's, as long as there are any.
    async fn claim(&self, take: &Take) -> Result<Vec<Delivery>> {
        let mut window = take.max;
        loop {
            let mut ids = self.available(window).await?;
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            if ids.len() > take.max {
                // Others are at the first ones.
                let start = rand::rng().random_range(0..=ids.len() - take.max);
                ids = ids.split_off(start);
                ids.truncate(take.max);
            }
            let token = uuid::Uuid::new_v4().simple().to_string();
            let rows = match self.has_statements() {
                true => self.mark_together(&ids, &token, take.visibility).await?,
                false => self.mark_each(&ids, &token, take.visibility).await?,
            };
            if !rows.is_empty() {
                return Ok(rows.into_iter().map(|row| delivery(row, &token)).collect());
            }
            window = (take.max * 4).min(2000);
        }
    }

    async fn available(&self, count: usize) -> Result<Vec<String>> {
        let query = Query::new().eq("queue", self.queue.as_str()).eq("state", State::Available.name());
        let options = self.options().sort("place").select(["id"]).count(count);
        let page = self.db.select::<Row>(TABLE, query, &options).await?;
        Ok(page.rows.into_iter().map(|row| row.text("id").to_owned()).collect())
    }

    /// One write for all, and one read of those that are this taker's now.
    async fn mark_together(&self, ids: &[String], token: &str, visibility: Duration) -> Result<Vec<Row>> {
        let query = Query::new().op("id", Op::In, list(ids)).eq("state", State::Available.name());
        let written = self.db.update_all(TABLE, query, mark(token, visibility), &self.options()).await?;
        if written.affected == 0 {
            return Ok(Vec::new());
        }
        let options = self.options().select(COLUMNS);
        let keys: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
        let mut rows = self.db.list::<Row, Value>(TABLE, keys, &options).await?;
        rows.retain(|row| row.text("token") == token);
        Ok(rows)
    }

    /// A write for each.
    async fn mark_each(&self, ids: &[String], token: &str, visibility: Duration) -> Result<Vec<Row>> {
        let operations = ids.iter().map(|id| {
            let mut mark =
                Operation::new(Action::Update, TABLE, mark(token, visibility).with("id", id.as_str()));
            mark.options.condition = Some(Query::new().eq("state", State::Available.name()));
            mark.options.returning = Returning::New;
            mark.options.select = COLUMNS.map(Name::from).to_vec();
            mark
        });
        let mut rows = Vec::with_capacity(ids.len());
        for done in self.db.batch(operations.collect(), &self.options()).await? {
            // Whoever comes next gets what could not be marked.
            if let Ok(Outcome::Written(written)) = done {
                rows.extend(written.row);
            }
        }
        Ok(rows)
    }

    /// Removes what has ended and is kept no longer, now and then.
    pub(super) async fn prune(&self) -> Result<()> {
        self.ready().await?;
        let now_at = now();
        if now_at < self.next_prune.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.next_prune.store(later(PRUNE.mul_f64(rand::rng().random_range(0.8..1.2))), Ordering::Relaxed);
        for state in State::ALL.into_iter().filter(|state| state.is_final()) {
            let old = Query::new().eq("queue", self.queue.as_str()).eq("state", state.name()).op(
                "place",
                Op::Le,
                now_at,
            );
            self.db.del_all(TABLE, old, &self.options()).await?;
        }
        self.forget_keys().await
    }
}

/// The change that makes a message a taker's.
fn mark(token: &str, visibility: Duration) -> Row {
    Row::new()
        .with("state", State::Executing.name())
        .with("due", later(visibility))
        .with("token", token)
        .with("attempt_$incr", 1)
}

/// Ids as the operand of a condition.
pub(super) fn list(ids: &[String]) -> Value {
    Value::List(ids.iter().map(|id| id.as_str().into()).collect())
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::queue::{Bell, QueueOptions};

    #[tokio::test]
    async fn a_file_that_is_made_by_itself_is_looked_through_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = super::super::open_file("", folder.path()).expect("opens");
        let options = QueueOptions::at("local://").expect("fits");
        let queue = DbQueue::new("local", "", db, None, &options, Bell::default()).creating();
        queue.prune().await.expect("has its tables");
    }
}
