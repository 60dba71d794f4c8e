//! Kept rows as the parameters of the database say.

use std::path::Path;
use std::sync::Arc;

use super::near::CacheBounds;
use super::stamps::Stamps;
use crate::cache::{Cache, CacheDriver, Caches};
use crate::db::{DbBuilder, DbParams};
use crate::{Error, ErrorKind, Result};

/// The file of stamps, in the folder of what changes.
const FILE: &str = "cache.stamps";

/// Tells the builder what to keep. Its pools have to be known.
///
/// # Errors
/// `Config` when the stamps cannot be used, or a table is to be shared in a cache that there is not.
pub(in crate::db) fn configure(builder: DbBuilder, params: &DbParams, folder: &Path) -> Result<DbBuilder> {
    let path = folder.join(FILE);
    let stamps = match (params.cache_tables.is_empty(), builder.tells_all_writes()) {
        (false, _) => Stamps::open(&path).map(Some),
        // Made by whoever keeps rows on this home; when it is not there, nobody has to be told.
        (true, true) => Stamps::open_existing(&path),
        (true, false) => Ok(None),
    };
    let stamps = stamps.map_err(|e| {
        let text = format!("cannot use the file {}, which cached tables need", path.display());
        Error::new(ErrorKind::Config, text).source(e)
    })?;
    let Some(stamps) = stamps else { return Ok(builder.tell_no_writes()) };
    let bounds = CacheBounds { rows: params.cache_max, bytes: params.cache_max_bytes.bytes() };
    let mut builder = builder.stamps(Arc::new(stamps)).cache_bounds(bounds);
    for table in &params.cache_tables {
        let own_ttl = params.cache_ttl_table.iter().find(|(name, _)| builder.is_table(name, table));
        let ttl = own_ttl.map_or(params.cache_ttl, |(_, ttl)| *ttl);
        let shared = place(&builder, params, table)?;
        builder = builder.cache([table.as_str()], ttl);
        builder = match shared {
            Place::Process => builder,
            Place::Host => builder.share_on_host([table.as_str()]),
            Place::Everywhere(cache) => builder.share_everywhere([table.as_str()], &cache),
        };
    }
    for ((table, name), columns) in &params.cache_keys {
        // Of a table that is not kept, or not there: a module may not take part in this process.
        if params.cache_tables.iter().any(|kept| builder.is_table(kept, table)) {
            builder = builder.cache_key(table, name, columns);
        }
    }
    Ok(builder)
}

/// Where the kept rows of a table are.
enum Place {
    Process,
    Host,
    Everywhere(Arc<dyn CacheDriver>),
}

impl Place {
    fn of(cache: &Cache) -> Self {
        if cache.is_everywhere() { Self::Everywhere(cache.driver().clone()) } else { Self::Host }
    }
}

