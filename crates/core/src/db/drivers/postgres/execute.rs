//! Writes run on a connection.

use super::connection::PgSession;
use crate::Result;
use crate::db::Returning;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::pooled::{Answer, Session as _, one};
use crate::db::sql::explain;
use crate::db::sql::upsert::Plan;
use crate::schema::ColumnType;
use crate::value::Value;

/// Runs a plan; none when the row before the change was looked for in vain, and one was there after all.
///
/// # Errors
/// Those of the statements.
pub(super) async fn run(session: &mut PgSession, write: &Write, plan: &Plan<'_>) -> Result<Option<Affected>> {
    if let Some(purge) = &plan.purge {
        session.run(purge).await?;
    }
    let old = match &plan.old {
        Some(old) => one(session, old, &plan.columns).await?,
        None => None,
    };
    let Answer { rows, count } = session.run(&plan.main).await.map_err(|e| explain(e, write))?;
    if plan.tells_inserted {
        let new = rows.first().map(|row| PgSession::value_at(row, 0, ColumnType::Bool)).transpose()?;
        if new == Some(Value::Bool(false)) && old.is_none() {
            return Ok(None);
        }
    }
    if plan.old.is_some() || plan.columns.is_empty() {
        return Ok(Some(Affected { count, row: old.filter(|_| count > 0) }));
    }
    let row = match (rows.last(), write.returning) {
        (None, _) | (_, Returning::Nothing) => None,
        (Some(row), _) => Some(PgSession::decode_row(row, &plan.columns)?),
    };
    Ok(Some(Affected { count, row }))
}
