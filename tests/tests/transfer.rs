//! `bkjs db export`, `import` and `copy`, as an operator runs them: between homes, products and files, cut off in
//! the middle, and with lines that are wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Ran, Server, wait};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// The table that these tests fill; nothing but its key is needed.
const TABLE: &str = "bk_account";

/// Runs a tool that must succeed; gives what it reported of its only table.
async fn run(home: &Home, line: &str) -> Result<Value> {
    let ran = home.db(&line.split(' ').collect::<Vec<_>>()).await?;
    ensure!(ran.code == Some(0), "{line}: {ran:?}");
    serde_json::from_str(&ran.stdout).with_context(|| format!("{line} reports no JSON: {ran:?}"))
}

/// Runs a tool that must fail.
async fn fail(home: &Home, line: &str) -> Result<Ran> {
    let ran = home.db(&line.split(' ').collect::<Vec<_>>()).await?;
    ensure!(ran.code == Some(1), "{line}: {ran:?}");
    Ok(ran)
}

/// The counts of a report: records, stored, kept, absent, failed, missing.
fn counts(report: &Value) -> [i64; 6] {
    ["records", "stored", "kept", "absent", "failed", "missing"]
        .map(|name| report[name].as_i64().unwrap_or(-1))
}

/// Writes lines beside the home.
fn lines(home: &Home, name: &str, lines: impl IntoIterator<Item = String>) -> Result<()> {
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    fs::write(home.beside(name), text).context(name.to_owned())
}

/// Records in the order of their keys.
fn many(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| json!({"id": format!("a{n:06}"), "name": format!("n{n}"), "mtime": n}).to_string())
}

fn read(home: &Home, name: &str) -> Result<String> {
    fs::read_to_string(home.beside(name)).with_context(|| name.to_owned())
}

/// The export of a table, from a pool or the table's own.
async fn exported(home: &Home, more: &str) -> Result<String> {
    run(home, &format!("export {TABLE} -path out.json{more}")).await?;
    read(home, "out.json")
}

fn lmdb(home: &Home) -> String {
    format!("-db-lmdb-pool lmdb://{}", home.beside("copy.lmdb").display())
}

