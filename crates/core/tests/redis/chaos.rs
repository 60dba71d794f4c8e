use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::connect::redis::{RedisClient, RedisOptions, cmd};
use bkjs_core::db::drivers::redis::RedisDriver;
use bkjs_core::db::{Db, Options, Query};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::Row;

use crate::Checked;
use crate::server::Server;

/// Writers at once.
const WRITERS: usize = 16;

/// Longer than any call may take.
const HANG: Duration = Duration::from_secs(20);

/// A database on the server, with a table to write to.
pub(crate) async fn open(url: &str) -> Checked<Db> {
    let mut schema = SchemaBuilder::new();
    schema.add(
        Table::new("chaos")
            .column(Column::text("id").primary())
            .column(Column::int("writer").index())
            .column(Column::text("once").unique())
            .column(Column::counter("n")),
    );
    let driver = RedisDriver::new(&RedisOptions::default().at(url)?)?;
    let db = Db::builder(Arc::new(schema.build()))
        .pool("redis", Arc::new(driver))
        .default_pool("redis")
        .build()?;
    db.create_tables().await?;
    Ok(db)
}

/// What a writer was told.
#[derive(Default)]
struct Told {
    added: Vec<String>,
    counted: i64,
    unknown: usize,
}

async fn write(db: Db, writer: usize, stop: Arc<AtomicBool>) -> Checked<Told> {
    let usual = Options::new();
    let mut told = Told::default();
    for n in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("w{writer}-{n}");
        let record = Row::new().with("id", &*id).with("writer", writer as i64).with("once", &*id);
        let add = tokio::time::timeout(HANG, db.add("chaos", record, &usual)).await;
        let one = Row::new().with("id", format!("counter{writer}")).with("n", 1);
        let count = tokio::time::timeout(HANG, db.incr("chaos", one, &usual)).await;
        match add.map_err(|_| "an add hangs")? {
            Ok(_) => told.added.push(id),
            Err(error) if error.kind() == ErrorKind::Unavailable => told.unknown += 1,
            Err(error) => return Err(error.into()),
        }
        match count.map_err(|_| "an increment hangs")? {
            Ok(_) => told.counted += 1,
            Err(error) if error.kind() == ErrorKind::Unavailable => told.unknown += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(told)
}

/// Seconds between two restarts; `BKJS_CHAOS_SECONDS` is the whole time.
fn pause() -> Duration {
    let seconds = std::env::var("BKJS_CHAOS_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(4.0);
    Duration::from_secs_f64(seconds / 4.0)
}

#[allow(clippy::print_stdout)] // the figures are what one runs this for
pub(crate) async fn restarts() -> Checked {
    let mut server = Server::new(&["--appendonly", "yes", "--appendfsync", "everysec"])?;
    server.start().await?;
    let db = open(&server.url()).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| bkjs_core::task::spawn("writer", write(db.clone(), writer, stop.clone())))
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(pause()).await;
        server.kill()?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.start().await?;
    }
    tokio::time::sleep(pause()).await;
    stop.store(true, Ordering::Relaxed);
    let (mut added, mut counted, mut unknown) = (0, 0, 0);
    for (writer, task) in writers.into_iter().enumerate() {
        let told = task.await?.ok_or("a writer panicked")??;
        let keys = told.added.iter().map(|id| id.as_str());
        let found: Vec<Row> = db.list("chaos", keys, &Options::new()).await?;
        if found.len() != told.added.len() {
            return Err(format!("{} of {} acknowledged adds are there", found.len(), told.added.len()).into());
        }
        let counter: Option<Row> = db.get("chaos", format!("counter{writer}"), &Options::new()).await?;
        let stored = counter.and_then(|row| row.int("n")).unwrap_or(0);
        if stored < told.counted {
            return Err(format!("{stored} of {} acknowledged increments are there", told.counted).into());
        }
        let total = Options { total: true, ..Options::new() };
        let indexed = db.select::<Row>("chaos", Query::new().eq("writer", writer as i64), &total).await?;
        let indexed = indexed.total.unwrap_or(0) as usize;
        if indexed < told.added.len() || indexed > told.added.len() + told.unknown {
            return Err(format!("the index has {indexed} of {} records", told.added.len()).into());
        }
        added += told.added.len();
        counted += told.counted;
        unknown += told.unknown;
    }
    println!(
        "{added} adds and {counted} increments acknowledged and there, {unknown} unavailable or unknown"
    );
    if added == 0 || unknown == 0 {
        return Err("the trial has tried nothing".into());
    }
    Ok(())
}

pub(crate) async fn comes_later() -> Checked {
    let mut server = Server::new(&[])?;
    let client = server.client()?;
    let refused = client.read::<String>(&cmd("PING")).await;
    match refused {
        Err(error) if error.kind() == ErrorKind::Unavailable => {}
        other => return Err(format!("got {other:?} without a server").into()),
    }
    server.start().await?;
    crate::server::until("the client finds it", async || {
        client.call::<i64>(cmd("INCR").arg("n")).await.is_ok()
    })
    .await?;
    // Idle when the server is started again: the next write finds the connection ended, and makes another.
    server.kill()?;
    server.start().await?;
    client.call::<i64>(cmd("INCR").arg("n")).await?;
    Ok(())
}

pub(crate) async fn silent() -> Checked {
    // Takes connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("redis://{}", listener.local_addr()?);
    let options = RedisOptions { connect_timeout: 100, ..RedisOptions::default() }.at(&url)?;
    let client = RedisClient::new(&options)?;
    let asked = tokio::time::timeout(HANG, client.read::<String>(&cmd("PING"))).await?;
    match asked {
        Err(error) if error.kind() == ErrorKind::Unavailable => {}
        other => return Err(format!("got {other:?} from a silent server").into()),
    }
    let mut server = Server::new(&[])?;
    server.start().await?;
    let options = RedisOptions { response_timeout: 100, ..RedisOptions::default() }.at(&server.url())?;
    let client = RedisClient::new(&options)?;
    let slow = client.call::<bkjs_core::connect::redis::Value>(cmd("BLPOP").arg("nothing").arg(10)).await;
    match slow {
        Err(error) if error.kind() == ErrorKind::Unavailable && error.log_text().contains("unknown") => {}
        other => return Err(format!("got {other:?} from a slow server").into()),
    }
    client.read::<String>(&cmd("PING")).await?;
    Ok(())
}
