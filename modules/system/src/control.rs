//! Commands to processes, parameters, jobs, messages.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{Api, Context, Params, Reply, Result};
use bkjs_core::control::Command;
use bkjs_core::jobs::Job;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result as Checked};
use schemars::JsonSchema;
use serde::Deserialize;

/// A parameter as it is set.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Described {
    name: String,
    r#type: String,
    default: Option<String>,
    value: Option<String>,
    /// Where the value was said.
    source: Option<String>,
    /// Whether it may change while the server runs.
    live: bool,
    help: String,
}

/// A job.
#[derive(JsonSchema)]
#[allow(dead_code)] // as above
pub(crate) struct Submitted {
    /// What is done: the name of a function, an object of names and parameters, or lists of those; in a query or form
    /// such an object as text.
    job: serde_json::Value,
}

/// The id of a job.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // as above
pub(crate) struct Id {
    /// Null when the job was dropped by its unique key.
    id: Option<String>,
}

/// What is said under a name.
#[derive(JsonSchema)]
#[allow(dead_code)] // as above
pub(crate) struct Said {
    /// A text as it is, everything else as JSON.
    value: serde_json::Value,
}

/// Where a message goes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Channel {
    /// The channel.
    name: String,
}

/// Replaces the web processes.
pub(crate) async fn restart(State(api): State<Api>) -> Result {
    api.control()?.send(Command::Restart).await?;
    Ok(Reply::empty())
}

/// Replaces the worker processes.
pub(crate) async fn restart_workers(State(api): State<Api>) -> Result {
    api.control()?.send(Command::RestartWorkers).await?;
    Ok(Reply::empty())
}

/// A system message.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Message {
    /// Its name, such as `api:restart`.
    name: String,
}

/// Gives a system message.
pub(crate) async fn send_message(State(api): State<Api>, Params(message): Params<Message>) -> Result {
    let command = Command::named(&message.name)?;
    api.control()?.send(command).await?;
    Ok(Reply::empty())
}

/// Has every process read its configuration again.
pub(crate) async fn read_config(State(api): State<Api>) -> Result {
    api.control()?.send(Command::ReadConfig).await?;
    Ok(Reply::empty())
}

/// The parameters that some source sets, by name, as they stand in this process.
pub(crate) async fn params(State(api): State<Api>) -> Result {
    let set =
        api.config()?.list().into_iter().filter_map(|param| Some((param.name.into(), param.value?.into())));
    Ok(Reply::value(Value::Map(set.collect::<Row>())))
}

/// All parameters.
pub(crate) async fn params_info(State(api): State<Api>) -> Result {
    let all = api.config()?.list().into_iter().map(|param| {
        Value::Map(
            Row::new()
                .with("name", param.name)
                .with("type", param.kind)
                .with("default", param.default)
                .with("value", param.value)
                .with("source", param.source)
                .with("live", param.live)
                .with("help", param.help),
        )
    });
    Ok(Reply::value(all.collect::<Vec<_>>()))
}

/// Submits the job that the parameters are, as in `etc/crontab`; gives its id, or null when it was dropped.
pub(crate) async fn send_job(State(api): State<Api>, context: Arc<Context>) -> Result {
    let mut json = context.params.row.clone();
    json.retain(|name, _| !name.starts_with('_'));
    let mut json = json.to_json();
    // In a query or form the job is text.
    if let Some(text) = json["job"].as_str().filter(|text| text.trim_start().starts_with(['{', '['])) {
        json["job"] = serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("job is not JSON: {error}")))?;
    }
    let job = Job::from_json(json)?;
    let id = api.jobs()?.submit(job).await?;
    Ok(Reply::value(Row::new().with("id", id)))
}

/// Publishes `value` to the channel `name`.
pub(crate) async fn publish(
    State(api): State<Api>,
    context: Arc<Context>,
    Params(channel): Params<Channel>,
) -> Result {
    api.pubsub().publish(&channel.name, bytes_of(&context, "value")?).await?;
    Ok(Reply::empty())
}

/// A parameter as bytes: text as it is, other values as JSON.
pub(crate) fn bytes_of(context: &Context, name: &str) -> Checked<Vec<u8>> {
    match context.params.get(name) {
        None => Err(Error::invalid(format!("{name} is required"))),
        Some(Value::Text(text)) => Ok(text.clone().into_bytes()),
        Some(value) => Ok(value.to_json().to_string().into_bytes()),
    }
}