#[tokio::test]
async fn records_go_to_another_product_and_back_unchanged() -> Result<()> {
    let home = Home::new()?;
    let texts = ["", " q'uo\"te;-- ", "l1\nl2\r\t", "\u{1}\u{2028}💥é", "\\u0041", "a,b|c%_"];
    let records = texts.iter().enumerate().map(|(n, text)| {
        json!({
            "id": format!("k,{n}"), "name": text, "status": null, "mtime": ([i64::MAX, i64::MIN, 0])[n % 3],
            "latitude": ([0.1, 5e-324, f64::MIN, 1e23, 0.1 + 0.2, 2.0])[n],
            "ltime": -1, "email": "Not An Email",
        })
        .to_string()
    });
    lines(&home, "in.json", records.chain([json!({"id": "only"}).to_string()]))?;
    let report = run(&home, &format!("import {TABLE} -path in.json")).await?;
    assert_eq!(counts(&report), [7, 7, 0, 0, 0, 0]);

    let first = exported(&home, "").await?;
    let parsed: Vec<Value> = first.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for (line, record) in read(&home, "in.json")?.lines().zip(&parsed) {
        let given: Value = serde_json::from_str(line)?;
        for (name, value) in given.as_object().context("an object")? {
            assert_eq!(&record[name], value, "{line}");
        }
    }
    let lmdb = lmdb(&home);
    let report =
        run(&home, &format!("copy {TABLE} --from sqlite --to lmdb {lmdb} -db-create-tables")).await?;
    assert_eq!((&report["from"], counts(&report)), (&json!("sqlite"), [7, 7, 0, 0, 0, 0]));
    assert_eq!(exported(&home, &format!(" -pool lmdb {lmdb}")).await?, first);

    let other = Home::new()?;
    fs::copy(home.beside("out.json"), other.beside("back.json"))?;
    run(&other, &format!("import {TABLE} -path back.json -batch 2")).await?;
    assert_eq!(exported(&other, " -batch 3").await?, first);
    let back = run(&home, &format!("copy {TABLE} -from lmdb -to sqlite {lmdb} -op add")).await?;
    assert_eq!(counts(&back), [7, 0, 7, 0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn accounts_move_to_another_home_with_their_secrets() -> Result<()> {
    let home = Home::new()?;
    home.add_admin("admin", "adm1Secret").await?;
    let ran = home.db(&["export", "-path", "all/"]).await?;
    ensure!(ran.code == Some(0), "{ran:?}");
    assert!(!ran.text().contains("adm1Secret"), "{ran:?}");
    for name in ["all/bk_auth.json", "all/bk_account.json"] {
        let mode = fs::metadata(home.beside(name))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(home.beside("all"))?.permissions().mode() & 0o777, 0o700);
    for (some, words) in [("skip", ["-skip", "BK_ACCOUNT"]), ("tables", ["-tables", "bk_auth"])] {
        let ran = home.db(&["export", "-path", &format!("{some}/"), words[0], words[1]]).await?;
        ensure!(ran.code == Some(0), "{ran:?}");
        let exported = |table: &str| home.beside(&format!("{some}/{table}.json")).exists();
        assert_eq!((exported("bk_auth"), exported("bk_account")), (true, false), "{some}");
    }

    let other = Home::new()?;
    let all = home.beside("all");
    let files = fs::read_dir(&all)?.count();
    let ran = other.db(&["import", "-path", all.to_str().context("a path")?]).await?;
    // A line for each table.
    ensure!(ran.code == Some(0) && ran.stdout.lines().count() == files, "{ran:?}");
    let server = Server::start(&other, &["-server-max-processes", "1"]).await?;
    let reply = server.send(Call::get("/account/get").sign("admin", "adm1Secret")).await?;
    assert_eq!((reply.status, &reply.json()["type"]), (200, &json!("admin")), "{}", reply.text());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

/// Runs a tool that is killed twice while it works, each time after it has noted how far it is, and then resumes to
/// its end; gives its report.
async fn cut_off(home: &Home, line: &str, note: &Path) -> Result<Value> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut before = None;
    for more in [&["-batch", "1"][..], &["-batch", "1", "-resume"]] {
        let mut child = home.db_command(&[&words[..], more].concat())?.spawn()?;
        let noted = || async { fs::read(note).ok().filter(|now| before.as_ref() != Some(now)) };
        wait::until(Duration::from_secs(30), "a note", noted).await?;
        child.start_kill()?;
        ensure!(!child.wait().await?.success() && note.exists(), "it has ended before it could be killed");
        before = Some(fs::read(note)?);
    }
    let ran = home.db(&[&words[..], &["-resume"]].concat()).await?;
    ensure!(ran.code == Some(0), "{line}: {ran:?}");
    let before = ran.stderr.split("going on after ").nth(1).and_then(|rest| rest.split(' ').next());
    let before: usize = before.with_context(|| format!("{ran:?}"))?.parse()?;
    ensure!((1..MANY).contains(&before), "{ran:?}");
    ensure!(!note.exists(), "the note of a finished run is left");
    serde_json::from_str(&ran.stdout).with_context(|| format!("{ran:?}"))
}

/// So many records that a run of one at a time cannot end before it is killed.
const MANY: usize = 20_000;

#[tokio::test]
async fn an_export_that_was_killed_goes_on_and_is_whole() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(MANY))?;
    run(&home, &format!("import {TABLE} -path in.json")).await?;
    let whole = exported(&home, "").await?;

    let note = home.beside("part.json.resume");
    let report = cut_off(&home, &format!("export {TABLE} -path part.json"), &note).await?;
    assert_eq!(report["records"], json!(MANY));
    assert_eq!(read(&home, "part.json")?, whole);
    assert!(!home.beside("part.json.part").exists());
    Ok(())
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_and_loses_and_doubles_nothing() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(MANY))?;
    let note = home.path().join(format!("var/import-{TABLE}-own.json"));
    let report = cut_off(&home, &format!("import {TABLE} -path in.json"), &note).await?;
    assert_eq!(counts(&report), [MANY as i64, MANY as i64, 0, 0, 0, 0]);

    let out = exported(&home, "").await?;
    let names = out.lines().map(|line| -> Result<_> {
        let record: Value = serde_json::from_str(line)?;
        Ok(json!({"id": record["id"], "name": record["name"], "mtime": record["mtime"]}).to_string())
    });
    assert!(names.collect::<Result<Vec<_>>>()?.into_iter().eq(many(MANY)));
    Ok(())
}

