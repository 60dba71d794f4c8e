//! Tables and their indexes: made, brought up to date while others write, removed.

use std::sync::Arc;

use super::commit::{Change, Expected, Outcome, commit};
use super::convert::Stored;
use super::driver::Store;
use super::keys::{Base, index_part, unique_part, versions};
use super::layout::{Layout, Shape, StoredIndex, read};
use super::plan::plan;
use super::scan::{Found, Scan};
use crate::connect::redis::{Script, cmd};
use crate::db::Query;
use crate::db::driver::{Difference, Differs};
use crate::db::layout::indexes_of;
use crate::db::plain::Step;
use crate::db::refusal::{exists, not_unique};
use crate::db::upgrade::{self, Fit, MAKE_ANEW, Rules, Stored as Known, differences, is_alike, kind_name};
use crate::schema::{Column, Table};
use crate::{Error, ErrorKind, Result};

static LAYOUT: Script = Script::new(include_str!("scripts/layout.lua"));
static PURGE: Script = Script::new(include_str!("scripts/purge.lua"));

/// Records that are removed at once while a table is dropped.
const PURGE_AT_ONCE: usize = 1000;

/// Attempts to be the one that changes a description; each failure means that another process did.
const ATTEMPTS: usize = 100;

impl Store {
    /// In what the server differs from these tables.
    pub(super) async fn differences(&self, tables: Vec<Arc<Table>>) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        for table in &tables {
            // A table that is being removed is as if absent.
            let layout = read(&self.client, &self.base(table)).await?.filter(|layout| !layout.shape.dropped);
            found.extend(differences_of(table, layout.as_ref().map(|layout| &layout.shape)));
        }
        Ok(found)
    }

    /// Carries out the changes of the plan; the whole plan, without the indexes that others made meanwhile.
    pub(super) async fn create(&self, tables: Vec<Arc<Table>>) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        for table in &tables {
            found.extend(self.create_table(table).await?);
        }
        Ok(found)
    }

    async fn create_table(&self, table: &Table) -> Result<Vec<Difference>> {
        let base = self.base(table);
        for _ in 0..ATTEMPTS {
            let stored = read(&self.client, &base).await?;
            if let Some(dropping) = stored.as_ref().filter(|layout| layout.shape.dropped) {
                self.purge(&base, dropping).await?;
                continue;
            }
            let shape = stored.as_ref().map(|layout| &layout.shape);
            let mut found = differences_of(table, shape);
            let wanted = upgraded(table, shape, &found);
            let unchanged = shape == Some(&wanted);
            if unchanged || self.replace(&base, stored.as_ref(), &wanted).await? {
                if stored.is_some() && found.iter().any(|one| matches!(one.what, Differs::Index { .. })) {
                    let built = self.build_missing(table, &base).await?;
                    found.retain(
                        |one| !matches!(&one.what, Differs::Index { index, .. } if !built.contains(index)),
                    );
                }
                return Ok(found);
            }
        }
        Err(too_many_changes(table))
    }

    /// Puts all records into the indexes that are not ready yet; those that are ready by that. Several processes may
    /// do so at once.
    async fn build_missing(&self, table: &Table, base: &Base) -> Result<Vec<String>> {
        let declared = indexes_of(table);
        let mut built = Vec::new();
        for _ in 0..ATTEMPTS {
            self.layouts.forget(base);
            let layout = self.layouts.get(&self.client, base, table).await?;
            let mut missing = layout.shape.indexes.iter().filter(|index| !index.ready);
            let next = missing.find(|index| declared.iter().any(|plan| plan.name == index.name));
            let Some(index) = next else { return Ok(built) };
            match self.build(table, base, &layout).await {
                Ok(Outcome::Done) => {
                    let ready = |shape: &mut Shape| {
                        let found = shape.indexes.iter_mut().filter(|one| one.name == index.name);
                        found.for_each(|one| one.ready = true);
                    };
                    self.change(table, base, ready).await?;
                    built.push(index.name.clone());
                }
                // Another process has changed the description; perhaps the index is ready now.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    self.give_up(table, base, &index.name).await?;
                    return Err(not_unique(&index.name).source(error));
                }
                Err(error) => return Err(error),
            }
        }
        Err(too_many_changes(table))
    }

    /// Writes every record as it is, which puts it into all indexes. Those that others write meanwhile are
    /// put there by the others. Ends early when the description is changed.
    async fn build(&self, table: &Table, base: &Base, layout: &Layout) -> Result<Outcome> {
        let by_key = Shape::default();
        let walk = plan(&by_key, table, &Query::new(), &[], None);
        let mut scan = Scan::new(&self.client, base, table, walk, usize::MAX);
        while let Some(records) = scan.next().await? {
            for Found { key, stored } in records {
                if self.build_record(table, base, layout, &key, stored).await? == Outcome::Layout {
                    return Ok(Outcome::Layout);
                }
            }
        }
        Ok(Outcome::Done)
    }

    async fn build_record(
        &self,
        table: &Table,
        base: &Base,
        layout: &Layout,
        key: &[u8],
        stored: Stored,
    ) -> Result<Outcome> {
        let step = Step::Store(stored.row.clone());
        let change = Change::new(base, layout, table, key, Expected::Is(Some(&stored)), &step)?;
        match commit(&self.client, change.into_iter().collect()).await? {
            Outcome::Taken(_) => Err(exists(table)),
            // Of a conflict: whoever has changed the record has put it into the index.
            outcome => Ok(outcome),
        }
    }

    /// Takes an index that cannot be made out of the description, and what was made of it.
    async fn give_up(&self, table: &Table, base: &Base, name: &str) -> Result<()> {
        self.change(table, base, |shape| shape.indexes.retain(|index| index.name != name || index.ready))
            .await?;
        let parts = [base.within(&index_part(name)), base.within(&unique_part(name))];
        self.client.call::<i64>(cmd("UNLINK").arg(&parts)).await.map(drop)
    }

    async fn change(&self, table: &Table, base: &Base, change: impl Fn(&mut Shape)) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let Some(stored) = read(&self.client, base).await? else { return Ok(()) };
            let mut shape = stored.shape.clone();
            change(&mut shape);
            if shape == stored.shape || self.replace(base, Some(&stored), &shape).await? {
                self.layouts.forget(base);
                return Ok(());
            }
        }
        Err(too_many_changes(table))
    }

    /// Replaces the description, unless another process has done so; then it is false.
    async fn replace(&self, base: &Base, stored: Option<&Layout>, shape: &Shape) -> Result<bool> {
        let text = serde_json::to_vec(shape)
            .map_err(|e| Error::internal("the description of a table cannot be written").source(e))?;
        let known = stored.map_or(&b""[..], |layout| layout.version.as_bytes());
        let arguments = [base.bytes().to_vec(), versions(&self.prefix), known.to_vec(), text];
        let version: String = self.client.script(&LAYOUT, &[], &arguments).await?;
        Ok(!version.is_empty())
    }

    /// The names of the indexes.
    pub(super) async fn indexes(&self, table: Arc<Table>) -> Result<Vec<String>> {
        let stored = read(&self.client, &self.base(&table)).await?;
        let ready = |index: StoredIndex| index.ready.then_some(index.name);
        let indexes = stored.into_iter().flat_map(|layout| layout.shape.indexes);
        let mut names: Vec<String> = indexes.filter_map(ready).collect();
        names.sort();
        Ok(names)
    }

    /// Removes a table: at once for writers, then record by record.
    pub(super) async fn drop_table(&self, table: Arc<Table>) -> Result<()> {
        let base = self.base(&table);
        self.change(&table, &base, |shape| shape.dropped = true).await?;
        match read(&self.client, &base).await? {
            Some(layout) if layout.shape.dropped => self.purge(&base, &layout).await,
            _ => Ok(()),
        }
    }

    async fn purge(&self, base: &Base, layout: &Layout) -> Result<()> {
        let mut arguments = vec![
            base.bytes().to_vec(),
            layout.version.clone().into_bytes(),
            PURGE_AT_ONCE.to_string().into_bytes(),
        ];
        arguments.extend(layout.shape.indexes.iter().map(|index| index.name.clone().into_bytes()));
        while self.client.script::<i64>(&PURGE, &[], &arguments).await? > 0 {}
        self.layouts.forget(base);
        Ok(())
    }
}