fn place(builder: &DbBuilder, params: &DbParams, table: &str) -> Result<Place> {
    let (pool, is_embedded) = builder.pool_of(table);
    let named = params.cache_name.iter().find(|(name, _)| match name.split_once('.') {
        Some((of, name)) => of == pool && builder.is_table(name, table),
        None => builder.is_table(name, table),
    });
    match (named.map(|(_, cache)| cache.as_str()), builder.named_caches()) {
        (Some("none"), _) => Ok(Place::Process),
        (Some("local"), None) => Ok(Place::Host),
        (Some(name), caches) => {
            let caches = caches.cloned().unwrap_or_else(Caches::in_memory);
            caches.get(name).map(Place::of).map_err(|error| {
                let text = format!("db-cache-name of table {table:.40}: {}, none", error.message());
                Error::new(ErrorKind::Config, text)
            })
        }
        // Another process takes longer to answer than a store within this one, and no other host has this file.
        (None, _) if is_embedded => Ok(Place::Process),
        (None, Some(caches)) => Ok(Place::of(caches.default())),
        (None, None) => Ok(Place::Host),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::drivers::local::LocalDriver;
    use crate::db::drivers::none::NoneDriver;
    use crate::db::{Db, Options};
    use crate::schema::{Column, SchemaBuilder, Table};
    use crate::value::Row;

    fn builder() -> DbBuilder {
        let mut schema = SchemaBuilder::new();
        schema.add(Table::new("t").alias("tt").column(Column::text("id").primary()));
        schema.add(Table::new("u").column(Column::text("id").primary()));
        let none = Arc::new(NoneDriver::new());
        Db::builder(Arc::new(schema.build()))
            .pool("none", none)
            .host_cache(Arc::new(LocalDriver::in_memory(10, 1000)))
    }

    fn params(set: impl FnOnce(&mut DbParams)) -> DbParams {
        let mut params = DbParams { cache_tables: vec!["t".into()], ..DbParams::default() };
        set(&mut params);
        params
    }

    async fn stats_after_two_reads(params: &DbParams, folder: &Path) -> [u64; 3] {
        let db = configure(builder(), params, folder).and_then(DbBuilder::build).expect("builds");
        for _ in 0..2 {
            db.get::<Row>("t", "a", &Options::new()).await.expect("reads");
            // What was read goes where it is shared.
            tokio::task::yield_now().await;
        }
        assert_eq!(db.cache_stats("u"), None);
        db.cache_stats("t").map_or([0; 3], |s| [s.near_hits, s.shared_hits, s.misses])
    }

    #[tokio::test]
    async fn tables_that_are_listed_are_kept_unless_for_no_time() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(stats_after_two_reads(&params(|_| ()), folder.path()).await, [1, 0, 1]);
        let by_alias = params(|p| p.cache_tables = vec!["tt".into()]);
        assert_eq!(stats_after_two_reads(&by_alias, folder.path()).await, [1, 0, 1]);
        let never = params(|p| p.cache_ttl_table = [("tt".into(), Duration::ZERO)].into());
        assert_eq!(stats_after_two_reads(&never, folder.path()).await, [0, 0, 0]);
        let no_room = params(|p| p.cache_max = 0);
        assert_eq!(stats_after_two_reads(&no_room, folder.path()).await, [0, 0, 2]);
    }

    #[tokio::test]
    async fn rows_of_embedded_stores_are_shared_when_that_is_said() {
        for (name, cache, shared) in [
            ("t", "local", 1),
            ("none.tt", "local", 1),
            ("other.t", "local", 0),
            ("u", "local", 0),
            ("t", "none", 0),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let params = params(|p| {
                p.cache_name.insert(name.into(), cache.into());
                p.cache_max = 0;
            });
            assert_eq!(stats_after_two_reads(&params, folder.path()).await[1], shared, "{name} {cache}");
        }
    }

    #[tokio::test]
    async fn what_is_selected_by_columns_of_a_named_key_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let params = params(|p| {
            for (table, columns) in [("tt", "id"), ("u", "nosuch"), ("nosuch", "id")] {
                p.cache_keys.insert((table.into(), "k".into()), vec![columns.into()]);
            }
        });
        let db = configure(builder(), &params, folder.path()).and_then(DbBuilder::build).expect("builds");
        for _ in 0..2 {
            let query = Row::new().with("id", "a");
            db.select::<Row>("t", query, &Options::new()).await.expect("reads");
        }
        assert_eq!(db.cache_stats("t").map(|s| (s.near_hits, s.misses)), Some((1, 1)));
    }

    #[test]
    fn an_unknown_cache_or_table_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let wrong = params(|p| drop(p.cache_name.insert("tt".into(), "moon".into())));
        let error = configure(builder(), &wrong, folder.path()).err().expect("is refused");
        assert!(error.message().contains("moon") && error.kind() == ErrorKind::Config, "{error}");
        let wrong = params(|p| p.cache_tables.push("nosuch".into()));
        let error =
            configure(builder(), &wrong, folder.path()).and_then(DbBuilder::build).err().expect("is refused");
        assert!(error.message().contains("nosuch"), "{error}");
        let error =
            configure(builder(), &params(|_| ()), &folder.path().join("nosuch")).err().expect("is refused");
        assert!(error.message().contains("cache.stamps"), "{error}");
    }

    #[test]
    fn no_file_is_made_where_nothing_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let nothing = params(|p| p.cache_tables.clear());
        for builder in [builder(), builder().tell_all_writes()] {
            configure(builder, &nothing, folder.path()).and_then(DbBuilder::build).expect("builds");
        }
        assert!(!folder.path().join(FILE).exists());
    }
}
