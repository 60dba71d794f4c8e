//! Parameters that come from a database and from DNS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bkjs_core::config::{CONFIG_TABLE, config_table};
use bkjs_core::db::{self, Db, DbParams, Options};
use bkjs_core::schema::SchemaBuilder;
use bkjs_core::value::Row;
use bkjs_tests::wait::until;
use bkjs_tests::{Call, Dns, Home, Process, Program, Server, free_port};

const SOON: Duration = Duration::from_secs(20);

/// The table of parameters in a file that servers use at the same time.
struct Table(Db);

impl Table {
    /// Opens the file NAME.db of a folder, and makes the table where it is missing.
    async fn open(folder: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let params = DbParams { name: name.into(), ..DbParams::default() };
        let mut schema = SchemaBuilder::new();
        schema.add(config_table());
        let db = db::open(Db::builder(Arc::new(schema.build())), &params, folder)?;
        db.create_tables().await?;
        Ok(Self(db))
    }

    async fn put(&self, name: &str, kind: &str, value: &str) -> Result<()> {
        let record = Row::new().with("name", name).with("type", kind).with("value", value);
        self.0.put(CONFIG_TABLE, record, &Options::new()).await?;
        Ok(())
    }

    async fn del(&self, name: &str, kind: &str) -> Result<()> {
        self.0.del(CONFIG_TABLE, Row::new().with("name", name).with("type", kind), &Options::new()).await?;
        Ok(())
    }
}

/// Waits until all web processes answer a path like this: so many requests in a row reach every one of them.
async fn answered(server: &Server, path: &str, wanted: impl Fn(u16) -> bool) -> Result<()> {
    until(SOON, "the same answer of every process", || async {
        for _ in 0..40 {
            let reply = server.send(Call::get(path)).await.ok()?;
            if !wanted(reply.status) {
                return None;
            }
        }
        Some(())
    })
    .await
}

async fn logged(server: &Server, text: &str) -> Result<()> {
    until(SOON, text, || async { server.log().contains(text).then_some(()) }).await
}

