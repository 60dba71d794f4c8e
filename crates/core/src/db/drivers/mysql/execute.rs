//! Writes run on a connection.

use super::connection::MySession;
use super::error::is_same_key;
use super::statement::Plan;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::pooled::{Answer, Session as _, one};
use crate::db::sql::{Sql, explain};
use crate::schema::ColumnType;
use crate::value::Value;
use crate::{ErrorKind, Result};

/// Runs a plan; none when the record appeared or went between two of its statements. Nothing was applied then.
///
/// # Errors
/// Those of the statements.
pub(super) async fn run(session: &mut MySession, write: &Write, plan: &Plan<'_>) -> Result<Option<Affected>> {
    if let Some(purge) = &plan.purge {
        session.run(purge).await.map_err(|e| explain(e, write))?;
    }
    let old = match &plan.old {
        Some(old) => one(session, old, &plan.columns).await.map_err(|e| explain(e, write))?,
        None => None,
    };
    // A record that was not there is not changed should it come now: its old row would not be known.
    let update = plan.update.as_ref().filter(|_| plan.old.is_none() || old.is_some());
    let Some(count) = apply(session, plan, update).await.map_err(|e| explain(e, write))? else {
        return Ok(None);
    };
    let row = match &plan.new {
        Some(new) if count > 0 => one(session, new, &plan.columns).await?,
        _ => old.filter(|_| count > 0),
    };
    Ok(Some(Affected { count, row }))
}

async fn apply(session: &mut MySession, plan: &Plan<'_>, update: Option<&Sql<'_>>) -> Result<Option<u64>> {
    if let Some(update) = update {
        let Answer { count, .. } = session.run(update).await?;
        if count > 0 || plan.insert.is_none() {
            return Ok(Some(count));
        }
    }
    if let Some(holds) = &plan.holds {
        let Answer { rows, .. } = session.run(holds).await?;
        let holds = rows.first().map(|row| MySession::value_at(row, 0, ColumnType::Bool)).transpose()?;
        match holds {
            Some(Value::Bool(false)) => return Ok(Some(0)),
            Some(_) => return Ok(None),
            None => {}
        }
    }
    let Some(insert) = &plan.insert else { return Ok(Some(0)) };
    match session.run(insert).await {
        Ok(Answer { count, .. }) => Ok(Some(count)),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Err(_) if plan.do_nothing => Ok(Some(0)),
        Err(error) if plan.update.is_some() && is_same_key(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
