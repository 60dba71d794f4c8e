//! The process tree: its shape, its repair, its end.

use std::time::Duration;

use anyhow::{Context as _, Result};
use bkjs_tests::{Call, Home, Process, Program, Server};

const TREE: [&str; 5] = ["-monitor", "-server-max-processes", "2", "-server-crash-delay", "2000"];
const ROLES: [&str; 4] = ["monitor", "master", "server", "web"];
const SHAPE: [usize; 4] = [1, 1, 1, 2];

fn shape(processes: &[Process]) -> [usize; 4] {
    ROLES.map(|role| processes.iter().filter(|process| process.role() == role).count())
}

async fn whole(server: &Server) -> Result<Vec<Process>> {
    server.until_processes(Duration::from_secs(10), "a whole tree", |all| shape(all) == SHAPE).await
}

#[tokio::test]
async fn the_tree_shows_its_roles_and_parents() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &TREE).await?;
    let all = whole(&server).await?;
    let parent_role =
        |process: &Process| all.iter().find(|p| p.pid == process.parent).map_or("", Process::role);
    for process in &all {
        let expected = match process.role() {
            "master" => "monitor",
            "server" => "master",
            "web" => "server",
            _ => "",
        };
        assert_eq!(parent_role(process), expected, "{process:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_tree_is_whole_again_after_any_process_was_killed() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &TREE).await?;
    for role in ["web", "server", "master"] {
        let before = whole(&server).await?;
        let victim = before.iter().find(|process| process.role() == role).context("no such role")?;
        victim.kill()?;
        let repaired =
            |all: &[Process]| shape(all) == SHAPE && all.iter().all(|process| process.pid != victim.pid);
        let after = server.until_processes(Duration::from_secs(10), "the repaired tree", repaired).await?;
        server.send_until_served(Call::get("/ping"), Duration::from_secs(5)).await?;

        if role == "web" {
            let kept = before.iter().filter(|process| process.pid != victim.pid);
            assert!(
                kept.into_iter().all(|process| after.contains_same(process)),
                "{role}: {before:#?} {after:#?}"
            );
        }
        let monitor = |all: &[Process]| all.iter().find(|process| process.role() == "monitor").map(|p| p.pid);
        assert_eq!(monitor(&before), monitor(&after), "{role}: the monitor was replaced");
    }
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

/// Whether a process is still among others.
trait ContainsSame {
    fn contains_same(&self, process: &Process) -> bool;
}

impl ContainsSame for Vec<Process> {
    fn contains_same(&self, process: &Process) -> bool {
        self.iter().any(|other| (other.pid, other.started) == (process.pid, process.started))
    }
}

#[tokio::test]
async fn a_tree_ends_with_its_monitor_and_the_next_may_follow_at_once() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &TREE).await?;
    let all = whole(&server).await?;
    all.iter().find(|process| process.role() == "monitor").context("no monitor")?.kill()?;
    // As a service manager would: on the same home and port, without waiting for the others to end.
    let next = Server::spawn(&Program::bkjs()?, &home, server.port, &TREE)?;
    server.until_processes(Duration::from_secs(10), "the end of all processes", <[_]>::is_empty).await?;
    whole(&next).await?;
    next.send_until_served(Call::get("/ping"), Duration::from_secs(5)).await?;
    assert_eq!(next.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_a_home_names_the_first_and_leaves_it_alone() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    let mut second = Server::spawn(&Program::bkjs()?, &home, bkjs_tests::free_port()?, &[])?;
    assert_eq!(second.ended(Duration::from_secs(10)).await?, 1);
    assert!(second.log().contains(&format!("process {}:", server.top()?.pid)), "{}", second.log());
    assert_eq!(server.send(Call::get("/ping")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_request_to_stop_ends_every_process_with_code_0() -> Result<()> {
    for args in [&TREE[..], &["-server-max-processes", "2"], &["-web"]] {
        let home = Home::new()?;
        let server = Server::start(&home, args).await?;
        assert_eq!(server.stop().await?, 0, "{args:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_a_busy_port_says_so_and_leaves_the_first_alone() -> Result<()> {
    let (home, other) = (Home::new()?, Home::new()?);
    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    let mut second = Server::spawn(&Program::bkjs()?, &other, server.port, &["-db-create-tables"])?;
    let code = second.ended(Duration::from_secs(10)).await?;
    assert!((1..120).contains(&code), "exit code {code}");
    assert!(second.log().contains(&server.port.to_string()), "{}", second.log());
    assert!(!second.log().contains("panicked"), "{}", second.log());
    second.until_processes(Duration::from_secs(5), "the end of the second server", <[_]>::is_empty).await?;
    assert_eq!(server.send(Call::get("/ping")).await?.status, 200);
    Ok(())
}

async fn refused(home: &Home, args: &[&str], named: &str) -> Result<()> {
    let mut server = Server::spawn(&Program::bkjs()?, home, bkjs_tests::free_port()?, args)?;
    let code = server.ended(Duration::from_secs(10)).await?;
    assert!((1..120).contains(&code), "{args:?}: exit code {code}");
    assert!(server.log().contains(named), "{args:?}: {}", server.log());
    assert!(!server.log().contains("panicked"), "{args:?}: {}", server.log());
    server.until_processes(Duration::from_secs(5), "the end of all processes", <[_]>::is_empty).await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_parameter_stops_the_start_and_is_named() -> Result<()> {
    let home = Home::new()?;
    refused(&home, &["-api-allow-pathh", "^/x"], "api-allow-pathh").await?;
    refused(&home, &["-port", "99999"], "port").await?;
    refused(&home, &["-server-max-processes", "many"], "server-max-processes").await?;
    refused(&home, &["-api-allow-path", "(["], "api-allow-path").await
}

#[tokio::test]
async fn a_wrong_line_in_a_file_is_named_with_file_and_line() -> Result<()> {
    let home = Home::new()?;
    home.write("etc/config", "# fine\n\nno-such-parameter=1\n")?;
    refused(&home, &[], "no-such-parameter").await?;
    refused(&home, &[], "etc/config line 3").await
}

#[tokio::test]
async fn a_home_that_cannot_be_made_is_named() -> Result<()> {
    let home = Home::new()?;
    std::fs::write(home.path(), "a file in the place of the folder")?;
    refused(&home, &[], "home").await
}
