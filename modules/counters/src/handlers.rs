//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{Account, Api, Context, Ids, Reply, Result};
use bkjs_core::value::Row;

use crate::service::Counters;
use crate::tables::COUNTER_TABLE;

/// The caller's counters, or those of the list `id`: an object for one account, a list for several, an empty list
/// when nothing was counted.
pub(crate) async fn get(State(api): State<Api>, Ids(mut ids): Ids, account: Account) -> Result {
    let counters = Counters::of(&api);
    if ids.len() > 1 {
        return Ok(Reply::rows(COUNTER_TABLE, counters.list(ids).await?));
    }
    let id = ids.pop().unwrap_or_else(|| account.id().to_owned());
    Ok(match counters.get(&id).await? {
        Some(row) => Reply::row(COUNTER_TABLE, row),
        None => Reply::empty_list(),
    })
}

/// Adds to counters of the caller, or of the account `id`, and tells that account.
pub(crate) async fn incr(
    State(api): State<Api>,
    ids: Ids,
    context: Arc<Context>,
    account: Account,
) -> Result {
    let id = ids.single()?.unwrap_or_else(|| account.id().to_owned());
    let (counters, input) = (Counters::of(&api), context.params.record());
    let changed = if id == account.id() {
        counters.incr(&id, &input).await?
    } else {
        counters.incr_other(&id, &input).await?
    };
    api.tell_account(&id, "/counter/incr", Row::new().with("type", changed.join(","))).await;
    Ok(Reply::empty_list())
}

/// Replaces the caller's counters.
pub(crate) async fn put(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    Counters::of(&api).put(account.id(), &context.params.record()).await?;
    Ok(Reply::empty_list())
}

/// Sets counters of the caller.
pub(crate) async fn update(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    Counters::of(&api).update(account.id(), &context.params.record()).await?;
    Ok(Reply::empty_list())
}
