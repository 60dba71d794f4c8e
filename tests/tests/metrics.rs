//! `/metrics` of a server of several processes.

use anyhow::{Context as _, Result};
use bkjs_tests::{Call, Home, Server};

/// The sum of the lines that begin so.
fn sum(text: &str, begin: &str) -> f64 {
    let lines = text.lines().filter(|line| line.starts_with(begin));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[tokio::test]
async fn whichever_process_is_asked_tells_what_all_have_counted() -> Result<()> {
    let home = Home::new()?;
    home.add_admin("root", "wonder").await?;
    let tree = ["-monitor", "-server-max-processes", "2", "-jobs-workers", "1"];
    let server = Server::start(&home, &[&tree[..], &["-api-allow-path", "^/metrics$"]].concat()).await?;
    let metrics = async || anyhow::Ok(server.send(Call::get("/metrics")).await?.text());
    let pings = |text: &str| sum(text, "bkjs_http_requests_total{route=\"/ping\",status=\"200\"}");

    let before = pings(&metrics().await?);
    for n in 1..=40_u32 {
        // Each connection may end at another process, and so may the question.
        assert_eq!(server.send(Call::get("/ping")).await?.status, 200);
        if n % 10 == 0 {
            let text = metrics().await?;
            assert_eq!(pings(&text), before + f64::from(n), "{text}");
        }
    }
    let text = metrics().await?;
    for (role, count) in [("monitor", 1), ("master", 1), ("server", 1), ("web", 2), ("worker", 1)] {
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes"] {
            let found = text.lines().filter(|l| l.starts_with(&format!("{name}{{role=\"{role}\"")));
            assert_eq!(found.count(), count, "{name} of {role}: {text}");
        }
    }
    assert!(sum(&text, "bkjs_queue_messages{queue=\"default\",state=\"available\"}") < 1.0, "{text}");

    let stats = server.send(Call::get("/system/stats/get").sign("root", "wonder")).await?.json();
    assert_eq!(stats["url_ping_rcnt"], before + 40.0, "{stats}");
    assert_eq!(stats["processes"].as_array().map(Vec::len), Some(6), "{stats}");

    // What a process has counted is not lost with it.
    let web =
        server.processes().into_iter().find(|process| process.role() == "web").context("a web process")?;
    web.kill()?;
    let gone = |all: &[bkjs_tests::Process]| all.iter().all(|process| process.pid != web.pid);
    server.until_processes(std::time::Duration::from_secs(10), "the end of the process", gone).await?;
    server.send_until_served(Call::get("/ping"), std::time::Duration::from_secs(5)).await?;
    assert!(pings(&metrics().await?) > before + 40.0);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
