//! A home whose database is not as this version makes it: of an earlier version, or damaged.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_core::db::driver::Driver as _;
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::db::{self, Db, DbParams, Options};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::Row;
use bkjs_tests::wait::until;
use bkjs_tests::{Call, Home, Program, Server};

/// Makes the table of logins without the columns that came later, and in it one login.
async fn earlier(home: &Home) -> Result<()> {
    let folder = home.path().join("var");
    std::fs::create_dir_all(&folder)?;
    let mut schema = SchemaBuilder::new();
    let columns = ["id", "name", "type", "secret", "token_secret"].map(Column::text);
    let table = Table::new("bk_auth").column(Column::text("login").primary());
    schema.add(columns.into_iter().fold(table, Table::column));
    let db = db::open(Db::builder(Arc::new(schema.build())), &DbParams::default(), &folder)?;
    db.create_tables().await?;
    let id = "0123456789abcdef0123456789abcdef";
    let row = Row::new().with("login", "alice").with("id", id).with("secret", "wonder").with("name", "Alice");
    db.add("bk_auth", row, &Options::new()).await?;
    db.close().await;
    Ok(())
}

/// Changes the secret to another one and back: a session from before does not count again.
async fn change_and_change_back(server: &Server) -> Result<()> {
    let reply = server.send(Call::get("/auth?_session=1").sign("alice", "wonder")).await?;
    ensure!(reply.status == 200, "{}", reply.text());
    let cookie = reply.header("set-cookie").split(';').next().context("a cookie")?.to_owned();
    let by_session = async || server.send(Call::get("/auth").header("cookie", &cookie)).await;
    assert_eq!(by_session().await?.status, 200);
    for (now, new) in [("wonder", "other"), ("other", "wonder")] {
        let change = Call::post("/account/put/secret").form(&[("secret", new)]).sign("alice", now);
        assert_eq!(server.send(change).await?.status, 200);
    }
    assert_eq!(by_session().await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_server_serves_the_accounts_of_an_earlier_version_without_being_told_to_make_tables() -> Result<()>
{
    let home = Home::new()?;
    earlier(&home).await?;
    let server = Server::start_program(&Program::bkjs()?, &home, &[]).await?;
    change_and_change_back(&server).await?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn only_files_of_the_home_are_kept_in_step_unasked() -> Result<()> {
    let home = Home::new()?;
    let elsewhere = home.beside("elsewhere.db");
    let file = elsewhere.to_str().context("a path of UTF-8")?;
    // Nobody listens at the address: a start that asked there for tables would end.
    home.write(
        "etc/config",
        &format!(
            "db-sqlite-pool=named\ndb-sqlite1-pool={file}\ndb-sqlite1-pool-tables=bk_config\n\
             db-postgres-pool=postgres://postgres@127.0.0.1:1/none\ndb-postgres-pool-tables=bk_queue\n"
        ),
    )?;
    let server = Server::start_program(&Program::bkjs()?, &home, &[]).await?;
    let reply =
        server.send(Call::post("/account/add").form(&[("name", "A"), ("login", "a"), ("secret", "s")]));
    let reply = reply.await?;
    ensure!(reply.status == 200, "{}", reply.text());
    assert!(home.path().join("var/named.db").exists());
    assert_eq!(server.stop().await?, 0);
    let told = home.db(&["diff", "bk_config"]).await?;
    assert!(told.code == Some(1) && told.stdout.contains("table bk_config is missing"), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn of_a_table_that_was_not_made_strangers_learn_nothing_and_the_log_what_to_do() -> Result<()> {
    let home = Home::new()?;
    let elsewhere = home.beside("elsewhere.db");
    home.write("etc/config", &format!("db-sqlite-pool={}\n", elsewhere.display()))?;
    // The file is there, and no table is.
    SqliteDriver::open(&SqliteOptions::file(&elsewhere))?.close().await;
    let server = Server::start_program(&Program::bkjs()?, &home, &[]).await?;
    let form = [("name", "A"), ("login", "a"), ("secret", "s")];
    let reply = server.send(Call::post("/account/add").form(&form)).await?;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("is not in the database yet"), "{}", reply.text());
    assert!(!reply.text().contains("create") && !reply.text().contains("apply"), "{}", reply.text());
    let told =
        |line: &&str| line.contains("ERROR") && line.contains("table bk_auth is not in the database yet");
    let line = async || server.log().lines().find(told).map(str::to_owned);
    let line = until(Duration::from_secs(20), "the line in the log", line).await?;
    assert!(line.contains("run with -db-create-tables, or bkjs db apply"), "{line}");
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_shell_changes_the_accounts_of_an_earlier_version() -> Result<()> {
    let home = Home::new()?;
    earlier(&home).await?;
    let ran = home.shell(&["-account-update", "login", "alice", "secret", "other"]).await?;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let server = Server::start_program(&Program::bkjs()?, &home, &[]).await?;
    let reply = server.send(Call::get("/auth").sign("alice", "other")).await?;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

/// Writes over everything after the first page of the database, which stays what it is.
fn damage(home: &Home) -> Result<()> {
    let path = home.path().join("var/backend.db");
    let mut bytes = std::fs::read(&path)?;
    ensure!(bytes.len() > 8192, "the database is short");
    bytes[4096..].fill(0x5a);
    Ok(std::fs::write(&path, bytes)?)
}

/// That a report is one line, names the file and says what is wrong with it.
fn names_the_file(report: &str) {
    let told =
        report.contains("backend.db") && report.contains("the database file is damaged or not one of sqlite");
    assert!(told && !report.contains("internal error") && report.lines().count() == 1, "{report}");
}

#[tokio::test]
async fn a_damaged_database_is_named_with_the_reason() -> Result<()> {
    let home = Home::new()?;
    home.add_admin("admin", "s").await?;
    damage(&home)?;
    let ran = home.shell(&["-account-get", "login", "admin"]).await?;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    names_the_file(&ran.stderr);
    assert!(ran.stderr.contains("malformed"), "{ran:?}");

    let other = Home::new()?;
    other.write("var/backend.db", &"this is no database ".repeat(500))?;
    let ran = other.shell(&["-account-get", "login", "admin"]).await?;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    names_the_file(&ran.stderr);
    assert!(ran.stderr.contains("file is not a database"), "{ran:?}");
    Ok(())
}
