//! heed: records as bytes under their keys, each write in a transaction of its own.

use anyhow::{Context as _, Result, ensure};
use heed::types::{Bytes, Str};
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, PutFlags, RwTxn, WithoutTls};

use crate::product::Place;
use crate::record::{BATCH, Extent, GROUP, MTIME, Record, group, id, place_in_group};
use crate::side::Side;

type Records = Database<'static, Str, Bytes>;

/// An environment with both tables.
pub(crate) struct Lmdb {
    env: Env<WithoutTls>,
    single: Records,
    grouped: Records,
}

impl Lmdb {
    /// Makes a file beside that of the other side, and fills it with the same records.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) fn open(place: &Place, extent: Extent) -> Result<Self> {
        let mut open = EnvOpenOptions::new().read_txn_without_tls();
        open.map_size(16 << 30).max_dbs(2);
        // SAFETY: as in the driver: locks and the protection of pages stay, and the file is this process's own and
        // opened once.
        let env = unsafe {
            open.flags(EnvFlags::NO_SUB_DIR | EnvFlags::NO_READ_AHEAD | EnvFlags::NO_META_SYNC);
            open.open(place.file_beside("bare.lmdb"))?
        };
        let made = env.create_databases_and_commit(env.write_txn()?, |opener, transaction| {
            let mut table = |name| opener.create_database::<Str, Bytes>(transaction, Some(name));
            let tables = (table("single")?, table("grouped")?);
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(tables))
        })?;
        let (single, grouped) = made.commit().context("the tables were not made")?;
        let mut transaction = env.write_txn()?;
        for number in 0..extent.records {
            add(&mut transaction, single, &Record::numbered(number))?;
        }
        for number in 0..extent.groups {
            for place in 0..GROUP {
                let key = format!("{}\0{}", group(number), place_in_group(place));
                grouped.put(&mut transaction, &key, &encoded(&Record::of_group(place))?)?;
            }
        }
        transaction.commit()?;
        Ok(Self { env, single, grouped })
    }
}

fn encoded(record: &Record) -> Result<Vec<u8>> {
    Ok(postcard::to_allocvec(record)?)
}

fn add(transaction: &mut RwTxn<'_>, records: Records, record: &Record) -> Result<()> {
    Ok(records.put_with_flags(transaction, PutFlags::NO_OVERWRITE, &record.id, &encoded(record)?)?)
}

impl Side for Lmdb {
    async fn get(&self, number: u64) -> Result<()> {
        let transaction = self.env.read_txn()?;
        let found = self.single.get(&transaction, &id(number))?.context("no record")?;
        ensure!(postcard::from_bytes::<Record>(found)?.mtime == MTIME, "another record");
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<()> {
        let mut transaction = self.env.write_txn()?;
        add(&mut transaction, self.single, &Record::numbered(number))?;
        Ok(transaction.commit()?)
    }

    async fn update(&self, number: u64) -> Result<()> {
        let mut transaction = self.env.write_txn()?;
        let key = id(number);
        let found = self.single.get(&transaction, &key)?.context("no record")?;
        let record = Record { num: 8, ..postcard::from_bytes(found)? };
        self.single.put(&mut transaction, &key, &encoded(&record)?)?;
        Ok(transaction.commit()?)
    }

    async fn select(&self, number: u64) -> Result<()> {
        let transaction = self.env.read_txn()?;
        let found = self.grouped.prefix_iter(&transaction, &format!("{}\0", group(number)))?;
        let found: Vec<Record> = found
            .take(GROUP as usize)
            .map(|entry| anyhow::Ok(postcard::from_bytes(entry?.1)?))
            .collect::<Result<_>>()?;
        ensure!(found.len() as u64 == GROUP, "{} records", found.len());
        Ok(())
    }

    async fn batch(&self, first: u64) -> Result<()> {
        let mut transaction = self.env.write_txn()?;
        for number in first..first + BATCH {
            add(&mut transaction, self.single, &Record::numbered(number))?;
        }
        Ok(transaction.commit()?)
    }
}