#[tokio::test]
async fn a_copy_that_was_killed_goes_on_and_is_equal() -> Result<()> {
    let home = Home::new()?;
    let lmdb = lmdb(&home);
    lines(&home, "in.json", many(MANY))?;
    run(&home, &format!("import {TABLE} -path in.json")).await?;
    let note = home.path().join(format!("var/copy-{TABLE}-sqlite-lmdb.json"));
    let line = format!("copy {TABLE} -from sqlite -to lmdb {lmdb} -db-create-tables");
    let report = cut_off(&home, &line, &note).await?;
    assert_eq!(counts(&report), [MANY as i64, MANY as i64, 0, 0, 0, 0]);
    let there = exported(&home, &format!(" -pool lmdb {lmdb}")).await?;
    assert!(exported(&home, "").await? == there, "the copy differs");
    Ok(())
}

#[tokio::test]
async fn what_has_changed_is_not_resumed() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(MANY))?;
    let note = home.path().join(format!("var/import-{TABLE}-own.json"));
    let mut child = home.db_command(&["import", TABLE, "-path", "in.json", "-batch", "1"])?.spawn()?;
    wait::until(Duration::from_secs(30), "the first note", || async { note.exists().then_some(()) }).await?;
    child.kill().await?;

    let other_way = fail(&home, &format!("import {TABLE} -path in.json -op add -resume")).await?;
    assert!(other_way.stderr.contains("start without -resume"), "{other_way:?}");
    lines(&home, "in.json", many(3))?;
    let changed = fail(&home, &format!("import {TABLE} -path in.json -resume")).await?;
    assert!(changed.stderr.contains("start without -resume"), "{changed:?}");
    assert_eq!(counts(&run(&home, &format!("import {TABLE} -path in.json")).await?), [3, 3, 0, 0, 0, 0]);
    let ran = home.db(&["import", TABLE, "-path", "in.json", "-resume"]).await?;
    assert!(ran.code == Some(0) && ran.stderr.contains("nothing to resume"), "{ran:?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_line_is_named_with_its_place() -> Result<()> {
    let home = Home::new()?;
    let good = |id: &str| json!({"id": id, "name": "n"}).to_string();
    let all = [
        good("a1"),
        r#"{"id":"é","mtime":"x"}"#.into(),
        String::new(),
        r#"{"id":"a2","#.into(),
        r#"{"id":"a3","nosuch":1}"#.into(),
        r#"{"name":"no key"}"#.into(),
        good("a4"),
    ];
    lines(&home, "in.json", all)?;
    let stopped = fail(&home, &format!("import {TABLE} -path in.json -batch 1")).await?;
    assert!(stopped.stderr.contains("in.json:2:19: mtime must be an integer"), "{stopped:?}");
    assert!(stopped.stderr.contains("stopped at line 2 of in.json"), "{stopped:?}");
    assert!(stopped.stdout.is_empty(), "{stopped:?}");
    assert_eq!(exported(&home, "").await?.lines().count(), 1);

    let more = fail(&home, &format!("import {TABLE} -path in.json -max-errors 2")).await?;
    assert!(more.stderr.contains("in.json:5:21: table bk_account has no column nosuch"), "{more:?}");
    assert!(!more.stderr.contains("in.json:6"), "{more:?}");
    // The lines of the batch that were right are stored.
    assert_eq!(exported(&home, "").await?.lines().count(), 2);

    let all = fail(&home, &format!("import {TABLE} -path in.json --continue")).await?;
    for part in ["in.json:2:19: ", "in.json:4:11: ", "in.json:5:21: ", "in.json:6: no value for id"] {
        assert!(all.stderr.contains(part), "{part}: {all:?}");
    }
    assert!(all.stderr.contains("4 of 6 records were not stored"), "{all:?}");
    assert_eq!(counts(&serde_json::from_str(&all.stdout)?), [6, 2, 0, 0, 4, 0]);
    let ids = exported(&home, "").await?;
    assert!(ids.lines().count() == 2 && ids.contains("a1") && ids.contains("a4"), "{ids}");
    Ok(())
}

