//! Parameters from the table `bk_config`, on whichever product it is.

use std::sync::Arc;

use bkjs_core::config::{
    CONFIG_TABLE, CommandLine, Config, CoreParams, Inputs, Registry, RemoteSources, Unknown, config_table,
};
use bkjs_core::db::DbParams;
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::trial::trials;

trials! {
    parameters_are_read_from_the_table,
}

async fn parameters_are_read_from_the_table(bench: Bench) -> Checked {
    let db = bench.open([config_table()]).await?;
    let parameter = |name: &str, kind: &str, value: &str| {
        Row::new().with("name", name).with("type", kind).with("value", value)
    };
    let ignored = parameter("host-name", "prod-web", "ignored").with("status", "off");
    let records = [parameter("host-name", "prod", "wide"), ignored, parameter("host-name", "test", "other")];
    seed(&db, CONFIG_TABLE, records).await?;

    let places = bench.places();
    let folder = places.first.folder();
    std::fs::create_dir_all(folder.join("var"))?;
    let mut registry = Registry::new();
    registry.register::<DbParams>()?;
    let url = bench.url();
    let words = ["-db-config", "trial", "-db-trial-pool", &url, "-run-mode", "prod"];
    let line = CommandLine::parse(words, &registry, Unknown::Refuse);
    let inputs = Inputs { home: Some(folder.to_owned()), ..Inputs::new(line) };
    let config = Arc::new(Config::load(registry, inputs)?);
    let core = config.registry().handle::<CoreParams>();
    let host = || core.as_ref().and_then(|core| core.load().host_name.clone());
    let mut sources = RemoteSources::new(config, "web")?;
    sources.start().await?;
    equal(host().as_deref(), Some("wide"))?;

    seed(&db, CONFIG_TABLE, [parameter("host-name", "prod-bkjs-web", "narrow")]).await?;
    let reload = sources.refresh().await.ok_or_else(|| Problem::new("nothing was read"))?;
    equal(reload.restart, vec!["host-name".to_owned()])?;
    sources.start().await?;
    equal(host().as_deref(), Some("narrow"))
}
