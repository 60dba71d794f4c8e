//! The one-shot commands on accounts, as an operator runs them: before, while and after a server runs.

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Program, Server, free_port};
use serde_json::Value;

/// Runs a command that must succeed; gives what it printed.
async fn run(home: &Home, line: &str) -> Result<Value> {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = home.shell(&words).await?;
    ensure!(ran.code == Some(0), "{line}: {ran:?}");
    for secret in ["s€cret", "adm1Secret", "sec1", "\"secret\"", "token_secret", "argon2"] {
        ensure!(!ran.text().contains(secret), "{line} shows a secret: {ran:?}");
    }
    serde_json::from_str(&ran.stdout).with_context(|| format!("{line} prints no JSON: {ran:?}"))
}

/// Runs a command that must fail; gives what it reported.
async fn fail(home: &Home, line: &str) -> Result<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = home.shell(&words).await?;
    ensure!(ran.code == Some(1) && ran.stdout.is_empty(), "{line}: {ran:?}");
    Ok(ran.stderr)
}

async fn auth(server: &Server, login: &str, secret: &str) -> Result<Value> {
    let reply = server.send(Call::get("/auth").sign(login, secret)).await?;
    ensure!(reply.status == 200, "{login}: {} {}", reply.status, reply.text());
    Ok(reply.json())
}

#[tokio::test]
async fn accounts_made_before_the_server_can_sign_in() -> Result<()> {
    let home = Home::new()?;
    run(&home, "-db-create-tables -account-add login admin secret adm1Secret name Admin type admin").await?;
    run(&home, "-account-add login plain secret plain1 name Plain").await?;
    run(&home, "-account-add login otp1 secret sec1 auth_secret otp name Otp").await?;
    run(&home, "-account-add login üser secret s€cret name User").await?;

    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    assert_eq!(auth(&server, "admin", "adm1Secret").await?["type"], "admin");
    assert_eq!(auth(&server, "plain", "plain1").await?["type"], Value::Null);
    assert_eq!(auth(&server, "üser", "s€cret").await?["login"], "üser");
    // The second part of the key stands behind a colon.
    assert_eq!(auth(&server, "otp1", "sec1:otp").await?["login"], "otp1");
    let half = server.send(Call::get("/auth").sign("otp1", "sec1")).await?;
    assert_eq!(half.status, 401, "{}", half.text());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_running_server_sees_what_the_shell_does_at_once() -> Result<()> {
    sees_what_the_shell_does(&[]).await
}

#[tokio::test]
async fn a_running_server_that_keeps_rows_sees_what_the_shell_does_at_once() -> Result<()> {
    // The shell does not know which tables these are.
    sees_what_the_shell_does(&["-db-cache-tables", "bk_auth,bk_account", "-db-cache-ttl", "1h"]).await
}

async fn sees_what_the_shell_does(args: &[&str]) -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[&["-server-max-processes", "2"], args].concat()).await?;
    let added = run(&home, "-account-add login üser secret s€cret name User city Rome").await?;
    assert_eq!(added["login"], "üser");
    assert_eq!(auth(&server, "üser", "s€cret").await?["id"], added["id"]);
    assert_eq!(run(&home, "-account-get login üser").await?["city"], "Rome");

    let changed = run(&home, "-account-update login üser secret other type admin city Oslo").await?;
    assert_eq!((&changed["type"], &changed["city"]), (&"admin".into(), &"Oslo".into()));
    let old = server.send(Call::get("/auth").sign("üser", "s€cret")).await?;
    assert_eq!(old.status, 401, "{}", old.text());
    assert_eq!(auth(&server, "üser", "other").await?["type"], "admin");

    let update = Call::get("/account/update?city=Bern").sign("üser", "other");
    assert_eq!(server.send(update).await?.status, 200);
    let id = added["id"].as_str().context("an id")?;
    assert_eq!(run(&home, &format!("-account-get id {id}")).await?["city"], "Bern");

    run(&home, "-account-del login üser").await?;
    let gone = server.send(Call::get("/auth").sign("üser", "other")).await?;
    assert_eq!(gone.status, 404, "{}", gone.text());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_shell_finds_the_server_of_its_home_wherever_that_listens() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    run(&home, "-account-add login a secret s name A").await?;
    let own = run(&home, "-send-request /account/get -login a -secret s").await?;
    assert_eq!(own["login"], "a");
    // Who says where it is means no other.
    let port = free_port()?;
    let told = fail(&home, &format!("-port {port} -send-request /account/get -login a -secret s")).await?;
    assert!(told.contains(&format!("cannot reach 127.0.0.1:{port}")), "{told}");
    let elsewhere = Home::new()?;
    let line = format!("-port {} -send-request /account/get -login a -secret s", server.port);
    assert_eq!(run(&elsewhere, &line).await?["login"], "a");
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_cannot_be_written_is_an_error_and_one_that_nobody_wants_is_none() -> Result<()> {
    let home = Home::new()?;
    let program = Program::bkjs()?;
    let program = program.path().to_str().context("a path")?;
    let sh = async |line| home.run("/bin/sh".as_ref(), &["-c", line, program]).await;
    let full = sh("\"$0\" help params >/dev/full").await?;
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.starts_with("bkjs: cannot write the answer"), "{full:?}");
    let gone = sh("\"$0\" help params | true").await?;
    assert_eq!((gone.code, gone.text().as_str()), (Some(0), ""), "{gone:?}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_once() -> Result<()> {
    let home = Home::new()?;
    let url = format!("http://127.0.0.1:{}/ping", free_port()?);
    let report = fail(&home, &format!("-send-request {url}")).await?;
    assert_eq!(report.matches("refused").count(), 1, "{report}");
    assert!(report.starts_with("bkjs: cannot reach 127.0.0.1:"), "{report}");
    Ok(())
}

