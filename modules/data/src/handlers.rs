//! Operations on records of any table.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use bkjs_api::openapi::{Argument, Takes};
use bkjs_api::params::MAX_LIST;
use bkjs_api::{Api, ApiError, Context, JobContext, Options, Params, Reply, Result, Shared};
use bkjs_core::db::Page;
use bkjs_core::schema::{ColumnType, Table};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result as Checked};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::Allowed;
use crate::describe::table;

/// How a table is asked.
#[derive(Deserialize, JsonSchema)]
struct Controls {
    /// False selects from a table without a condition, where `api-unsecure` allows that.
    #[serde(rename = "_noscan")]
    no_scan: Option<bool>,
    /// Leaves out what hooks of modules make of the records.
    #[serde(rename = "_noprocessrows", default)]
    no_process_rows: bool,
    /// Reads past kept records.
    #[serde(rename = "_nocache", default)]
    no_cache: bool,
}

/// A request about a table.
pub(crate) struct Asked {
    api: Api,
    table: Arc<Table>,
    context: Arc<Context>,
    options: Options,
}

impl Argument for Asked {
    fn describe(takes: &mut Takes) {
        takes.fields::<Controls>();
    }
}

impl FromRequestParts<Api> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> std::result::Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, api).await;
        let Path(name) = path.map_err(|_| Error::invalid("the path names no table"))?;
        let table = table(api, &name)?.clone();
        let context = Arc::<Context>::from_request_parts(parts, api).await?;
        let Shared(allowed) = Shared::<Allowed>::from_request_parts(parts, api).await?;
        let mut options = Options::from_request_parts(parts, api).await?;
        let Params(controls) = Params::<Controls>::from_request_parts(parts, api).await?;
        options.noscan = !(allowed.scans() && controls.no_scan == Some(false));
        options.no_process_rows = controls.no_process_rows;
        options.nocache = controls.no_cache;
        Ok(Self { api: api.clone(), table, context, options })
    }
}

/// A page of records by condition.
pub(crate) async fn select(mut asked: Asked) -> Result {
    // An administrator may look through a table page by page, when the size of the page is said.
    if asked.context.is_admin() && asked.context.params.row.has("_count") {
        asked.options.noscan = false;
    }
    Ok(Reply::page(&asked.table.name, found(&asked).await?).unveil())
}

/// The same as a plain list.
pub(crate) async fn scan(asked: Asked) -> Result {
    Ok(Reply::rows(&asked.table.name, found(&asked).await?.rows).unveil())
}

async fn found(Asked { api, table, context, options }: &Asked) -> Checked<Page<Row>> {
    let query = api.query(&table.name, context, options)?;
    api.db().select(&table.name, query, options).await
}

/// A record by its key.
pub(crate) async fn get(Asked { api, table, context, options }: Asked) -> Result {
    let row: Option<Row> = api.db().get(&table.name, key(&table, &context), &options).await?;
    Ok(row.map_or_else(Reply::empty_list, |row| Reply::row(&table.name, row)).unveil())
}

/// Records by a list of keys.
pub(crate) async fn list(Asked { api, table, context, options }: Asked) -> Result {
    let rows = api.db().list(&table.name, keys(&table, &context)?, &options).await?;
    Ok(Reply::rows(&table.name, rows).unveil())
}

/// Stores a new record.
pub(crate) async fn add(Asked { api, table, context, options }: Asked) -> Result {
    done(api.db().add(&table.name, record(&table, &context)?, &options).await)
}

/// Stores a record, new or into the one with its key.
pub(crate) async fn put(Asked { api, table, context, options }: Asked) -> Result {
    done(api.db().put(&table.name, record(&table, &context)?, &options).await)
}

/// Changes a record.
pub(crate) async fn update(Asked { api, table, context, options }: Asked) -> Result {
    done(api.db().update(&table.name, record(&table, &context)?, &options).await)
}

/// Stores a record in place of the one with its key.
pub(crate) async fn replace(Asked { api, table, context, options }: Asked) -> Result {
    done(api.db().replace(&table.name, record(&table, &context)?, &options).await)
}

/// Adds to counters of a record.
pub(crate) async fn incr(Asked { api, table, context, options }: Asked) -> Result {
    let record = increments(&table, record(&table, &context)?)?;
    done(api.db().incr(&table.name, record, &options).await)
}

/// Removes a record.
pub(crate) async fn del(Asked { api, table, context, options }: Asked) -> Result {
    done(api.db().del(&table.name, key(&table, &context), &options).await)
}

/// What no other path is for.
pub(crate) async fn unknown(Path((operation, _)): Path<(String, String)>) -> Result {
    Err(Error::invalid(format!("invalid command {operation:.64}")).into())
}

fn done<T>(written: Checked<T>) -> Result {
    written?;
    Ok(Reply::empty_list())
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
    if keys.len() > MAX_LIST {
        return Err(Error::invalid(format!("too many keys, at most {MAX_LIST}")));
    }
    Ok(keys)
}
