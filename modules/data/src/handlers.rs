//! Operations on records of any table.

use std::sync::Arc;

use axum::extract::{Path, State};
use bkjs_api::{Api, Context, JobContext, Options, Reply, Result, Shared};
use bkjs_core::db::Db;
use bkjs_core::schema::{ColumnType, Table};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result as Checked};
use serde_json::{Map, Value as Json};

use crate::Allowed;
use crate::describe::table;

/// The most records that are asked for by key.
const MAX_KEYS: usize = 1000;

/// Does what the path says.
pub(crate) async fn operation(
    State(api): State<Api>,
    Path((operation, name)): Path<(String, String)>,
    context: Arc<Context>,
    Shared(allowed): Shared<Allowed>,
    mut options: Options,
) -> Result {
    let table = table(&api, &name)?;
    let (db, name) = (api.db(), &*table.name);
    // An administrator may look through a table page by page, when the size of the page is said.
    let by_page = context.is_admin() && context.params.row.has("_count") && operation != "scan";
    let whole = allowed.scans() && says_no(&context, "_noscan");
    options.noscan = !(by_page || whole);
    options.no_process_rows = context.params.flag("_noprocessrows")?;
    options.nocache = context.params.flag("_nocache")?;
    let reply = match &*operation {
        "select" | "search" => {
            let query = api.query(name, &context, &options)?;
            Reply::page(name, db.select(name, query, &options).await?)
        }
        "scan" => {
            let query = api.query(name, &context, &options)?;
            Reply::rows(name, db.select(name, query, &options).await?.rows)
        }
        "get" => {
            let row: Option<Row> = db.get(name, key(table, &context), &options).await?;
            row.map_or_else(Reply::empty_list, |row| Reply::row(name, row))
        }
        "list" => Reply::rows(name, db.list(name, keys(table, &context)?, &options).await?),
        _ => {
            write(db, &operation, table, &context, &options).await?;
            Reply::empty_list()
        }
    };
    Ok(reply.unveil())
}

async fn write(db: &Db, operation: &str, table: &Table, context: &Context, options: &Options) -> Checked<()> {
    let name = &*table.name;
    let record = || record(table, context);
    let done = match operation {
        "add" => db.add(name, record()?, options).await,
        "put" => db.put(name, record()?, options).await,
        "update" => db.update(name, record()?, options).await,
        "replace" => db.replace(name, record()?, options).await,
        "incr" => db.incr(name, increments(table, record()?)?, options).await,
        "del" => db.del(name, key(table, context), options).await,
        _ => return Err(Error::invalid(format!("invalid command {operation:.64}"))),
    };
    done.map(drop)
}

/// The record to be written.
///
/// # Errors
/// `Invalid` for what is no column, `Forbidden` for a secure one: whoever writes those can be anybody.
fn record(table: &Table, context: &Context) -> Checked<Row> {
    let row = context.params.record();
    for (name, _) in row.iter() {
        match table.find(name) {
            None if is_custom(table, name) => {}
            None => return Err(Error::invalid(format!("{} has no column {name:.64}", table.name))),
            Some(column) if column.secure == Some(true) => {
                let text = format!("{name:.64} is secure: it is not changed here");
                return Err(Error::new(bkjs_core::ErrorKind::Forbidden, text));
            }
            Some(_) => {}
        }
    }
    Ok(row)
}

fn is_custom(table: &Table, name: &str) -> bool {
    let mut patterns =
        table.custom.iter().filter_map(|(pattern, _)| bkjs_core::db::pattern::regexp(pattern, false).ok());
    patterns.any(|pattern| pattern.is_match(name))
}

/// A record of which every column but the key is a counter.
fn increments(table: &Table, row: Row) -> Checked<Row> {
    let is_key = |name: &str| table.keys().any(|key| &*key.name == name);
    let counts = |name: &str| table.find(name).is_some_and(|c| c.column_type() == ColumnType::Counter);
    let others: Vec<&str> = row.iter().map(|(name, _)| &**name).filter(|name| !is_key(name)).collect();
    match others.iter().find(|name| !counts(name)) {
        Some(name) => Err(Error::invalid(format!("{name:.64} is no counter"))),
        None if others.is_empty() => Err(Error::invalid("no counter is named")),
        None => Ok(row),
    }
}

/// The job `data.incr`: adds to counter columns of a record of `table`. It may run twice, and adds twice then, unless
/// the job is unique by a key that is kept.
pub(crate) async fn incr_job(context: JobContext, params: Map<String, Json>) -> Checked<()> {
    let mut params = Row::from_json_object(params)?;
    let name = match params.remove("table") {
        Some(Value::Text(name)) => name,
        _ => return Err(Error::invalid("table is required")),
    };
    let table = table(&context.api, &name)?;
    let record = increments(table, params)?;
    context.api.db().incr(&table.name, record, &Options::new()).await.map(drop)
}

/// The key among the parameters; known columns beside it must match.
fn key(table: &Table, context: &Context) -> Row {
    let mut row = context.params.record();
    row.retain(|name, _| table.find(name).is_some_and(|column| column.secure != Some(true)));
    row
}

/// A list of keys: of texts by the one column of the key, or a JSON array of objects.
fn keys(table: &Table, context: &Context) -> Checked<Vec<Row>> {
    let parts: Vec<&str> = table.keys().map(|column| &*column.name).collect();
    let keys = match (&context.params.document, &parts[..]) {
        (Some(Value::List(list)), _) => {
            list.iter().map(|element| as_key(element, &parts)).collect::<Checked<_>>()?
        }
        (_, [only]) => {
            let values = context.params.list(only)?;
            if values.is_empty() {
                return Err(Error::invalid(format!("{only} is required")));
            }
            values.into_iter().map(|value| Row::new().with(*only, value)).collect()
        }
        _ => {
            return Err(Error::invalid(format!("give a JSON array of objects with {}", parts.join(", "))));
        }
    };
    check_count(keys)
}

fn as_key(element: &Value, parts: &[&str]) -> Checked<Row> {
    match (element, parts) {
        (Value::Map(row), _) => Ok(row.clone()),
        (value, [only]) => Ok(Row::new().with(*only, value.clone())),
        _ => Err(Error::invalid(format!("each key must be an object with {}", parts.join(", ")))),
    }
}

fn check_count(keys: Vec<Row>) -> Checked<Vec<Row>> {
    if keys.len() > MAX_KEYS {
        return Err(Error::invalid(format!("too many keys, at most {MAX_KEYS}")));
    }
    Ok(keys)
}

/// Whether a control is given and says no.
fn says_no(context: &Context, name: &str) -> bool {
    context.params.get(name).is_some() && context.params.flag(name).is_ok_and(|yes| !yes)
}
