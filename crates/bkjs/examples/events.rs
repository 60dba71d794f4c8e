//! Messages between processes and hosts, open to everybody with
//!
//! ```text
//! events -api-allow-path /events -server-max-processes 2 -jobs-workers 1 -db-create-tables
//! curl localhost:8000/events/next?channel=news &
//! curl localhost:8000/events/send -d channel=news -d text=rain
//! curl localhost:8000/events/control -d command=api:restart
//! ```

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bkjs::core::control::Command;
use bkjs::core::pubsub::{Received, Subscription};
use bkjs::prelude::*;

/// What this process has heard, by channel.
static HEARD: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

/// What is said where.
#[derive(Deserialize)]
struct Event {
    channel: String,
    #[serde(default)]
    text: String,
}

fn event(context: &Context) -> bkjs::core::Result<Event> {
    serde_json::from_value(context.params.record().to_json())
        .map_err(|e| Error::invalid("give a channel and a text").source(e))
}

/// The text of the next message.
async fn text(subscription: &mut Subscription) -> bkjs::core::Result<String> {
    loop {
        if let Received::Message(message) = subscription.recv().await? {
            return Ok(String::from_utf8_lossy(&message.body).into_owned());
        }
    }
}

async fn send(State(api): State<Api>, context: Arc<Context>) -> Result {
    let Event { channel, text } = event(&context)?;
    api.pubsub().publish(&channel, text).await?;
    Ok(Reply::value(Row::new().with("pid", i64::from(std::process::id()))))
}

/// Waits for a message as long as the client does.
async fn next(State(api): State<Api>, context: Arc<Context>) -> Result {
    let mut subscription = api.pubsub().subscribe(&event(&context)?.channel).await?;
    Ok(Reply::value(Row::new().with("text", text(&mut subscription).await?)))
}

/// Has this process listen, and tells what it has heard so far.
async fn heard(State(api): State<Api>, context: Arc<Context>) -> Result {
    let channel = event(&context)?.channel;
    let known = HEARD.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).cloned();
    let texts = match known {
        Some(texts) => texts,
        None => {
            let mut subscription = api.pubsub().subscribe(&channel).await?;
            HEARD.lock().unwrap_or_else(PoisonError::into_inner).entry(channel.clone()).or_default();
            bkjs::core::task::spawn("heard", async move {
                while let Ok(text) = text(&mut subscription).await {
                    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
                    heard.entry(channel.clone()).or_default().push(text);
                }
            });
            Vec::new()
        }
    };
    let texts = Value::List(texts.into_iter().map(Value::from).collect());
    Ok(Reply::value(Row::new().with("pid", i64::from(std::process::id())).with("texts", texts)))
}

async fn control(State(api): State<Api>, context: Arc<Context>) -> Result {
    let record = context.params.record().to_json();
    let command = Command::named(record["command"].as_str().unwrap_or_default())?;
    api.control()?.send(command).await?;
    Ok(Reply::value(Row::new().with("sent", command.name())))
}

async fn submit(State(api): State<Api>, context: Arc<Context>) -> Result {
    let job = Job::from_json(context.params.record().to_json())?;
    Ok(Reply::value(Row::new().with("id", api.jobs()?.submit(job).await?)))
}

/// A job that says something.
async fn say(context: JobContext, event: Event) -> bkjs::core::Result<()> {
    context.api.pubsub().publish(&event.channel, event.text).await
}

/// A job that says in another channel that it listens, and what it hears.
async fn listen(context: JobContext, event: Event) -> bkjs::core::Result<()> {
    let mut subscription = context.api.pubsub().subscribe(&event.channel).await?;
    context.api.pubsub().publish(&event.text, "listening").await?;
    let heard = text(&mut subscription).await?;
    context.api.pubsub().publish(&event.text, format!("worker heard {heard}")).await
}

fn main() -> ExitCode {
    let routes = Router::new()
        .route("/events/send", any(send))
        .route("/events/next", any(next))
        .route("/events/heard", any(heard))
        .route("/events/control", any(control))
        .route("/events/submit", any(submit));
    App::new("events").job("app.say", say).job("app.listen", listen).routes(routes).run()
}
