//! The table `bk_config`: parameters by name and by the type of process that they are meant for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Assignment, Origin, Rank};
use super::Reading;
use crate::db::{Db, DbParams, Op, Options, Query, is_missing, open_pool};
use crate::schema::{Column, SchemaBuilder, Table};
use crate::value::Row;
use crate::{Error, ErrorKind, Result};

/// The name of the table that holds parameters.
pub const CONFIG_TABLE: &str = "bk_config";

/// The most records that may count for one process.
const MAX_RECORDS: usize = 10_000;
/// Records read at once.
const BATCH: usize = 500;

/// The table that holds parameters: a name and a type are the key; `status` is `ok` or the record does not count,
/// `ttl` says after how many seconds the table is read again.
pub fn config_table() -> Table {
    Table::new(CONFIG_TABLE)
        .column(Column::text("name").primary().not_empty())
        .column(Column::text("type").primary().not_empty())
        // It may be a secret.
        .column(Column::text("value").secure())
        .column(Column::text("status").value("ok").read_default("ok"))
        .column(Column::int("ttl"))
        .column(Column::now("mtime"))
}

/// Reads the records of these types, given in rising precedence, from the pool `db-config`.
///
/// A table or an embedded database that is not there yet says nothing.
///
/// # Errors
/// What the pool reports; `Config` when it is not configured right, or there are too many records.
pub(super) async fn read(params: &Arc<DbParams>, folder: PathBuf, types: &[String]) -> Result<Reading> {
    let Some(db) = open(params.clone(), folder).await? else { return Ok(Reading::nothing(Rank::Database)) };
    let records = records(&db, types).await;
    // Opened for this one moment: it is read seldom, and supervisors keep no connection.
    db.close().await;
    Ok(reading(records?, types, &params.config))
}

async fn open(params: Arc<DbParams>, folder: PathBuf) -> Result<Option<Db>> {
    let opened = tokio::task::spawn_blocking(move || {
        if is_missing(&params, &params.config, &folder) {
            return Ok(None);
        }
        let driver = open_pool(&params, &params.config, &folder)?;
        let mut schema = SchemaBuilder::new();
        schema.add(config_table());
        Db::builder(Arc::new(schema.build())).pool(&params.config, driver).build().map(Some)
    });
    opened.await.unwrap_or_else(|e| Err(Error::internal("opening the database was given up").source(e)))
}

async fn records(db: &Db, types: &[String]) -> Result<Vec<Row>> {
    let options = Options::new().count(BATCH).select(["name", "type", "value", "status", "ttl"]);
    let wanted = Query::new().op("type", Op::In, types.to_vec());
    let mut batches = db.batches::<Row>(CONFIG_TABLE, wanted, &options)?;
    let mut records = Vec::new();
    loop {
        match batches.next().await {
            Ok(Some(batch)) => records.extend(batch),
            Ok(None) => return Ok(records),
            Err(error) if error.kind() == ErrorKind::NotPrepared => {
                tracing::info!(reason = error.message(), "the database holds no configuration yet");
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        }
        if records.len() > MAX_RECORDS {
            let text = format!("more than {MAX_RECORDS} records of {CONFIG_TABLE} are meant for one process");
            return Err(Error::new(ErrorKind::Config, text));
        }
    }
}

/// What the records say; those that would move the database they are in are refused.
fn reading(mut records: Vec<Row>, types: &[String], pool: &str) -> Reading {
    let place = |record: &Row| types.iter().position(|name| name == record.text("type"));
    records.retain(|record| record.text("status") == "ok" && place(record).is_some());
    records.sort_by_key(place);
    let sources: Vec<Arc<str>> =
        types.iter().map(|name| format!("{CONFIG_TABLE} of type {name}").into()).collect();
    let own_pool = format!("db-{pool}-pool");
    let mut reading = Reading::nothing(Rank::Database);
    for record in &records {
        let Some(source) = place(record).and_then(|at| sources.get(at)) else { continue };
        let name = record.text("name").trim().trim_start_matches('-').to_owned();
        let origin = Origin { rank: Rank::Database, source: source.clone(), line: None };
        if is_within(&name, &own_pool) {
            let warning =
                format!("{name} in {origin} is not used: it says where the pool of {CONFIG_TABLE} itself is");
            reading.warnings.push(warning);
            continue;
        }
        if let Some(seconds) = record.int("ttl").and_then(|ttl| u64::try_from(ttl).ok()).filter(|s| *s > 0) {
            reading.due_in(Duration::from_secs(seconds));
        }
        let text =
            record.get("value").filter(|value| !value.is_null()).map(|_| record.text("value").to_owned());
        reading.values.assignments.push(Assignment { name, text, origin });
    }
    reading
}

/// Whether a name is `prefix` or continues it with a dash.
fn is_within(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
