//! Reads the records of a walk through an index, some at a time.

use super::convert::{Stored, decode_record};
use super::keys::Base;
use super::layout::key_of_member;
use super::plan::Walk;
use crate::Result;
use crate::connect::redis::{RedisClient, Script, cmd, pipe};
use crate::schema::Table;

static SWEEP: Script = Script::new(include_str!("scripts/sweep.lua"));

/// The most records that are read at once.
const BATCH: usize = 512;

/// A record as a walk finds it.
pub(super) struct Found {
    /// The bytes of its key.
    pub(super) key: Vec<u8>,
    /// What is stored.
    pub(super) stored: Stored,
}

/// The place that a walk has reached.
pub(super) struct Scan<'a> {
    client: &'a RedisClient,
    base: &'a Base,
    table: &'a Table,
    walk: Walk<'a>,
    last: Option<Vec<u8>>,
    batch: usize,
    ended: bool,
}

impl<'a> Scan<'a> {
    /// The start of a walk. `first` is how many records may be enough.
    pub(super) fn new(
        client: &'a RedisClient,
        base: &'a Base,
        table: &'a Table,
        walk: Walk<'a>,
        first: usize,
    ) -> Self {
        Self { client, base, table, walk, last: None, batch: first.clamp(1, BATCH), ended: false }
    }

    /// The next records; none at the end. A record that is changed meanwhile may come twice, or not at all
    /// when it does not stay where it was.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Found>>> {
        if self.ended {
            return Ok(None);
        }
        let members = self.members().await?;
        self.ended = members.len() < self.batch;
        self.batch = BATCH;
        let Some(last) = members.last() else { return Ok(None) };
        self.last = Some(last.clone());
        let mut reads = pipe();
        let mut known = Vec::with_capacity(members.len());
        for member in members {
            let key = match self.walk.index {
                None => Some(member.clone()),
                Some(_) => key_of_member(&member).map(<[u8]>::to_vec),
            };
            if let Some(key) = key {
                reads.cmd("HGETALL").arg(self.base.record(&key));
                known.push((member, key));
            }
        }
        let mut found = Vec::with_capacity(known.len());
        let mut stale = Vec::new();
        for ((member, key), reply) in known.into_iter().zip(self.client.read_all(&reads).await?) {
            let stored = decode_record(self.table, reply)?;
            let is_of = |stored: &Stored| match self.walk.index {
                None => true,
                Some(index) => index.member(&stored.row, &key) == member,
            };
            match stored {
                Some(stored) if is_of(&stored) => found.push(Found { key, stored }),
                // It has expired, or it was made anew after that.
                stored => stale.push((member, key, stored.map(|s| s.version).unwrap_or_default())),
            }
        }
        self.sweep(stale).await?;
        Ok(Some(found))
    }

    async fn members(&self) -> Result<Vec<Vec<u8>>> {
        let bound = |sign: &str, bytes: &[u8]| [sign.as_bytes(), bytes].concat();
        let mut low = bound("[", &self.walk.low);
        let mut high = self.walk.high.as_ref().map_or_else(|| b"+".to_vec(), |high| bound("(", high));
        if let Some(last) = &self.last {
            let past = bound("(", last);
            if self.walk.reverse { high = past } else { low = past }
        }
        let mut read = cmd(if self.walk.reverse { "ZREVRANGEBYLEX" } else { "ZRANGEBYLEX" });
        let (from, to) = if self.walk.reverse { (high, low) } else { (low, high) };
        read.arg(self.base.within(&self.walk.part())).arg(from).arg(to);
        self.client.read(read.arg("LIMIT").arg(0).arg(self.batch)).await
    }

    /// Removes entries that stand for nothing, unless they do by now.
    async fn sweep(&self, stale: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>) -> Result<()> {
        if stale.is_empty() {
            return Ok(());
        }
        let mut arguments = vec![self.base.bytes().to_vec()];
        for (member, key, version) in stale {
            arguments.extend([self.walk.part().into_bytes(), member, key, version]);
        }
        self.client.script::<i64>(&SWEEP, &[], &arguments).await.map(drop)
    }
}
