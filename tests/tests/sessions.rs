//! Sessions and tokens on a server of several processes, from sign-in to the end.

use anyhow::{Context as _, Result};
use bkjs_tests::{Call, Home, Server};

/// How many connections are made: each may end at another web process.
const TRIES: usize = 8;

async fn statuses(server: &Server, name: &str, value: &str) -> Result<Vec<u16>> {
    let mut all = Vec::new();
    for _ in 0..TRIES {
        all.push(server.send(Call::get("/account/get").header(name, value)).await?.status);
    }
    Ok(all)
}

#[tokio::test]
async fn a_new_secret_ends_sessions_and_tokens_in_every_process_and_a_logout_in_the_browser() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
    let form = [("login", "alice"), ("secret", "wonder"), ("name", "Alice")];
    assert_eq!(server.send(Call::post("/account/add").form(&form)).await?.status, 200);

    let sign_in = Call::get("/auth?_session=1&_accesstoken=1").sign("alice", "wonder");
    let reply = server.send(sign_in).await?;
    let cookie = reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let token = reply.json()["bk-access-token"].as_str().context("a token")?.to_owned();
    assert_eq!(statuses(&server, "cookie", &cookie).await?, [200; TRIES]);
    assert_eq!(statuses(&server, "bk-access-token", &token).await?, [200; TRIES]);

    // The browser forgets the cookie; a copy of it counts on.
    let logout = server.send(Call::post("/logout").header("cookie", &cookie)).await?;
    assert!(logout.status < 400 && logout.header("set-cookie").contains("Max-Age=0"), "{}", logout.text());
    assert_eq!(statuses(&server, "cookie", &cookie).await?, [200; TRIES]);

    let change = Call::post("/account/put/secret").form(&[("secret", "other")]).sign("alice", "wonder");
    assert_eq!(server.send(change).await?.status, 200);
    assert_eq!(statuses(&server, "cookie", &cookie).await?, [401; TRIES]);
    assert_eq!(statuses(&server, "bk-access-token", &token).await?, [401; TRIES]);
    assert_eq!(server.send(Call::get("/auth").sign("alice", "other")).await?.status, 200);

    // In no process do they count again when the secret is what it was.
    let change = Call::post("/account/put/secret").form(&[("secret", "wonder")]).sign("alice", "other");
    assert_eq!(server.send(change).await?.status, 200);
    assert_eq!(statuses(&server, "cookie", &cookie).await?, [401; TRIES]);
    assert_eq!(statuses(&server, "bk-access-token", &token).await?, [401; TRIES]);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
