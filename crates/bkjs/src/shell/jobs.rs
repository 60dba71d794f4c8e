//! `-jobs-submit`, `-jobs-cancel`, `-jobs-list`, `-jobs-get`: jobs by hand.

use bkjs_api::{Args, Command, CommandContext};
use bkjs_core::jobs::Job;
use bkjs_core::queue::{Cancelled, State};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use serde::Serialize;

pub(super) fn commands() -> [Command; 4] {
    [
        Command::new(
            "jobs-submit",
            "submits a job, a name or JSON as in etc/crontab; prints its id, or null for one that was dropped",
            "JOB [queue NAME]",
            submit,
        )
        .with_first("job"),
        Command::new(
            "jobs-cancel",
            "cancels a job: one that waits at once, one that runs within seconds",
            "ID [queue NAME]",
            cancel,
        )
        .with_first("id"),
        Command::new("jobs-get", "shows what is known of a job", "ID [queue NAME]", get).with_first("id"),
        Command::new(
            "jobs-list",
            "counts jobs by state, or lists those in one state, the latest first",
            "[state STATE] [count N] [queue NAME]",
            list,
        ),
    ]
}

async fn submit(context: CommandContext, args: Args) -> Result<Value> {
    let text = args.required("job")?;
    let job = match text.trim_start().starts_with(['{', '"']) {
        true => {
            serde_json::from_str(text).map_err(|e| Error::invalid(format!("the job is not JSON: {e}")))?
        }
        false => serde_json::Value::from(text),
    };
    let mut job = Job::from_json(job)?;
    if args.0.has("queue") {
        job.queue = args.0.text("queue").to_owned();
    }
    Ok(context.api.jobs()?.submit(job).await?.map_or(Value::Null, Value::Text))
}

async fn cancel(context: CommandContext, args: Args) -> Result<Value> {
    let done = context.api.jobs()?.cancel(args.0.text("queue"), args.required("id")?).await?;
    let done = match done {
        Cancelled::Now => "cancelled",
        Cancelled::Asked => "asked to stop",
        Cancelled::TooLate => return Err(Error::not_found("no such job, or it has ended")),
    };
    Ok(Row::new().with("status", done).into())
}

async fn get(context: CommandContext, args: Args) -> Result<Value> {
    let found = context.api.jobs()?.queue(args.0.text("queue"))?.find(args.required("id")?).await?;
    to_value(&found.ok_or_else(|| Error::not_found("no such job, or it ended and is kept no longer"))?)
}

async fn list(context: CommandContext, args: Args) -> Result<Value> {
    let queue = context.api.jobs()?.queue(args.0.text("queue"))?;
    let count = match args.0.text("count") {
        "" => None,
        text => Some(text.parse().map_err(|_| Error::invalid("count must be a whole number"))?),
    };
    let name = args.0.text("state");
    if name.is_empty() {
        if count.is_some() {
            return Err(Error::invalid("count is for the list of one state: give state too"));
        }
        return to_value(&queue.counts().await?);
    }
    let Some(state) = State::named(name) else {
        let known: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
        return Err(Error::invalid(format!("no state {name:.20}, there are: {}", known.join(", "))));
    };
    to_value(&queue.list(state, count.unwrap_or(50)).await?)
}

fn to_value<T: Serialize>(shown: &T) -> Result<Value> {
    let json = serde_json::to_value(shown).map_err(|e| Error::internal("a job cannot be shown").source(e))?;
    Value::from_json(json)
}
