//! What a stranger does first, on an empty home.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use bkjs_tests::{Call, Home, Program, Server};

const ALICE: [(&str, &str); 3] = [("login", "alice"), ("secret", "wonder"), ("name", "Alice")];

#[tokio::test]
async fn a_stranger_signs_up_and_gets_the_account_back() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[]).await?;
    let added = server.send(Call::post("/account/add").form(&ALICE)).await?;
    assert_eq!(added.status, 200, "{}", added.text());

    let own = server.send(Call::get("/account/get").sign("alice", "wonder")).await?;
    assert_eq!(own.status, 200, "{}", own.text());
    assert_eq!(own.json()["name"], "Alice");
    assert_eq!(own.json()["id"], added.json()["id"]);
    assert!(!own.text().contains("wonder"), "the secret is shown: {}", own.text());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_shell_sends_a_signed_request_to_the_running_server() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[]).await?;
    server.send(Call::post("/account/add").form(&ALICE)).await?;

    let port = server.port.to_string();
    let request = ["-port", &port, "-send-request", "/account/get", "-login", "alice", "-secret", "wonder"];
    let ran = home.shell(&request).await?;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Alice"), "{ran:?}");
    Ok(())
}

#[tokio::test]
async fn requests_without_or_with_a_wrong_signature_are_refused() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[]).await?;
    server.send(Call::post("/account/add").form(&ALICE)).await?;

    for (call, status) in [
        (Call::get("/account/get"), 417),
        (Call::get("/account/get").sign("alice", "wrong"), 401),
        (Call::get("/account/get").sign("nobody", "wonder"), 404),
        (Call::get("/account/get").header("bk-signature", "nonsense"), 417),
    ] {
        let reply = server.send(call).await?;
        assert_eq!(reply.status, status, "{}", reply.text());
        assert_eq!(reply.json()["status"], status);
        assert!(reply.json()["message"].is_string(), "{}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn an_operator_makes_an_administrator_before_and_while_the_server_runs() -> Result<()> {
    let home = Home::new()?;
    home.add_admin("first", "s1").await?;
    let server = Server::start(&home, &[]).await?;
    home.add_admin("second", "s2").await?;
    for (login, secret) in [("first", "s1"), ("second", "s2")] {
        let reply = server.send(Call::get("/auth").sign(login, secret)).await?;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["type"], "admin");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_becomes_an_administrator_over_http() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[]).await?;
    let form = [&ALICE[..], &[("type", "admin")]].concat();
    server.send(Call::post("/account/add").form(&form)).await?;
    let reply = server.send(Call::get("/auth").sign("alice", "wonder")).await?;
    assert_ne!(reply.json()["type"], "admin", "{}", reply.text());
    Ok(())
}

#[tokio::test]
async fn the_landing_page_is_built_in_and_own_files_come_before_it() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &[]).await?;
    for path in ["/", "/index.html"] {
        let page = server.send(Call::get(path)).await?;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert!(page.text().contains("<h1>bkjs</h1>"), "{path}");
    }
    assert!(server.send(Call::get("/style.css")).await?.header("content-type").starts_with("text/css"));

    home.write("web/index.html", "our own page")?;
    assert_eq!(server.send(Call::get("/index.html")).await?.text(), "our own page");
    Ok(())
}

#[tokio::test]
async fn no_file_outside_of_the_web_folder_is_served() -> Result<()> {
    let home = Home::new()?;
    home.write("etc/config", "# private words\n")?;
    home.write("web/own.html", "public words")?;
    let server = Server::start(&home, &[]).await?;
    assert_eq!(server.send(Call::get("/own.html")).await?.text(), "public words");
    for path in [
        "/../etc/config",
        "/%2e%2e/etc/config",
        "/..%2fetc%2fconfig",
        "//etc/config",
        "/web/../../etc/config",
    ] {
        let reply = server.send(Call::get(path)).await?;
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(!reply.text().contains("private words"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_new_home_needs_no_flags() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start_program(&Program::bkjs()?, &home, &[]).await?;
    let query = [("name", "Test"), ("login", "test1"), ("secret", "test1secret")];
    let added = server.send(Call::get("/account/add").query(&query)).await?;
    assert_eq!(added.status, 200, "{}", added.text());
    for folder in ["etc", "var", "log", "tmp", "web"] {
        assert!(home.path().join(folder).is_dir(), "{folder}");
    }
    Ok(())
}

/// What a folder holds, with the permissions of each, itself included.
fn modes(folder: &Path) -> Result<Vec<(String, u32)>> {
    let mode = |path: &Path| anyhow::Ok(path.symlink_metadata()?.permissions().mode() & 0o777);
    let mut all = vec![(folder.display().to_string(), mode(folder)?)];
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(modes(&path)?);
        } else {
            all.push((path.display().to_string(), mode(&path)?));
        }
    }
    Ok(all)
}

#[tokio::test]
async fn the_mask_of_permissions_holds_for_everything_that_is_made_in_a_home() -> Result<()> {
    for (mask, forbidden) in [("0077", 0o077), ("027", 0o027)] {
        let home = Home::new()?;
        let log = home.path().join("log/own.log");
        let args = ["-umask", mask, "-log-file", &log.display().to_string(), "-server-max-processes", "2"];
        let server = Server::start_program(&Program::bkjs()?, &home, &args).await?;
        server.send(Call::post("/account/add").form(&ALICE)).await?;
        let all = modes(&home.path())?;
        assert!(all.iter().any(|(path, _)| path.ends_with("own.log")), "{all:?}");
        assert!(all.iter().all(|(_, mode)| mode & forbidden == 0), "{mask}: {all:?}");
        assert_eq!(server.stop().await?, 0);
    }
    let home = Home::new()?;
    for wrong in ["888", "x", "1000"] {
        let ran = home.shell(&["-umask", wrong, "-account-get", "login", "a"]).await?;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains("umask") && ran.stderr.contains("octal"), "{ran:?}");
    }
    Ok(())
}