fn ids(server: &Server) -> Vec<i32> {
    let mut ids: Vec<i32> = server.processes().iter().map(|process| process.pid).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_running_server_takes_over_a_changed_record_and_keeps_to_the_last_right_one() -> Result<()> {
    let home = Home::new()?;
    let args =
        ["-monitor", "-server-max-processes", "2", "-db-config", "sqlite", "-db-config-interval", "200ms"];
    let server = Server::start(&home, &args).await?;
    let shape = |all: &[Process]| all.iter().filter(|process| process.role() == "web").count() == 2;
    server.until_processes(SOON, "two web processes", shape).await?;
    let before = ids(&server);
    let table = Table::open(&home.path().join("var"), "backend").await?;

    table.put("api-deny-path", "development", "^/ping").await?;
    answered(&server, "/ping", |status| status != 200).await?;

    // A mistake changes nothing, also not what is right beside it.
    table.put("api-upload-limit", "development-web", "plenty").await?;
    table.del("api-deny-path", "development").await?;
    logged(&server, "nothing is changed: api-upload-limit in bk_config of type development-web: ").await?;
    answered(&server, "/ping", |status| status != 200).await?;
    table.put("api-upload-limit", "development-web", "2m").await?;
    answered(&server, "/ping", |status| status == 200).await?;

    // What needs a restart is said; a name that nobody knows is passed over.
    table.put("shutdown-timeout", "development", "3000").await?;
    logged(&server, "takes effect at the next start parameters=shutdown-timeout").await?;
    table.put("api-uplod-limit", "development", "3m").await?;
    logged(&server, "unknown parameter api-uplod-limit in bk_config of type development; did you mean")
        .await?;
    assert_eq!(ids(&server), before, "a process was replaced:\n{}", server.log());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn roles_and_tags_have_values_of_their_own_from_the_start() -> Result<()> {
    let shared = Home::new()?;
    let table = Table::open(&shared.path(), "shared").await?;
    for (name, kind, value) in [
        ("api-deny-path", "development-worker", "^/"),
        ("api-deny-path", "development-red", "^/ping$"),
        ("server-max-processes", "development-server", "3"),
        ("server-max-processes", "development-web", "4"),
        ("api-session-secret", "development-web", "Hidden1"),
        ("api-upload-limit", "development-web", "7m"),
        ("db-sqlite1-pool", "development", "sqlite:///elsewhere/Hidden2.db"),
    ] {
        table.put(name, kind, value).await?;
    }
    let url = format!("sqlite://{}", shared.path().join("shared.db").display());
    let usual = ["-db-config", "sqlite1", "-db-sqlite1-pool", &url];
    let (red, blue) = (Home::new()?, Home::new()?);
    let one = Server::start(&red, &[&usual[..], &["-instance-tag", "red"]].concat()).await?;
    let other = Server::start(&blue, &[&usual[..], &["-instance-tag", "blue"]].concat()).await?;
    for server in [&one, &other] {
        let web = |all: &[Process]| all.iter().filter(|process| process.role() == "web").count() == 3;
        server.until_processes(SOON, "three web processes", web).await?;
        logged(server, "db-sqlite1-pool in bk_config of type development is not used").await?;
    }
    answered(&one, "/ping", |status| status != 200).await?;
    answered(&other, "/ping", |status| status == 200).await?;
    for server in [&one, &other] {
        assert!(!server.log().contains("Hidden"), "{}", server.log());
    }

    // What an operator sees of it.
    let shown = blue.shell(&[&usual[..], &["-db-get-config"]].concat()).await?;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(
        shown.stdout.contains("bk_config of type development-web") && shown.stdout.contains("7m"),
        "{shown:?}"
    );
    assert!(shown.stdout.contains("***") && !shown.text().contains("Hidden"), "{shown:?}");
    assert!(!shown.stdout.contains("development-worker"), "{shown:?}");
    let words = ["-db-get-config", "process", "worker"];
    let shown = blue.shell(&[&usual[..], &words].concat()).await?;
    assert!(shown.stdout.contains("development-worker") && !shown.stdout.contains("7m"), "{shown:?}");
    table.put("api-upload-limit", "development", "6m").await?;
    let home = blue.path();
    let words = ["help", "params", "api-upload-limit", "-home", home.to_str().unwrap_or_default()];
    let help = blue.run(Program::bkjs()?.path(), &[&words[..], &usual].concat()).await?;
    assert!(help.stdout.contains("now 6m from bk_config of type development"), "{help:?}");
    Ok(())
}

#[tokio::test]
async fn a_first_start_with_a_wrong_record_says_which_one_and_later_ones_go_on() -> Result<()> {
    let home = Home::new()?;
    let table = Table::open(&home.path().join("var"), "backend").await?;
    table.put("api-upload-limit", "development", "plenty").await?;
    let args = ["-db-create-tables", "-allow-modules", "bk_", "-db-config", "sqlite"];
    let mut refused = Server::spawn(&Program::bkjs()?, &home, free_port()?, &args)?;
    assert!((1..120).contains(&refused.ended(SOON).await?));
    assert!(refused.log().contains("api-upload-limit in bk_config of type development"), "{}", refused.log());
    assert!(!refused.log().contains("panicked"), "{}", refused.log());

    table.put("api-upload-limit", "development", "2m").await?;
    Server::start(&home, &args).await?.stop().await?;
    table.put("api-upload-limit", "development", "plenty").await?;
    let server = Server::start(&home, &args).await?;
    logged(&server, "the values that were right the last time are used").await?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_running_server_takes_over_what_dns_says() -> Result<()> {
    let dns = Dns::start(&[("config.test", "api-deny-path=^/ping$"), ("run-mode.config.test", "staging")])?;
    let home = Home::new()?;
    let address = dns.address.to_string();
    let args = ["-config-domain", "config.test", "-config-domain-servers", &address];
    let server = Server::start(&home, &args).await?;
    answered(&server, "/ping", |status| status != 200).await?;
    dns.set(&[("config.test", "api-deny-path=^/elsewhere$"), ("run-mode.config.test", "production")]);
    answered(&server, "/ping", |status| status == 200).await?;
    logged(&server, "takes effect at the next start parameters=run-mode").await?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
