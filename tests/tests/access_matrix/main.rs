//! Every endpoint as nobody, as a stranger, as the owner and as an administrator: who gets in, and who sees which column.
//!
//! The endpoints are those of `/openapi.json`; what is expected is in `table.rs`. An endpoint without a line there fails.

#![allow(missing_docs)]

mod table;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Reply, Server};
use serde_json::Value;

use table::{Line, TABLE};

/// Who asks, in the order of the statuses of a line, and the letter that stands for each in its columns.
const CALLERS: [(&str, char); 4] = [("", 'n'), ("bob", 's'), ("ann", 'o'), ("root", 'a')];
const SECRET: &str = "wonder";

/// A red image of 7 x 9 pixels, as PNG in base64.
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAJCAIAAABxOqH0AAAAEUlEQVR42mP4z8CAiRiGmCgAhZI-wjjoQgYAAAAASUVORK5CYII";

/// What is put into the places of a line.
struct Caller {
    login: &'static str,
    letter: char,
    /// Its id.
    id: String,
    /// When cal has sent a message to this caller, and one with an image.
    mtime: i64,
    icon: i64,
}

/// A server on which ann, bob, root and cal have accounts, and cal has written to and connected with all of them.
struct Scene {
    server: Server,
    ann: String,
    cal: String,
    callers: Vec<Caller>,
    // After the server, which uses it.
    _home: Home,
}

impl Scene {
    async fn set() -> Result<Self> {
        let home = Home::new()?;
        home.add_admin("root", SECRET).await?;
        let vip = ["-account-add", "login", "ann", "secret", SECRET, "name", "Ann", "type", "vip"];
        let ran =
            home.shell(&[&vip[..], &["email", "ann@mail.com", "birthday", "2000-01-01"]].concat()).await?;
        ensure!(ran.code == Some(0), "{ran:?}");
        let quick = ["-api-subscribe-timeout", "1000", "-api-subscribe-interval", "0"];
        let server = Server::start(&home, &quick).await?;
        for (login, proof) in [("bob", "secret"), ("cal", "secret"), ("pat", "password")] {
            let form = [("login", login), ("name", login), (proof, SECRET)];
            done(&server.send(Call::get("/account/add").query(&form)).await?)?;
        }
        let mut scene =
            Self { server, ann: String::new(), cal: String::new(), callers: Vec::new(), _home: home };
        scene.ann = scene.id("ann").await?;
        scene.cal = scene.id("cal").await?;
        for (login, letter) in CALLERS {
            let nobody = (String::new(), 0, 0);
            let (id, mtime, icon) = if login.is_empty() { nobody } else { scene.prepare(login).await? };
            scene.callers.push(Caller { login, letter, id, mtime, icon });
        }
        Ok(scene)
    }

    async fn id(&self, login: &str) -> Result<String> {
        let account = self.ask(login, "/account/get").await?;
        Ok(done(&account)?["id"].as_str().context("an id")?.to_owned())
    }

    /// Gives an account one of each; tells its id, and the times of the messages that it got.
    async fn prepare(&self, login: &str) -> Result<(String, i64, i64)> {
        let id = self.id(login).await?;
        for uri in [
            "/counter/put?ping=1&msg_read=1",
            "/location/put?latitude=1&longitude=1",
            "/file/put?prefix=p&name=own&data=eA",
            &format!("/icon/put?prefix=p&type=own&descr=d&icon={RED}"),
        ] {
            done(&self.ask(login, uri).await?)?;
        }
        done(&self.ask("cal", &format!("/connection/add?type=friend&peer={id}&status=new")).await?)?;
        let mut times = [0; 2];
        for (time, what) in times.iter_mut().zip(["msg=hi", &format!("icon={RED}")]) {
            let sent = self.ask("cal", &format!("/message/add?id={id}&{what}")).await?;
            *time = done(&sent)?[0]["mtime"].as_i64().context("a time")?;
        }
        Ok((id, times[0], times[1]))
    }

    async fn ask(&self, login: &str, uri: &str) -> Result<Reply> {
        let call = Call::get(uri);
        self.server.send(if login.is_empty() { call } else { call.sign(login, SECRET) }).await
    }

    /// Asks as everybody, and gives what is not as the line says.
    async fn check(&self, line: &Line, documented: &Value) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let access = match line.statuses {
            [417, 401, ..] => "administrator",
            [417, ..] => "account",
            _ => "anybody",
        };
        if documented["x-access"] != access {
            wrong.push(format!("{}: documented for {}", line.path, documented["x-access"]));
        }
        for (caller, expected) in self.callers.iter().zip(line.statuses) {
            let who = if caller.login.is_empty() { "nobody" } else { caller.login };
            let uri = self.filled(line, caller);
            let reply = self.ask(caller.login, &uri).await?;
            let said = format!("{who} {uri}: {} {:.300}", reply.status, reply.text());
            if reply.status != expected {
                wrong.push(format!("{said}, not {expected}"));
            }
            if documented["responses"].get(reply.status.to_string()).is_none() {
                wrong.push(format!("{said}: an undocumented status"));
            }
            for (column, seen_by) in line.columns {
                let shown = reply.status == 200 && holds(&reply.json(), column);
                if shown != seen_by.contains(caller.letter) {
                    let verb = if shown { "shows" } else { "lacks" };
                    wrong.push(format!("{said} {verb} {column}"));
                }
            }
        }
        Ok(wrong)
    }

    fn filled(&self, line: &Line, caller: &Caller) -> String {
        let uri = if line.query.is_empty() { line.path.to_owned() } else { line.query.to_owned() };
        let who = if caller.login.is_empty() { "nobody" } else { caller.login };
        uri.replace("{ann}", &self.ann)
            .replace("{cal}", &self.cal)
            .replace("{who}", who)
            .replace("{own}", &caller.id)
            .replace("{icon}", &caller.icon.to_string())
            .replace("{red}", RED)
            .replace("{mtime}", &caller.mtime.to_string())
    }
}

/// The body of a reply that has to be a success.
fn done(reply: &Reply) -> Result<Value> {
    ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    Ok(reply.json())
}

/// Whether a column has a value anywhere in a reply.
fn holds(reply: &Value, column: &str) -> bool {
    match reply {
        Value::Object(object) => object.iter().any(|(name, value)| {
            let empty = value.is_null() || value == "";
            (name == column && !empty) || holds(value, column)
        }),
        Value::Array(list) => list.iter().any(|value| holds(value, column)),
        _ => false,
    }
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_at_every_endpoint() -> Result<()> {
    let scene = Scene::set().await?;
    let document = done(&scene.ask("", "/openapi.json").await?)?;
    let paths = document["paths"].as_object().context("paths")?;
    let mut wrong = Vec::new();
    for line in TABLE {
        match paths.get(line.path) {
            Some(path) => wrong.extend(scene.check(line, &path["get"]).await?),
            None => wrong.push(format!("{} is not in the document", line.path)),
        }
    }
    let covered: BTreeSet<&str> = TABLE.iter().map(|line| line.path).collect();
    let missing: Vec<&String> = paths.keys().filter(|path| !covered.contains(path.as_str())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        missing.is_empty(),
        "endpoints without a line in tests/tests/access_matrix/table.rs: {missing:?}"
    );
    Ok(())
}
