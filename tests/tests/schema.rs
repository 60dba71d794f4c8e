//! `bkjs db diff` and `apply`, as an operator runs them before and after an upgrade, and beside a server.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Driver, Verb, Write};
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_tests::{Call, Home, Program, Ran, Server};
use serde_json::Value;

/// Runs a tool that must end with this status.
async fn ends(home: &Home, line: &str, status: i32) -> Result<Ran> {
    let ran = home.db(&line.split(' ').collect::<Vec<_>>()).await?;
    ensure!(ran.code == Some(status), "{line} should end with {status}: {ran:?}");
    Ok(ran)
}

/// The first line of what is said of the only pool.
fn counts(ran: &Ran) -> &str {
    ran.stdout.lines().next().unwrap_or_default()
}

/// What an earlier version of the application has left on a home: one record in a table.
async fn earlier(home: &Home, table: Table, record: Row) -> Result<()> {
    let driver = SqliteDriver::open(&SqliteOptions::file(home.path().join("var/backend.db")))?;
    let table = Arc::new(table);
    driver.create(vec![table.clone()]).await?;
    let verb = Verb::Add { row: record, do_nothing: false };
    driver.write(Write { table, verb, returning: Returning::Nothing }).await?;
    driver.close().await;
    Ok(())
}

fn account() -> Table {
    Table::new("bk_account").column(Column::text("id").primary()).column(Column::text("name"))
}

/// The only record of `bk_account`.
async fn record(home: &Home) -> Result<Value> {
    let ran = ends(home, "export bk_account -path - -no-verify", 0).await?;
    serde_json::from_str(&ran.stdout).with_context(|| format!("{ran:?}"))
}

#[tokio::test]
async fn diff_says_what_apply_then_does() -> Result<()> {
    let home = Home::new()?;
    for _ in 0..2 {
        let ran = ends(&home, "diff", 1).await?;
        assert!(
            ran.stdout.contains("\n  + table bk_account is missing: create with the key id and "),
            "{ran:?}"
        );
        assert!(
            ran.stdout.contains("\n  + table bk_account index bk_account_email_index is missing"),
            "{ran:?}"
        );
    }
    let planned = counts(&ends(&home, "diff", 1).await?).to_owned();
    let ran = ends(&home, "apply", 0).await?;
    assert_eq!(counts(&ran), planned);
    assert!(ran.stdout.contains("\n  + table bk_account created\n"), "{ran:?}");
    for tool in ["diff", "apply", "diff"] {
        assert_eq!(ends(&home, tool, 0).await?.stdout, "pool sqlite: nothing to do\n");
    }
    Ok(())
}

#[tokio::test]
async fn who_asks_for_help_gets_it_and_nothing_is_done() -> Result<()> {
    let home = Home::new()?;
    for line in ["apply -help", "apply --help", "apply bk_auth -help", "help apply"] {
        let ran = ends(&home, line, 0).await?;
        assert!(ran.stdout.starts_with("db apply [TABLE ...]") && !ran.stdout.contains("db diff"), "{ran:?}");
    }
    for line in ["help", "-help"] {
        let ran = ends(&home, line, 0).await?;
        assert!(ran.stdout.contains("db apply ") && ran.stdout.contains("db copy "), "{ran:?}");
    }
    let ran = ends(&home, "frob -help", 1).await?;
    assert!(ran.stderr.contains("db has no frob"), "{ran:?}");
    // All tables are still to be made.
    let ran = ends(&home, "diff", 1).await?;
    assert!(ran.stdout.contains("table bk_account is missing"), "{ran:?}");
    Ok(())
}

#[tokio::test]
async fn an_earlier_version_is_upgraded_around_its_records() -> Result<()> {
    let home = Home::new()?;
    let table = account().column(Column::text("shoe_size"));
    earlier(&home, table, Row::new().with("id", "a1").with("name", "Ann").with("shoe_size", "40")).await?;
    for (tool, status, column) in [("diff", 1, "is missing: add as TEXT"), ("apply", 0, "added")] {
        let ran = ends(&home, &format!("{tool} bk_account"), status).await?;
        assert!(ran.stdout.contains(&format!("  + table bk_account column city {column}\n")), "{ran:?}");
        assert!(ran.stdout.contains("  ? table bk_account column shoe_size"), "{ran:?}");
        assert!(!ran.stdout.contains("bk_auth"), "{ran:?}");
    }
    let ran = ends(&home, "diff bk_account", 0).await?;
    assert_eq!(counts(&ran), "pool sqlite: nothing to do, 1 note");
    let record = record(&home).await?;
    assert_eq!((&record["name"], &record["city"]), (&"Ann".into(), &Value::Null));
    // The other tables are still to be made.
    ends(&home, "diff", 1).await.map(drop)
}

