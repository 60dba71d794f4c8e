//! A process that has no file descriptor left.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bkjs_tests::wait::until;
use bkjs_tests::{Call, Home, Server};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_process_without_descriptors_says_so_once_and_goes_on_when_it_has_some() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
    let web = server.role("web").into_iter().next().context("no web process")?;
    let pid = Pid::from_raw(web.pid);
    // Its limits are this process's own.
    let usual = getrlimit(Resource::Nofile);
    // Below what it has open already: the next connection cannot be accepted.
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(0), ..usual })?;
    let begun = Instant::now();
    let waiting = server.send(Call::get("/ping"));
    let told = "cannot accept connections, trying again";
    let recover = async {
        until(LIMIT, "the line in the log", || async { server.log().contains(told).then_some(()) }).await?;
        prlimit(pid, Resource::Nofile, usual)?;
        anyhow::Ok(())
    };
    let (reply, recovered) = tokio::join!(waiting, recover);
    recovered.with_context(|| server.log())?;
    assert!(reply?.status < 500);
    let lines = server.log().matches(told).count();
    let most = 1 + usize::try_from(begun.elapsed().as_secs() / 10)?;
    assert!(lines <= most, "{lines} lines: {}", server.log());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
