//! What was acknowledged is there after everything was killed.

use anyhow::Result;
use bkjs_tests::{Call, Home, Server};

#[tokio::test]
async fn acknowledged_accounts_survive_a_kill_of_every_process() -> Result<()> {
    let home = Home::new()?;
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..3 {
        let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
        for number in 0..20 {
            let login = format!("user-{round}-{number}");
            let form = [("login", login.as_str()), ("secret", "s"), ("name", login.as_str())];
            let reply = server.send(Call::post("/account/add").form(&form)).await?;
            assert_eq!(reply.status, 200, "{}", reply.text());
            acknowledged.push(login);
        }
        // At once after the last reply: nothing may wait in memory.
        server.kill_everything().await?;
    }
    let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
    for login in &acknowledged {
        let reply = server.send(Call::get("/account/get").sign(login, "s")).await?;
        assert_eq!(reply.json()["name"], login.as_str(), "{login}: {}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn writes_in_flight_are_whole_or_absent_after_a_kill() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "2"]).await?;
    let port = server.port;
    let clients = (0..4).map(|client| async move {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let login = format!("c{client}-{number}");
            let form = [("login", login.as_str()), ("secret", "s"), ("name", login.as_str())];
            match Call::post("/account/add").form(&form).send(port).await {
                Ok(reply) if reply.status == 200 => acknowledged.push(login),
                _ => return (login, acknowledged),
            }
        }
        (String::new(), acknowledged)
    });
    let clients = futures_util::future::join_all(clients);
    let kill = async {
        // Condition: some have been acknowledged while others are on their way.
        let probe = Call::get("/account/get").sign("c0-20", "s");
        let seen =
            bkjs_tests::wait::until(std::time::Duration::from_secs(20), "the first accounts", || async {
                probe.send(port).await.ok().filter(|reply| reply.status == 200)
            });
        seen.await?;
        server.kill_everything().await
    };
    let (clients, killed) = tokio::join!(clients, kill);
    killed?;

    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    for (in_flight, acknowledged) in clients {
        for login in acknowledged {
            let reply = server.send(Call::get("/account/get").sign(&login, "s")).await?;
            assert_eq!(reply.json()["name"], login.as_str(), "{login}: {}", reply.text());
        }
        // The login and the account were written together, or neither was.
        let reply = server.send(Call::get("/account/get").sign(&in_flight, "s")).await?;
        assert!(matches!(reply.status, 200 | 404), "{in_flight}: {} {}", reply.status, reply.text());
        if reply.status == 404 {
            let form = [("login", in_flight.as_str()), ("secret", "s"), ("name", "again")];
            assert_eq!(server.send(Call::post("/account/add").form(&form)).await?.status, 200, "{in_flight}");
        }
    }
    Ok(())
}