#[tokio::test]
async fn an_empty_value_empties_a_column() -> Result<()> {
    let home = Home::new()?;
    run(&home, "-account-add login a secret s name A type editor city Rome").await?;
    for column in ["type", "city"] {
        let ran = home.shell(&["-account-update", "login", "a", column, ""]).await?;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let account = run(&home, "-account-get login a").await?;
    assert_eq!(
        (&account["type"], &account["city"], &account["name"]),
        (&Value::Null, &Value::Null, &"A".into())
    );
    Ok(())
}

#[tokio::test]
async fn a_mistake_ends_with_an_error_and_changes_nothing() -> Result<()> {
    let home = Home::new()?;
    let before = run(&home, "-account-add login a secret s name A").await?;
    for (line, message) in [
        ("-account-add login a secret s name B", "bkjs: login a exists already, choose another one\n"),
        ("-account-add login b secret s name B emial b@b.com", "no column emial, did you mean email?"),
        ("-account-update login a naem B", "no column naem, did you mean name?"),
        ("-account-update login a name B phone call", "phone must be a phone number"),
        ("-account-add login b secret s", "name is required"),
        ("-account-add login b secret s name", "name has no value"),
        ("-account-get login b", "no account with login b"),
        ("-account-del id b", "no account with id b"),
        ("-account-update city Rome", "login or id is required"),
        ("-account-frob login a", "bkjs: unknown command -account-frob, see help commands\n"),
        ("-account-ad login a", "bkjs: unknown command -account-ad, did you mean -account-add?\n"),
        ("account-get login a", "bkjs: unknown command account-get, did you mean -account-get?\n"),
        ("foo", "bkjs: unknown command foo, see help commands\n"),
        ("-account-update login a", "there is nothing to change"),
        ("-send-request", "-send-request needs a path or a url"),
        ("-send-request -login a", "-send-request needs a path or a url"),
        ("-send-request account/get", "account/get: a path starts with /, a url with http://"),
        ("-send-request https://a.com/", "only http is spoken here"),
    ] {
        let report = fail(&home, line).await?;
        assert!(report.contains(message), "{line}: {report}");
    }
    for (words, message) in [
        (&["-send-request", "/a b"][..], "/a b: there is a space in it, write %20"),
        (&["-send-request", ""], "-send-request needs a path or a url"),
        (
            &["-send-request", "/ping", "-backend-host", "https://a.com"],
            "backend-host https://a.com: only http",
        ),
    ] {
        let ran = home.shell(words).await?;
        assert!(ran.code == Some(1) && ran.stderr.contains(message), "{words:?}: {ran:?}");
    }
    let after = run(&home, "-account-get login a").await?;
    assert_eq!((&after["name"], &after["mtime"]), (&"A".into(), &before["mtime"]));
    Ok(())
}

#[tokio::test]
async fn explanations_touch_no_folder_and_a_home_without_a_name_is_refused() -> Result<()> {
    let home = Home::new()?;
    let program = Program::bkjs()?;
    let folder = home.path();
    let path = folder.to_str().context("the home is no text")?;
    for words in [&["help"][..], &["help", "params", "port"], &["help", "commands"], &["version"], &["-help"]]
    {
        let ran = home.run(program.path(), &[words, &["-home", path]].concat()).await?;
        assert!(ran.code == Some(0) && !ran.stdout.is_empty(), "{words:?}: {ran:?}");
        assert!(!folder.exists(), "{words:?} makes the home");
    }
    for words in
        [&["run", "-home", ""][..], &["shell", "-home=", "-account-get", "login", "a"], &["help", "-home"]]
    {
        let ran = home.run(program.path(), words).await?;
        assert!(ran.code == Some(1) && ran.stderr.contains("-home names no folder"), "{words:?}: {ran:?}");
    }
    Ok(())
}
