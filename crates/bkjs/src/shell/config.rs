//! `-db-get-config`: what the configuration table says.

use std::sync::Arc;

use bkjs_api::{Args, Command};
use bkjs_core::config::{Assignment, Config, RemoteSources};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

pub(super) fn command(config: Arc<Config>) -> Command {
    Command::new(
        "db-get-config",
        "shows what the table bk_config says for the processes of one role, of this host unless -run-mode, -app-name, \
         -instance-tag and so on name another; later lines go before earlier ones",
        "[process web]",
        move |_, args| get(config.clone(), args),
    )
}

async fn get(config: Arc<Config>, mut args: Args) -> Result<Value> {
    let role = match args.0.remove("process") {
        Some(Value::Text(role)) => role,
        _ => "web".to_owned(),
    };
    if let Some((name, _)) = args.0.iter().next() {
        return Err(Error::invalid(format!("unknown option {name:.40} of -db-get-config")));
    }
    let records = RemoteSources::new(config.clone(), &role)?.table().await?;
    let line = |record: Assignment| {
        let value = record.text.as_deref().map(|text| config.shown(&record.name, text));
        Row::new().with("name", record.name).with("value", value).with("from", record.origin.to_string())
    };
    Ok(records.into_iter().map(line).map(Value::from).collect::<Vec<_>>().into())
}
