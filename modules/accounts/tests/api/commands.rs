//! The commands of the shell, as [`Command::run`] runs them.

use bkjs_accounts::Accounts;
use bkjs_api::testing::TestServer;
use bkjs_api::{Command, CommandContext, Options};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

use crate::bench::{SECRETS, setup};

/// A server beside which the commands run, and the commands.
async fn start() -> (TestServer, Vec<Command>) {
    let setup = setup();
    let commands = setup.commands().to_vec();
    (TestServer::start(setup, &[]).await, commands)
}

async fn run((server, commands): &(TestServer, Vec<Command>), line: &str) -> Result<Row> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let command = commands.iter().find(|c| words[0] == format!("-{}", c.name)).expect("a command");
    let args = command.args(&words[1..])?;
    match command.run(CommandContext { api: server.api.clone() }, args).await? {
        Value::Map(row) => {
            assert!(SECRETS.iter().all(|name| !row.contains(name)), "{line}: a secret is shown");
            Ok(row)
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(result: &Result<Row>, message: &str) {
    assert_eq!(result.as_ref().map_err(Error::message), Err(message));
}

#[tokio::test]
async fn an_operator_adds_accounts_of_any_type_that_can_sign_in() {
    let bench = start().await;
    let admin =
        run(&bench, "-account-add login admin secret adm1Secret name Admin type admin").await.unwrap();
    assert_eq!((admin.text("type"), admin.text("id").len()), ("admin", 32));
    run(&bench, "-account-add login üser secret s€cret name User").await.unwrap();
    run(&bench, "-account-add login pw password pw1 name P").await.unwrap();
    let server = &bench.0;
    let auth = server.get("/auth").sign("admin", "adm1Secret").send().await;
    assert_eq!(auth.json()["type"], "admin");
    assert_eq!(server.get("/auth").sign("üser", "s€cret").send().await.status, 200);
    assert_eq!(server.get("/login?login=pw&password=pw1").send().await.status, 200);

    run(&bench, "-account-add login otp1 secret sec1 auth_secret otp name Otp").await.unwrap();
    assert_eq!(server.get("/auth").sign("otp1", "sec1").send().await.status, 401);
    assert_eq!(server.get("/auth").sign("otp1", "sec1:otp").send().await.status, 200);
}

#[tokio::test]
async fn mistakes_are_told_and_add_nothing() {
    let bench = start().await;
    run(&bench, "-account-add login a secret s name A").await.unwrap();
    refused(&run(&bench, "-account-add login b secret s").await, "name is required");
    refused(&run(&bench, "-account-add login b name").await, "name has no value");
    refused(&run(&bench, "-account-get login b").await, "no account with login b");
    refused(&run(&bench, "-account-get id b").await, "no account with id b");
    refused(&run(&bench, "-account-del name A").await, "login or id is required");
    refused(&run(&bench, "-account-del login a id b").await, "give login or id, not both");
    refused(&run(&bench, "-account-del login a name B").await, "unknown argument name, give login or id");
    refused(&run(&bench, "-account-update city Rome").await, "login or id is required");
    let twice = run(&bench, "-account-add login a secret s name A").await.unwrap_err();
    assert_eq!(
        (twice.status(), twice.log_text().as_str()),
        (409, "login a exists already, choose another one")
    );
    assert_eq!(run(&bench, "-account-get login a").await.unwrap().text("name"), "A");
}

#[tokio::test]
async fn names_that_are_no_columns_are_refused_with_the_nearest_one_and_change_nothing() {
    let bench = start().await;
    for (line, message) in [
        (
            "-account-add login a secret s name A emial a@b.com",
            "an account has no column emial, did you mean email?",
        ),
        ("-account-add login a secret s name A colour red", "an account has no column colour"),
        ("-account-add login a secret s name A city_$set Rome", "an account has no column city_$set"),
        ("-account-add login a secret s name A id x", "id cannot be given: the server makes it"),
        (
            "-account-add login a secret s name A token_secret x",
            "token_secret cannot be given: the server makes it",
        ),
        (
            "-account-add login a secret s name A session_secret x",
            "session_secret cannot be given: the server makes it",
        ),
        ("-account-add login a secret s name A age 7", "age cannot be given: the server makes it"),
    ] {
        refused(&run(&bench, line).await, message);
    }
    refused(&run(&bench, "-account-get login a").await, "no account with login a");

    let before = run(&bench, "-account-add login a secret s name A").await.unwrap();
    for (line, message) in [
        (
            "-account-update login a city Rome naem B secret s2",
            "an account has no column naem, did you mean name?",
        ),
        ("-account-update login a city Rome ctime 5", "ctime cannot be given: the server makes it"),
        ("-account-update login a session_secret x", "session_secret cannot be given: the server makes it"),
        (
            "-account-update login a city Rome secret s2 phone call",
            "phone must be a phone number of 3 to 15 digits",
        ),
    ] {
        refused(&run(&bench, line).await, message);
    }
    let after = run(&bench, "-account-get login a").await.unwrap();
    assert_eq!((after.text("city"), after.int("mtime")), ("", before.int("mtime")));
    assert_eq!(bench.0.get("/auth").sign("a", "s").send().await.status, 200, "the secret is the old one");
}

#[tokio::test]
async fn an_account_is_found_by_login_and_by_id() {
    let bench = start().await;
    let added = run(&bench, "-account-add login a secret s name A city Rome").await.unwrap();
    let by_id = run(&bench, &format!("-account-get id {}", added.text("id"))).await.unwrap();
    assert_eq!(by_id, run(&bench, "-account-get login a").await.unwrap());
    assert_eq!(by_id.text("city"), "Rome");
}

#[tokio::test]
async fn columns_of_every_kind_can_be_updated() {
    let bench = start().await;
    run(&bench, "-account-add login a secret s name A").await.unwrap();
    let row = run(&bench, "-account-update login a city Rome type editor secret s2").await.unwrap();
    assert_eq!((row.text("city"), row.text("type")), ("Rome", "editor"));
    let server = &bench.0;
    assert_eq!(server.get("/auth").sign("a", "s2").send().await.status, 200);
    run(&bench, "-account-update login a password pw1").await.unwrap();
    assert_eq!(server.get("/login?login=a&password=pw1").send().await.status, 200);
    run(&bench, "-account-update login a secret s3 auth_secret otp").await.unwrap();
    assert_eq!(server.get("/auth").sign("a", "s3").send().await.status, 401);
    assert_eq!(server.get("/auth").sign("a", "s3:otp").send().await.status, 200);
}

#[tokio::test]
async fn a_removed_account_is_gone() {
    let bench = start().await;
    let added = run(&bench, "-account-add login a secret s name A").await.unwrap();
    run(&bench, &format!("-account-del id {}", added.text("id"))).await.unwrap();
    assert_eq!(bench.0.get("/auth").sign("a", "s").send().await.status, 404);
    refused(&run(&bench, "-account-del login a").await, "no account with login a");
}

#[tokio::test]
async fn what_is_left_of_a_removal_goes_without_harm_to_who_has_the_login_now() {
    let bench = start().await;
    let old = run(&bench, "-account-add login a secret s name Old").await.unwrap();
    let api = &bench.0.api;
    api.db().del("bk_auth", "a", &Options::new()).await.expect("removes");
    let new = run(&bench, "-account-add login a secret s name New").await.unwrap();
    refused(
        &run(&bench, &format!("-account-get id {}", old.text("id"))).await,
        &format!("no account with id {}", old.text("id")),
    );
    run(&bench, &format!("-account-del id {}", old.text("id"))).await.unwrap();
    assert_eq!(run(&bench, "-account-get login a").await.unwrap().text("name"), "New");
    let accounts = Accounts::of(api);
    assert!(accounts.half_removed(old.text("id")).await.unwrap().is_none());
    assert!(accounts.by_id(new.text("id")).await.unwrap().is_some());
}