/// How tables are stored here.
struct Redis;

impl Rules for Redis {
    const INDEX_ADVICE: &'static str = MAKE_ANEW;

    fn kind(&self, _: &Table, column: &Column) -> String {
        kind_name(column)
    }

    fn fit(&self, stored: &str, wanted: &str, _: bool) -> Fit {
        if is_alike(stored, wanted) { Fit::Same } else { Fit::Other }
    }
}

/// In what a table differs from its stored description. An index that not all records are in yet is missing, so that
/// whoever comes after a creator that died makes it.
fn differences_of(table: &Table, shape: Option<&Shape>) -> Vec<Difference> {
    let stored = shape.map(|shape| Known {
        columns: shape.columns.iter().map(|(name, kind)| upgrade::HeldColumn::new(name, kind)).collect(),
        key: shape.keys.clone(),
        indexes: shape
            .indexes
            .iter()
            .filter(|index| index.ready)
            .map(|index| upgrade::StoredIndex { name: index.name.clone(), unique: index.unique })
            .collect(),
    });
    differences(&Redis, table, stored.as_ref())
}

/// The description with what is missing in it.
fn upgraded(table: &Table, stored: Option<&Shape>, found: &[Difference]) -> Shape {
    let Some(stored) = stored else { return Shape::of(table) };
    let mut shape = stored.clone();
    for Difference { what, .. } in found {
        match what {
            Differs::Column { column, kind } => {
                shape.columns.insert(column.clone(), kind.clone());
            }
            Differs::Index { index, .. } => {
                let plan = indexes_of(table).into_iter().find(|plan| plan.name == *index);
                let Some(wanted) = plan.map(|plan| StoredIndex::of(table, &plan, false)) else { continue };
                // Another process may be building it, or has died over it.
                if !shape.indexes.contains(&wanted) {
                    shape.indexes.retain(|known| known.name != *index);
                    shape.indexes.push(wanted);
                }
            }
            _ => {}
        }
    }
    shape
}

fn too_many_changes(table: &Table) -> Error {
    let message = format!("table {} is changed by too many processes, please try again later", table.name);
    Error::new(ErrorKind::Unavailable, message)
}
