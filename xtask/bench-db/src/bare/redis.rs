//! redis: a record is a hash, and a sorted set has the keys in their order, as a program needs them that lists its
//! records. Nothing checks that a new record is new.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, AsyncConnectionConfig, Pipeline, pipe};

use crate::product::Place;
use crate::record::{BATCH, Extent, GROUP, MTIME, Record, group, place_in_group};
use crate::side::Side;

/// Commands sent at once while the tables are filled.
const FILL: u64 = 1000;

/// One connection that all callers share.
pub(crate) struct Redis {
    connection: MultiplexedConnection,
    prefix: String,
}

impl Redis {
    /// Connects to the server of the other side, and makes the same records under keys of its own.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place, extent: Extent) -> Result<Self> {
        let client = redis::Client::open(place.url.as_str())?;
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
        let side = Self { connection, prefix: format!("{}_bare", place.room) };
        let single = (0..extent.records).map(Record::numbered).map(|record| (side.single(), record));
        let grouped = (0..extent.groups * GROUP).map(|number| {
            let record = Record::of_group(number % GROUP);
            let key = format!("{}\0{}", group(number / GROUP), record.id);
            (side.grouped(), Record { id: key, ..record })
        });
        let mut all = single.chain(grouped).peekable();
        while all.peek().is_some() {
            let mut commands = pipe();
            for (table, record) in all.by_ref().take(FILL as usize) {
                add(&mut commands, &table, &record);
            }
            side.run(&commands).await?;
        }
        Ok(side)
    }

    /// Removes its keys.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self) -> Result<()> {
        let mut connection = self.connection.clone();
        let pattern = format!("{}*", self.prefix);
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(FILL);
            let (next, keys): (u64, Vec<Vec<u8>>) = scan.query_async(&mut connection).await?;
            if !keys.is_empty() {
                connection.unlink::<_, u64>(keys).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    fn single(&self) -> String {
        format!("{}:s", self.prefix)
    }

    fn grouped(&self) -> String {
        format!("{}:g", self.prefix)
    }

    async fn run(&self, commands: &Pipeline) -> Result<()> {
        Ok(commands.query_async::<()>(&mut self.connection.clone()).await?)
    }
}

fn add(commands: &mut Pipeline, table: &str, record: &Record) {
    let (num, mtime) = (record.num.to_string(), record.mtime.to_string());
    let fields = [("id", &record.id), ("name", &record.name), ("num", &num), ("mtime", &mtime)];
    commands.hset_multiple(format!("{table}:{}", record.id), &fields).ignore();
    commands.zadd(table, &record.id, 0).ignore();
}

fn record(mut fields: HashMap<String, String>) -> Result<Record> {
    let mut take = |name: &str| fields.remove(name).with_context(|| format!("no {name}"));
    Ok(Record {
        id: take("id")?,
        name: take("name")?,
        num: take("num")?.parse()?,
        mtime: take("mtime")?.parse()?,
    })
}

impl Side for Redis {
    async fn get(&self, number: u64) -> Result<()> {
        let key = format!("{}:{}", self.single(), crate::record::id(number));
        let fields = self.connection.clone().hgetall(key).await?;
        ensure!(record(fields)?.mtime == MTIME, "another record");
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<()> {
        let mut commands = pipe();
        commands.atomic();
        add(&mut commands, &self.single(), &Record::numbered(number));
        self.run(&commands).await
    }

    async fn update(&self, number: u64) -> Result<()> {
        let key = format!("{}:{}", self.single(), crate::record::id(number));
        Ok(self.connection.clone().hset::<_, _, _, ()>(key, "num", 8).await?)
    }

    async fn select(&self, number: u64) -> Result<()> {
        let table = self.grouped();
        let (first, last) =
            (format!("[{}\0{}", group(number), place_in_group(0)), format!("({}\x01", group(number)));
        let keys: Vec<String> =
            self.connection.clone().zrangebylex_limit(&table, first, last, 0, GROUP as isize).await?;
        let mut commands = pipe();
        for key in &keys {
            commands.hgetall(format!("{table}:{key}"));
        }
        let found: Vec<HashMap<String, String>> = commands.query_async(&mut self.connection.clone()).await?;
        let found = found.into_iter().map(record).collect::<Result<Vec<Record>>>()?;
        ensure!(found.len() as u64 == GROUP, "{} records", found.len());
        Ok(())
    }

    async fn batch(&self, first: u64) -> Result<()> {
        let mut commands = pipe();
        for number in first..first + BATCH {
            add(&mut commands, &self.single(), &Record::numbered(number));
        }
        self.run(&commands).await
    }
}
