//! Reads: by key, by condition, and counts.

use std::collections::HashSet;
use std::sync::Arc;

use super::convert::{Stored, decode_record};
use super::driver::Store;
use super::keys::Base;
use super::plan::{is_open, plan};
use super::scan::{Found, Scan};
use crate::Result;
use crate::connect::redis::{Value as Reply, cmd, error, pipe};
use crate::db::Query;
use crate::db::driver::{Get, Select};
use crate::db::evaluate::Matcher;
use crate::db::layout::expiry_of;
use crate::db::plain::{Page, PageLimits, key_bytes, project};
use crate::db::refusal::no_table;
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// What a page that no index has in its order may take of memory.
const LIMITS: PageLimits = PageLimits { rows: 100_000 };

/// A value of the condition that needs no index may be some records away.
const FILTERED: usize = 256;

impl Store {
    /// One record.
    pub(super) async fn get(&self, get: Get) -> Result<Option<Row>> {
        let key = key_bytes(&get.table, &get.key)?;
        let filter = get.filter.as_ref().map(|query| Matcher::new(&get.table, query)).transpose()?;
        let stored = self.stored(&get.table, &key).await?.map(|stored| stored.row);
        let row = stored.filter(|row| filter.as_ref().is_none_or(|filter| filter.matches(row)));
        Ok(row.map(|row| project(&get.table, &row, &get.select, &[])))
    }

    /// The records of several keys.
    pub(super) async fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> Result<Vec<Row>> {
        let keys = keys.iter().map(|key| key_bytes(&table, key)).collect::<Result<Vec<_>>>()?;
        let stored = self.stored_all(&table, &keys).await?;
        Ok(stored.into_iter().flatten().map(|stored| project(&table, &stored.row, &select, &[])).collect())
    }

    /// One page.
    pub(super) async fn select(&self, select: Select) -> Result<Vec<Row>> {
        let table = &*select.table;
        let base = self.base(table);
        let matcher = Matcher::new(table, &select.query)?;
        let layout = self.layouts.get(&self.client, &base, table).await?;
        let walk = plan(&layout.shape, table, &select.query, &select.sort, select.after.as_deref());
        let in_order = walk.in_order && select.unique.is_none();
        // Decimals may be equal and written differently.
        let exact = !walk.leading.iter().any(|name| is_open(table, name));
        let leading = if exact { walk.leading.clone() } else { Vec::new() };
        let moves = walk.index.is_some();
        let mut page = Page::new(&select, in_order, LIMITS)?;
        let near = usize::try_from(select.skip).unwrap_or(usize::MAX).saturating_add(select.count);
        let first = if in_order && select.query.is_empty() { near } else { near.max(FILTERED) };
        let mut scan = Scan::new(&self.client, &base, table, walk, first);
        let (mut empty, mut previous, mut met) = (true, None::<Row>, HashSet::new());
        'scan: while let Some(records) = scan.next().await? {
            empty = false;
            for Found { key, stored: Stored { row, .. } } in records {
                // A record that is changed meanwhile may be met at its new place again.
                if !matcher.matches(&row) || (moves && !met.insert(key)) {
                    continue;
                }
                let differs = |before: &Row| leading.iter().any(|name| before.get(name) != row.get(name));
                // Whatever comes now is further from the start than all that the page needs.
                if !leading.is_empty() && page.is_full() && previous.as_ref().is_some_and(differs) {
                    break 'scan;
                }
                if !in_order {
                    previous = Some(row.clone());
                }
                if page.push(row)?.is_break() {
                    break 'scan;
                }
            }
        }
        if empty {
            self.confirm(&base, table).await?;
        }
        page.finish()
    }

    /// The number of records that match.
    pub(super) async fn count(&self, table: Arc<Table>, query: Query) -> Result<u64> {
        let base = self.base(&table);
        let layout = self.layouts.get(&self.client, &base, &table).await?;
        if query.is_empty() && expiry_of(&table).is_none() {
            self.confirm(&base, &table).await?;
            return self.client.read(cmd("ZCARD").arg(base.within(super::keys::ORDER))).await;
        }
        let matcher = Matcher::new(&table, &query)?;
        let walk = plan(&layout.shape, &table, &query, &[], None);
        let mut scan = Scan::new(&self.client, &base, &table, walk, usize::MAX);
        let mut count = 0;
        let mut empty = true;
        while let Some(records) = scan.next().await? {
            empty = false;
            count += records.iter().filter(|found| matcher.matches(&found.stored.row)).count() as u64;
        }
        if empty {
            self.confirm(&base, &table).await?;
        }
        Ok(count)
    }

    /// A record as it is stored.
    pub(super) async fn stored(&self, table: &Table, key: &[u8]) -> Result<Option<Stored>> {
        Ok(self.stored_all(table, &[key.to_vec()]).await?.pop().flatten())
    }

    /// Records as they are stored, in the order of the keys.
    pub(super) async fn stored_all(&self, table: &Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Stored>>> {
        let base = self.base(table);
        let mut reads = pipe();
        reads.cmd("HEXISTS").arg(base.layout()).arg("v");
        for key in keys {
            reads.cmd("HGETALL").arg(base.record(key));
        }
        let mut replies = self.client.read_all(&reads).await?.into_iter();
        // A server that is loading its records answers each command with an error.
        let known = replies.next().unwrap_or_default().extract_error().map_err(error)?;
        if !matches!(known, Reply::Int(1) | Reply::Boolean(true)) {
            self.layouts.forget(&base);
            return Err(no_table(&table.name));
        }
        replies.map(|reply| decode_record(table, reply)).collect()
    }

    /// Makes sure that the table is still there.
    async fn confirm(&self, base: &Base, table: &Table) -> Result<()> {
        self.layouts.forget(base);
        self.layouts.get(&self.client, base, table).await.map(drop)
    }
}
