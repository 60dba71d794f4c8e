//! Waiting for events of an account, on a server of several processes.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Program, Server, wait};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than anything here may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(40);
const USUAL: [&str; 7] = [
    "-db-create-tables",
    "-server-max-processes",
    "2",
    "-api-subscribe-interval",
    "0",
    "-api-subscribe-timeout",
    "5000",
];

/// Registers an account, and gives its id.
async fn account(server: &Server, login: &str) -> Result<String> {
    let form = [("login", login), ("secret", "wonder"), ("name", login)];
    let added = server.send(Call::post("/account/add").form(&form)).await?;
    ensure!(added.status == 200, "{}", added.text());
    Ok(added.json()["id"].as_str().context("an id")?.to_owned())
}

/// Does something again and again until a request that waits is answered with events: when one waits is not known.
async fn until_events<F: Future<Output = Result<()>>>(
    server: &Server,
    login: &str,
    cause: impl Fn() -> F,
) -> Result<Value> {
    let again = async {
        loop {
            cause().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answered = wait::until(LIMIT, "events", || async {
        let reply = server.send(Call::get("/account/subscribe").sign(login, "wonder")).await.ok()?;
        Some(reply.json()).filter(|events| events.as_array().is_some_and(|events| !events.is_empty()))
    });
    tokio::select! {
        events = answered => events.with_context(|| server.log()),
        failed = again => failed,
    }
}

/// Opens a stream of events, and returns when it listens.
async fn stream(server: &Server, login: &str) -> Result<TcpStream> {
    let request = Call::get("/account/subscribe").sign(login, "wonder").prepare(server.port)?;
    let signature = request.headers()["bk-signature"].to_str()?;
    let request = format!(
        "GET /account/subscribe HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: text/event-stream\r\n\
         bk-signature: {signature}\r\n\r\n",
        server.port
    );
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
    stream.write_all(request.as_bytes()).await?;
    read(&mut stream, "listening").await?;
    Ok(stream)
}

/// Reads until this has come.
async fn read(stream: &mut TcpStream, text: &str) -> Result<()> {
    let (mut got, mut part) = (String::new(), [0; 1024]);
    while !got.contains(text) {
        let length =
            tokio::time::timeout(LIMIT, stream.read(&mut part)).await.with_context(|| got.clone())??;
        ensure!(length > 0, "the end before {text}: {got}");
        got.push_str(&String::from_utf8_lossy(&part[..length]));
    }
    Ok(())
}

#[tokio::test]
async fn what_a_worker_says_reaches_who_waits_at_a_web_process() -> Result<()> {
    let home = Home::new()?;
    let args =
        [&USUAL[..], &["-allow-modules", "bk_", "-api-allow-path", "/events", "-jobs-workers", "1"]].concat();
    let server = Server::start_program(&Program::example("events")?, &home, &args).await?;
    let ann = account(&server, "ann").await?;
    let job =
        json!({"job": {"app.say": {"channel": format!("account:{ann}"), "text": "{\"path\":\"/said\"}"}}});
    let submit = || async { server.send(Call::post("/events/submit").json(&job)).await.map(drop) };
    let events = until_events(&server, "ann", submit).await?;
    assert_eq!(events[0], json!({"path": "/said"}), "{events}\n{}", server.log());
    Ok(())
}

#[tokio::test]
async fn what_others_do_reaches_the_account_and_a_stop_answers_who_waits() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &USUAL).await?;
    let ann = account(&server, "ann").await?;
    account(&server, "bob").await?;
    let ring = Call::get(&format!("/counter/incr?ping=1&id={ann}")).sign("bob", "wonder");
    let events = until_events(&server, "ann", || async { server.send(ring.clone()).await.map(drop) }).await?;
    assert_eq!(
        (&events[0]["path"], &events[0]["type"]),
        (&json!("/counter/incr"), &json!("ping")),
        "{events}"
    );

    let mut streams = Vec::new();
    for _ in 0..6 {
        streams.push(stream(&server, "bob").await?);
    }
    let code = server.stop().await?;
    for stream in &mut streams {
        // The mark of a whole reply: it was not cut.
        read(stream, "0\r\n\r\n").await?;
    }
    assert_eq!(code, 0, "nothing was cut off");
    Ok(())
}