#[tokio::test]
async fn what_a_person_has_to_decide_is_said_and_left_alone() -> Result<()> {
    let home = Home::new()?;
    let table = account().column(Column::text("latitude"));
    earlier(&home, table, Row::new().with("id", "a1").with("latitude", "north")).await?;
    let problem = "  ! table bk_account column latitude is TEXT in the database and REAL in its description: left as it is\n    give the column another name";
    for tool in ["diff", "apply"] {
        let ran = ends(&home, tool, 2).await?;
        assert!(ran.stdout.contains(problem), "{ran:?}");
    }
    // What could be done was done.
    let ran = ends(&home, "diff", 2).await?;
    assert_eq!(counts(&ran), "pool sqlite: nothing to do, 1 problem");
    let ran = ends(&home, "diff -json", 2).await?;
    let line: Value = serde_json::from_str(&ran.stdout).with_context(|| format!("{ran:?}"))?;
    for (name, value) in [
        ("pool", "sqlite"),
        ("table", "bk_account"),
        ("gravity", "problem"),
        ("what", "type"),
        ("column", "latitude"),
        ("stored", "TEXT"),
        ("wanted", "REAL"),
    ] {
        assert_eq!(line[name], value, "{line}");
    }
    let driver = SqliteDriver::open(&SqliteOptions::file(home.path().join("var/backend.db")))?;
    let rows = driver.query("select latitude from bk_account".into(), Vec::new()).await?;
    assert_eq!(rows, [Row::new().with("latitude", "north")]);
    driver.close().await;
    // A server says so too, and starts.
    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    assert!(server.log().contains("column latitude is TEXT in the database"), "{}", server.log());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_failure_is_told_from_something_to_do_by_its_status() -> Result<()> {
    let home = Home::new()?;
    ends(&home, "apply", 0).await?;
    let twice = "-db-sqlite1-pool one -db-sqlite1-pool-tables bk_account,bk_auth -db-sqlite2-pool two \
                 -db-sqlite2-pool-tables bk_auth";
    let lost = "-db-lmdb-pool lmdb:///proc/version -db-lmdb-pool-tables bk_auth";
    for (line, named) in [
        ("nosuch", "no table nosuch"),
        ("-pool nosuch", "no pool nosuch"),
        ("-nosuch", "unknown option -nosuch"),
        ("-json maybe", "no table maybe"),
        ("-pool none", "no table is in pool none"),
        ("-db-pool nosuch", "nosuch"),
        ("-db-cache-ttl nosuch", "db-cache-ttl"),
        (lost, "pool lmdb cannot be used"),
        (twice, "table bk_auth is bound to two pools, by db-sqlite1-pool-tables and db-sqlite2-pool-tables"),
        ("-db-sqlite-pool :memory:", "db-sqlite-pool: each process would have a :memory: of its own"),
    ] {
        for tool in ["diff", "apply"] {
            let ran = ends(&home, &format!("{tool} {line}"), 2).await?;
            assert!(ran.stderr.contains(named) && ran.stdout.is_empty(), "{ran:?}");
        }
    }
    ends(&home, "export nosuch", 1).await?;
    ends(&home, "export bk_auth -db-cache-ttl nosuch", 1).await.map(drop)
}

#[tokio::test]
async fn a_program_reads_what_apply_has_done() -> Result<()> {
    let home = Home::new()?;
    let table = account().column(Column::text("latitude"));
    earlier(&home, table, Row::new().with("id", "a1")).await?;
    let ran = ends(&home, "apply -json", 2).await?;
    let lines: Vec<Value> = ran.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let find =
        |text: &str| lines.iter().find(|line| line["text"] == text).with_context(|| format!("{ran:?}"));
    let made = find("table bk_auth created")?;
    assert_eq!((&made["pool"], &made["gravity"]), (&"sqlite".into(), &"change".into()));
    assert_eq!((&made["what"], &made["key"][0]), (&"table".into(), &"login".into()));
    assert!(made["columns"].as_array().is_some_and(|columns| columns.len() > 5), "{made}");
    let added = find("table bk_account column city added")?;
    assert_eq!((&added["what"], &added["column"]), (&"column".into(), &"city".into()));
    assert!(added.get("advice").is_none(), "{added}");
    let problems: Vec<&Value> = lines.iter().filter(|line| line["gravity"] == "problem").collect();
    ensure!(problems.len() == 1 && problems[0]["advice"].is_string(), "{ran:?}");
    // Nothing is left but the problem.
    let ran = ends(&home, "apply -json", 2).await?;
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout)?["what"], "type");
    assert_eq!(ends(&home, "apply bk_auth -json", 0).await?.stdout, "");
    Ok(())
}

