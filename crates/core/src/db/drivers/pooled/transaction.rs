//! Several writes at once: all or none, or each on its own.

use std::time::Duration;

use super::{Fate, Pool, Session};
use crate::db::driver::{Affected, Verb, Write};
use crate::db::layout::indexes_of;
use crate::db::prepare::now_seconds;
use crate::db::refusal::unmatched;
use crate::db::sql::{Cause, to_json_text};
use crate::value::Value;
use crate::{Error, Result};

/// How often a transaction is tried when others write the same records.
const ATTEMPTS: u32 = 10;
/// How often a write whose record appeared or went in the middle of it begins anew.
const RESTARTS: usize = 64;
/// The most writes of a batch that share a commit.
const GROUP: usize = 128;

/// All writes or none. Of two transactions that wait for each other the server ends one, which is tried
/// again: nothing of it was applied.
///
/// # Errors
/// The first error, or `ConditionFailed` for an update or conditional delete that matched nothing.
/// `Unavailable` when the connection is lost; only when that happens at the end is the outcome open.
pub(super) async fn transact<S: Session>(pool: &Pool<S>, writes: &[Write]) -> Result<Vec<Affected>> {
    let mut attempt = 0;
    let given: Vec<usize> = (0..writes.len()).collect();
    let mut places = by_key(writes);
    loop {
        let mut session = pool.get().await?;
        let done = try_all(&mut *session, writes, &places, true).await;
        attempt += 1;
        match session.health().fate {
            Some(Fate::Conflict) if done.is_err() && attempt < ATTEMPTS => {}
            // Another connection was lost before, and this one with it; nothing of it was applied.
            Some(Fate::Lost) if !session.health().committing && attempt == 1 => {}
            Some(Fate::Stale) if done.is_err() && attempt < ATTEMPTS => session.forget_statements().await?,
            // Nothing was applied. Of several writes that fail, the caller learns of the first.
            Some(Fate::Refused) | None if done.is_err() && places != given => {
                places.clone_from(&given);
                continue;
            }
            _ => return done,
        }
        drop(session);
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// Each write on its own; the answers in order.
///
/// They share commits as long as all is well. When one fails, its group is undone, and each of the group is
/// written by itself.
pub(super) async fn batch<S: Session>(pool: &Pool<S>, writes: &[Write]) -> Vec<Result<Affected>> {
    let mut answers = Vec::with_capacity(writes.len());
    for group in writes.chunks(GROUP) {
        match together(pool, group).await {
            Some(done) => answers.extend(done),
            None => {
                for one in group {
                    answers.push(alone(pool, one).await);
                }
            }
        }
    }
    answers
}

/// One write. It is tried again when the server ended it in favour of another writer.
///
/// # Errors
/// Those of the write.
pub(super) async fn alone<S: Session>(pool: &Pool<S>, one: &Write) -> Result<Affected> {
    let mut attempt = 0;
    loop {
        let mut session = pool.get().await?;
        let done = write_alone(&mut *session, one).await;
        attempt += 1;
        if done.is_ok() || session.health().fate != Some(Fate::Conflict) || attempt == ATTEMPTS {
            return done;
        }
        drop(session);
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// One write, by itself or in a transaction of its own.
async fn write_alone<S: Session>(session: &mut S, write: &Write) -> Result<Affected> {
    for _ in 0..RESTARTS {
        let plan = session.plan(write, now_seconds())?;
        if !S::needs_transaction(&plan) {
            match session.run_plan(write, &plan).await? {
                Some(done) => return Ok(done),
                None => continue,
            }
        }
        session.begin().await?;
        match session.run_plan(write, &plan).await {
            Ok(Some(done)) => {
                session.commit().await?;
                return Ok(done);
            }
            Ok(None) => session.rollback().await,
            Err(error) => {
                session.rollback().await;
                return Err(error);
            }
        }
    }
    Err(in_the_way())
}

/// One write within the transaction of the caller, which is over when this fails.
async fn write<S: Session>(session: &mut S, write: &Write) -> Result<Affected> {
    for _ in 0..if S::REPEATS { RESTARTS } else { 1 } {
        let plan = session.plan(write, now_seconds())?;
        if let Some(done) = session.run_plan(write, &plan).await? {
            return Ok(done);
        }
    }
    Err(in_the_way())
}

/// Other writers were faster all the time; nothing was applied.
fn in_the_way() -> Error {
    let (kind, message) = Cause::InTheWay.told();
    Error::new(kind, message).detail("a record appeared or went while it was to be replaced")
}

/// A group in one transaction; none when nothing of it was applied and each is to be tried by itself.
async fn together<S: Session>(pool: &Pool<S>, group: &[Write]) -> Option<Vec<Result<Affected>>> {
    if group.len() < 2 {
        return None;
    }
    let mut session = match pool.get().await {
        Ok(session) => session,
        Err(error) => return Some(group.iter().map(|_| Err(error.duplicate())).collect()),
    };
    match try_all(&mut *session, group, &by_key(group), false).await {
        Ok(done) => Some(done.into_iter().map(Ok).collect()),
        // The commit may have been applied: writing again could write twice.
        Err(error) if session.health().fate == Some(Fate::Lost) && session.health().committing => {
            Some(group.iter().map(|_| Err(error.duplicate())).collect())
        }
        Err(_) => None,
    }
}

async fn try_all<S: Session>(
    session: &mut S,
    writes: &[Write],
    places: &[usize],
    conditional: bool,
) -> Result<Vec<Affected>> {
    session.begin().await?;
    let mut done: Vec<(usize, Affected)> = Vec::with_capacity(writes.len());
    for &at in places {
        let one = &writes[at];
        match write(session, one).await {
            Ok(affected) if conditional && affected.count == 0 && one.must_match() => {
                session.rollback().await;
                return Err(unmatched(at, one));
            }
            Ok(affected) => done.push((at, affected)),
            Err(error) => {
                session.rollback().await;
                return Err(error);
            }
        }
    }
    session.commit().await?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, affected)| affected).collect())
}

/// The places of the writes in the order in which they are made: by key, so that two transactions on the same
/// records wait for one another instead of each for the other, which the server notices after a second only.
/// As given where that could matter: with unique columns beside the key, or writes of many records.
fn by_key(writes: &[Write]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..writes.len()).collect();
    let keys: Option<Vec<(&str, String)>> = writes.iter().map(sort_key).collect();
    if let Some(keys) = keys {
        places.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
    }
    places
}

fn sort_key(one: &Write) -> Option<(&str, String)> {
    if indexes_of(&one.table).iter().any(|index| index.unique) {
        return None;
    }
    let key = match &one.verb {
        Verb::Add { row, .. } | Verb::Put { row, .. } => {
            one.table.keys().map(|column| row.get(&column.name).cloned()).collect::<Option<Vec<_>>>()?
        }
        Verb::Update { key, .. } | Verb::Del { key, .. } => key.clone(),
        Verb::UpdateAll { .. } | Verb::DelAll { .. } => return None,
    };
    Some((&one.table.name, to_json_text(&Value::List(key))))
}

/// Longer each time, and not the same for two that met.
fn pause(attempt: u32) -> Duration {
    let most = 4_000_u64 << attempt.min(6);
    Duration::from_micros(rand::random_range(500..=most))
}
