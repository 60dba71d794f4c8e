use std::fs;
use std::process::{Child, Command, Stdio};

use bkjs_core::connect::redis::{RedisClient, RedisOptions, cmd};

use crate::Checked;
use crate::server::{Server, until};

/// A sentinel that ends with the value.
struct Sentinel(Child);

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) async fn fails_over() -> Checked {
    let mut master = Server::new(&[])?;
    master.start().await?;
    let port = master.port.to_string();
    let mut replica = Server::new(&["--replicaof", "127.0.0.1", &port])?;
    replica.start().await?;
    let sentinel = Server::new(&[])?;
    let file = sentinel.folder.path().join("sentinel.conf");
    let settings = format!(
        "port {}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {port} 1\n\
         sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 5000\n",
        sentinel.port
    );
    fs::write(&file, settings)?;
    let child = Command::new("redis-server").arg(&file).arg("--sentinel").stdout(Stdio::null()).spawn()?;
    let _sentinel = Sentinel(child);

    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port);
    let client = RedisClient::new(&RedisOptions::default().at(&url)?)?;
    until("the sentinel names the master", async || client.call::<i64>(cmd("INCR").arg("n")).await.is_ok())
        .await?;
    // A failover needs a replica that the sentinel knows and that has what the master has.
    let watch = sentinel.client()?;
    until("the sentinel knows the replica", async || {
        let mut ask = cmd("SENTINEL");
        let known = watch.read::<Vec<bkjs_core::connect::redis::Value>>(ask.arg("replicas").arg("main"));
        known.await.is_ok_and(|replicas| !replicas.is_empty())
    })
    .await?;
    let there = replica.client()?;
    until("the replica has the record", async || {
        there.read::<Option<i64>>(cmd("GET").arg("n")).await.is_ok_and(|n| n.is_some())
    })
    .await?;
    master.kill()?;
    until("the client finds the next master", async || {
        client.call::<i64>(cmd("INCR").arg("m")).await.is_ok()
    })
    .await?;
    let moved: Option<i64> = there.read(cmd("GET").arg("m")).await?;
    if moved != Some(1) {
        return Err(format!("the write went elsewhere: {moved:?}").into());
    }
    Ok(())
}