#[tokio::test]
async fn an_apply_that_fails_leaves_the_pool_as_it_was() -> Result<()> {
    let home = Home::new()?;
    earlier(&home, Table::new("other").column(Column::text("id").primary()), Row::new().with("id", "a"))
        .await?;
    let file = SqliteOptions::file(home.path().join("var/backend.db"));
    let query = async |text: &str| -> Result<()> {
        let driver = SqliteDriver::open(&file)?;
        driver.query(text.into(), Vec::new()).await?;
        driver.close().await;
        Ok(())
    };
    // Another program's, under the name that is wanted.
    query("create index bk_account_email_index on other (id)").await?;
    let planned = ends(&home, "diff", 1).await?.stdout;
    for line in ["apply", "apply -json"] {
        let ran = ends(&home, line, 2).await?;
        assert!(ran.stdout.is_empty() && ran.stderr.contains("pool sqlite: "), "{ran:?}");
        assert!(ran.stderr.contains("bk_account_email_index"), "{ran:?}");
    }
    assert_eq!(ends(&home, "diff", 1).await?.stdout, planned);
    query("drop index bk_account_email_index").await?;
    assert_eq!(counts(&ends(&home, "apply", 0).await?), planned.lines().next().unwrap_or_default());
    ends(&home, "diff", 0).await.map(drop)
}

#[tokio::test]
async fn a_look_makes_neither_the_home_nor_a_file() -> Result<()> {
    let home = Home::new()?;
    let elsewhere = home.beside("elsewhere/other.lmdb");
    let lmdb = format!("-db-lmdb-pool lmdb://{} -db-lmdb-pool-tables bk_auth", elsewhere.display());
    for line in
        ["diff", "diff -json", &format!("diff {lmdb}"), "diff -db-cache-tables bk_auth -log-file x.log"]
    {
        let ran = ends(&home, line, 1).await?;
        assert!(ran.stdout.contains("table bk_auth is missing"), "{ran:?}");
    }
    let ran = ends(&home, "tables", 0).await?;
    assert!(ran.stdout.contains("bk_account\n"), "{ran:?}");
    assert!(!home.path().exists() && !elsewhere.exists() && !home.beside("elsewhere").exists());
    // One that is half there stays so.
    home.write("etc/config", "")?;
    ends(&home, &format!("diff {lmdb}"), 1).await?;
    let there: Vec<_> = std::fs::read_dir(home.path())?
        .map(|one| one.map(|one| one.file_name()))
        .collect::<Result<_, _>>()?;
    assert_eq!(there, ["etc"]);
    ends(&home, "frob", 1).await.map(drop)
}

#[tokio::test]
async fn a_pool_and_its_tables_are_chosen() -> Result<()> {
    let home = Home::new()?;
    ends(&home, "apply -skip bk_auth", 0).await?;
    let ran = ends(&home, "diff", 1).await?;
    assert!(ran.stdout.contains("table bk_auth is missing") && !ran.stdout.contains("bk_account"), "{ran:?}");
    let lmdb = format!("-db-lmdb-pool lmdb://{}", home.beside("other.lmdb").display());
    let bound = format!("{lmdb} -db-lmdb-pool-tables bk_auth");
    // Each in its own pool, one of them, and a table in a pool that is not its own.
    let ran = ends(&home, &format!("diff {bound}"), 1).await?;
    assert!(ran.stdout.starts_with("pool lmdb: 1 change\n"), "{ran:?}");
    assert!(ran.stdout.ends_with("\npool sqlite: nothing to do\n"), "{ran:?}");
    let ran = ends(&home, &format!("apply {bound} -pool lmdb"), 0).await?;
    assert!(ran.stdout.starts_with("pool lmdb: ") && !ran.stdout.contains("bk_account"), "{ran:?}");
    ends(&home, &format!("diff {bound}"), 0).await?;
    let ran = ends(&home, &format!("apply bk_account {lmdb} -pool lmdb"), 0).await?;
    assert!(ran.stdout.contains("table bk_account created"), "{ran:?}");
    ends(&home, &format!("diff bk_account bk_auth {lmdb} -pool lmdb"), 0).await.map(drop)
}

#[tokio::test]
async fn a_look_at_a_new_home_leaves_its_tables_to_the_server() -> Result<()> {
    let home = Home::new()?;
    ends(&home, "diff", 1).await?;
    let server = Server::start_program(&Program::bkjs()?, &home, &["-server-max-processes", "1"]).await?;
    let form = [("login", "a"), ("secret", "s"), ("name", "A")];
    let added = server.send(Call::post("/account/add").form(&form)).await?;
    assert_eq!(added.status, 200, "{}", added.text());
    ends(&home, "diff", 0).await?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn two_upgrades_and_a_starting_server_do_not_collide() -> Result<()> {
    let home = Home::new()?;
    earlier(&home, account(), Row::new().with("id", "a1").with("name", "Ann")).await?;
    let args = ["-server-max-processes", "1"];
    let (server, first, second) =
        tokio::join!(Server::start(&home, &args), ends(&home, "apply", 0), ends(&home, "apply", 0));
    let (server, first, second) = (server?, first?, second?);
    let told = format!("{}{}{}", server.log(), first.stdout, second.stdout);
    assert_eq!(told.matches("table bk_auth created").count(), 1, "{told}");
    assert_eq!(told.matches("table bk_account column city added").count(), 1, "{told}");
    assert_eq!(ends(&home, "diff", 0).await?.stdout, "pool sqlite: nothing to do\n");
    assert_eq!(record(&home).await?["name"], "Ann");
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
