//! Files and icons of a running server, and what is there after everything was killed.

use anyhow::Result;
use bkjs_tests::{Call, Home, Server};

/// A red image of 7 x 9 pixels, as PNG in base64.
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAJCAIAAABxOqH0AAAAEUlEQVR42mP4z8CAiRiGmCgAhZI-wjjoQgYAAAAASUVORK5CYII";

async fn sign_up(server: &Server, login: &str) -> Result<String> {
    let form = [("login", login), ("secret", "s"), ("name", login)];
    let reply = server.send(Call::post("/account/add").form(&form)).await?;
    assert_eq!(reply.status, 200, "{}", reply.text());
    Ok(reply.json()["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn acknowledged_uploads_survive_a_kill_of_every_process() -> Result<()> {
    let home = Home::new()?;
    let large = vec![b'x'; 300_000];
    for round in 0..3 {
        let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
        if round == 0 {
            sign_up(&server, "ann").await?;
        }
        for number in 0..5 {
            let put = format!("/file/put?prefix=p&name=f{round}-{number}");
            let call = Call::post(&put).body("application/octet-stream", large.clone()).sign("ann", "s");
            assert_eq!(server.send(call).await?.status, 200);
            let form = [("prefix", "album"), ("type", &format!("{round}-{number}")), ("icon", RED)];
            let reply = server.send(Call::post("/icon/put").form(&form).sign("ann", "s")).await?;
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        // At once after the last reply: nothing may wait in memory.
        server.kill_everything().await?;
    }
    let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
    for name in (0..3).flat_map(|round| (0..5).map(move |number| format!("{round}-{number}"))) {
        let file = Call::get(&format!("/file/get?prefix=p&name=f{name}")).sign("ann", "s");
        assert_eq!(server.send(file).await?.body, large, "{name}");
        let icon = Call::get(&format!("/icon/get?prefix=album&type={name}")).sign("ann", "s");
        let reply = server.send(icon).await?;
        assert_eq!((reply.status, &reply.body[..3]), (200, &b"\xff\xd8\xff"[..]), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn profiles_name_icons_and_pages_show_those_that_are_opened() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-api-allow-path", "^/image/account/"]).await?;
    let id = sign_up(&server, "ann").await?;
    let form = [("type", "5"), ("icon", RED)];
    let reply = server.send(Call::post("/account/put/icon").form(&form).sign("ann", "s")).await?;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let profile = server.send(Call::get("/account/get").sign("ann", "s")).await?.json();
    assert_eq!(
        (&profile["name"], &profile["icon5"]),
        (&"ann".into(), &format!("/account/get/icon?id={id}&type=5").into())
    );
    let own = Call::get(profile["icon5"].as_str().unwrap_or_default()).sign("ann", "s");
    assert_eq!(server.send(own).await?.status, 200);
    for file in ["5", "5.jpg"] {
        let reply = server.send(Call::get(&format!("/image/account/{id}/{file}"))).await?;
        assert_eq!((reply.status, &reply.body[..3]), (200, &b"\xff\xd8\xff"[..]), "{file}");
    }
    assert_eq!(server.send(Call::get("/account/del").sign("ann", "s")).await?.status, 200);
    assert_eq!(server.send(Call::get(&format!("/image/account/{id}/5"))).await?.status, 404);
    Ok(())
}