#[tokio::test]
async fn records_that_are_there_are_replaced_kept_or_updated() -> Result<()> {
    let home = Home::new()?;
    let value = async |name: &str| -> Result<Value> {
        let out = exported(&home, "").await?;
        Ok(serde_json::from_str::<Value>(out.lines().next().context("a record")?)?[name].clone())
    };
    lines(&home, "old.json", [json!({"id": "a1", "name": "old", "city": "Rome", "mtime": 5}).to_string()])?;
    lines(
        &home,
        "new.json",
        ["a1", "a2"].map(|id| json!({"id": id, "name": "new", "mtime": 5}).to_string()),
    )?;
    lines(
        &home,
        "newer.json",
        ["a1", "a3"].map(|id| json!({"id": id, "name": "newer", "mtime": 6}).to_string()),
    )?;
    run(&home, &format!("import {TABLE} -path old.json")).await?;

    let kept = run(&home, &format!("import {TABLE} -path new.json -op add")).await?;
    assert_eq!((counts(&kept), value("name").await?), ([2, 1, 1, 0, 0, 0], json!("old")));
    let older = run(&home, &format!("import {TABLE} -path new.json -incremental mtime")).await?;
    assert_eq!((counts(&older), value("name").await?), ([2, 0, 2, 0, 0, 0], json!("old")));
    let updated = fail(&home, &format!("import {TABLE} -path newer.json -op update")).await?;
    assert_eq!(counts(&serde_json::from_str(&updated.stdout)?), [2, 1, 0, 1, 0, 1]);
    assert!(updated.stderr.contains("1 of 2 records are not there to be updated"), "{updated:?}");
    assert_eq!((value("name").await?, value("city").await?), (json!("newer"), json!("Rome")));
    let put = run(&home, &format!("import {TABLE} -path newer.json")).await?;
    assert_eq!((counts(&put), value("city").await?), ([2, 2, 0, 0, 0, 0], Value::Null));

    let lmdb = lmdb(&home);
    let copy = format!("copy {TABLE} -from sqlite -to lmdb {lmdb} -db-create-tables -incremental mtime");
    assert_eq!(counts(&run(&home, &copy).await?), [3, 3, 0, 0, 0, 0]);
    lines(&home, "one.json", [json!({"id": "a2", "name": "newest", "mtime": 9}).to_string()])?;
    run(&home, &format!("import {TABLE} -path one.json")).await?;
    assert_eq!(counts(&run(&home, &copy).await?), [3, 1, 2, 0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn records_of_others_are_converted_and_completed() -> Result<()> {
    let home = Home::new()?;
    let foreign = json!({"id": 7, "fullname": "N", "email": " A@B.com ", "mtime": "1", "nosuch": 1});
    lines(&home, "in.json", [foreign.to_string(), json!({"id": "bad", "fullname": ""}).to_string()])?;
    let line = format!("import {TABLE} -path in.json -mapping fullname,name -convert -continue");
    let ran = fail(&home, &line).await?;
    assert!(ran.stderr.contains("in.json:2: name must not be empty"), "{ran:?}");
    assert_eq!(counts(&serde_json::from_str(&ran.stdout)?), [2, 1, 0, 0, 1, 0]);
    let stored: Value = serde_json::from_str(exported(&home, "").await?.trim())?;
    assert_eq!(
        (&stored["id"], &stored["name"], &stored["email"]),
        (&json!("7"), &json!("N"), &json!("a@b.com"))
    );
    assert!(stored["ctime"].as_i64() > Some(0) && stored["mtime"].as_i64() > Some(1), "{stored}");
    let again = format!("import {TABLE} -path in.json -mapping fullname,name -convert -continue -op add");
    assert_eq!(counts(&serde_json::from_str(&fail(&home, &again).await?.stdout)?), [2, 0, 1, 0, 1, 0]);
    Ok(())
}

#[tokio::test]
async fn standard_output_and_input_take_part_of_a_table() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(10))?;
    run(&home, &format!("import {TABLE} -path in.json")).await?;
    let ran =
        home.db(&["export", TABLE, "-path", "-", "-filter", r#"{"mtime_$ge":7}"#, "-batch", "2"]).await?;
    ensure!(ran.code == Some(0), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:?}");

    let other = Home::new()?;
    let mut command = other.db_command(&["import", TABLE, "-path", "-"])?;
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("an input")?;
    input.write_all(ran.stdout.as_bytes()).await?;
    drop(input);
    let out = child.wait_with_output().await?;
    ensure!(out.status.success(), "{out:?}");
    assert_eq!(counts(&serde_json::from_slice(&out.stdout)?), [3, 3, 0, 0, 0, 0]);
    assert_eq!(exported(&other, "").await?, ran.stdout);
    // A new home has all its tables, whichever command comes first.
    let told = other.db(&["diff"]).await?;
    assert!(told.code == Some(0) && told.stdout.contains("nothing to do"), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_failure() -> Result<()> {
    let home = Home::new()?;
    for line in [["tables"].as_slice(), &["apply"], &["diff"], &["export", "-path", "all/"]] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let mut command = home.db_command(line)?;
        let child = command.stdout(writer).spawn()?;
        // It has the only other end of the pipe now.
        drop(command);
        let out = child.wait_with_output().await?;
        ensure!(out.status.code() == Some(0), "{line:?}: {out:?}");
    }
    assert!(home.beside("all/bk_auth.json").exists() && home.beside("all/bk_account.json").exists());
    Ok(())
}

#[tokio::test]
async fn an_export_whose_reader_goes_early_says_so_and_is_not_taken_for_whole() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(3))?;
    run(&home, &format!("import {TABLE} -path in.json")).await?;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let mut command = home.db_command(&["export", TABLE, "-path", "-"])?;
    let child = command.stdout(writer).spawn()?;
    drop(command);
    let out = child.wait_with_output().await?;
    let told = String::from_utf8_lossy(&out.stderr);
    let end = told.lines().last().unwrap_or_default();
    assert!(end.starts_with("bkjs: cannot write to standard output"), "{out:?}");
    assert!(out.status.code() == Some(1) && !told.contains("panicked"), "{out:?}");
    Ok(())
}

#[tokio::test]
async fn a_difference_ends_with_an_error() -> Result<()> {
    let home = Home::new()?;
    lines(&home, "in.json", many(3))?;
    run(&home, &format!("import {TABLE} -path in.json")).await?;
    // The pool none takes every write and has nothing afterwards.
    let lost = fail(&home, &format!("copy {TABLE} -from sqlite -to none")).await?;
    assert!(lost.stderr.contains("3 of 3 records are not there"), "{lost:?}");
    assert_eq!(counts(&serde_json::from_str(&lost.stdout)?)[5], 3);
    run(&home, &format!("copy {TABLE} -from sqlite -to none -no-verify")).await?;
    let lost = fail(&home, &format!("import {TABLE} -path in.json -pool none")).await?;
    assert!(lost.stderr.contains("3 of 3 records are not there"), "{lost:?}");
    Ok(())
}

#[tokio::test]
async fn mistakes_are_named_and_nothing_is_written() -> Result<()> {
    let home = Home::new()?;
    let lmdb = lmdb(&home);
    lines(&home, "in.json", many(3))?;
    for (line, message) in [
        ("frob".to_owned(), "db has no frob"),
        ("export nosuch".into(), "no table nosuch, there are: "),
        ("export".into(), "-path"),
        (format!("export {TABLE} -pool nosuch"), "no pool nosuch: set db-nosuch-pool"),
        (format!("export {TABLE} -filter [1]"), "-filter must be a JSON object"),
        (format!("export {TABLE} bk_auth -path file"), "several tables need a folder"),
        (format!("copy {TABLE} -from sqlite"), "-to POOL is needed"),
        (format!("copy {TABLE} -from sqlite -to sqlite"), "cannot be copied to itself"),
        (format!("copy {TABLE} -from sqlite -to nosuch"), "no pool nosuch"),
        (format!("import {TABLE} -path in.json -op del"), "-op must be put, add or update"),
        (format!("import {TABLE} -path in.json -pool lmdb {lmdb} -continue"), "run with -db-create-tables"),
        (format!("import {TABLE} -path missing.json"), "missing.json"),
    ] {
        let ran = fail(&home, &line).await?;
        assert!(ran.stderr.contains(message) && ran.stdout.is_empty(), "{line}: {ran:?}");
    }
    assert_eq!(exported(&home, " -db-create-tables").await?, "");
    Ok(())
}
