//! Reading: by key, and by walking over what may match.

use std::ops::ControlFlow;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select as What};

use super::access::{Access, Direction, Range};
use super::client::{Connection, pause};
use super::condition;
use super::convert::{Item, decode_row};
use super::error::{contended, convert};
use super::expression::Terms;
use super::key::KeyShape;
use crate::db::Query;
use crate::db::evaluate::Matcher;
use crate::db::layout::expiry_of;
use crate::db::plain::is_live;
use crate::db::prepare::now_seconds;
use crate::schema::Table;
use crate::value::Row;
use crate::{Error, ErrorKind, Result};

/// The most keys of one request.
const KEYS_AT_ONCE: usize = 100;
/// How often in a row the service may answer nothing for the keys of a request.
const FRUITLESS: u32 = 10;

/// What is told of each record that matches; breaks to see no more.
pub(super) type Visit<'a> = dyn FnMut(Row) -> Result<ControlFlow<()>> + Send + 'a;

/// The records that a walk is about.
pub(super) struct Walk<'a> {
    /// The table.
    pub(super) table: &'a Table,
    /// What they must be like.
    pub(super) query: &'a Query,
    /// Where they are.
    pub(super) access: Access,
    /// How many are wanted; none is all.
    pub(super) wanted: Option<u64>,
}

/// One request of a walk.
struct Source<'a> {
    hash: Option<&'a AttributeValue>,
    range: Option<&'a Range>,
    direction: Direction,
}

/// What a page of the service holds.
struct Found {
    items: Vec<Item>,
    count: u64,
    read: u64,
    next: Option<Item>,
}

impl Connection {
    /// One record as it is now.
    ///
    /// # Errors
    /// Those of the service.
    pub(super) async fn item(&self, table: &Table, key: Item) -> Result<Option<Item>> {
        let call =
            self.repeating().await?.get_item().table_name(self.table_name(table)).consistent_read(true);
        let found = call.set_key(Some(key)).send().await;
        Ok(found.map_err(|e| convert(e, &table.name, false))?.item)
    }

    /// The records of these keys as they are now, in any order.
    ///
    /// # Errors
    /// Those of the service; `OverCapacity` when it goes on leaving keys out.
    pub(super) async fn items(&self, table: &Table, keys: Vec<Item>) -> Result<Vec<Item>> {
        let name = self.table_name(table);
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let mut left = keys.to_vec();
            let mut fruitless = 0;
            while !left.is_empty() {
                let asked = left.len();
                let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
                let wanted = wanted.map_err(|e| Error::internal("a list of keys").source(e))?;
                let call = self.repeating().await?.batch_get_item().request_items(&name, wanted);
                let mut found = call.send().await.map_err(|e| convert(e, &table.name, false))?;
                items
                    .extend(found.responses.take().and_then(|mut all| all.remove(&name)).unwrap_or_default());
                let rest = found.unprocessed_keys.take().and_then(|mut all| all.remove(&name));
                left = rest.map(|rest| rest.keys).unwrap_or_default();
                fruitless = if left.len() < asked { 0 } else { fruitless + 1 };
                if fruitless == FRUITLESS {
                    return Err(contended(&table.name));
                }
                if !left.is_empty() {
                    pause(fruitless + 4).await;
                }
            }
        }
        Ok(items)
    }

    /// Visits the records that match, in the order of the access if it has one.
    ///
    /// # Errors
    /// Those of the service and of `visit`; `OverCapacity` beyond the limit of records to read.
    pub(super) async fn walk(&self, walk: &Walk<'_>, visit: &mut Visit<'_>) -> Result<()> {
        let matcher = Matcher::new(walk.table, walk.query)?;
        let (mut read, now) = (0, now_seconds());
        for source in walk.sources() {
            let mut start = None;
            loop {
                let found = self.page(walk, &source, start, false).await?;
                read += found.read;
                self.admit(walk.table, read)?;
                for item in &found.items {
                    let row = decode_row(walk.table, item)?;
                    if is_live(walk.table, &row, now) && matcher.matches(&row) && visit(row)?.is_break() {
                        return Ok(());
                    }
                }
                start = found.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The number of records that match.
    ///
    /// # Errors
    /// As [`walk`](Self::walk).
    pub(super) async fn count(&self, table: &Table, query: &Query) -> Result<u64> {
        let shape = KeyShape::of(table)?;
        let walk = Walk { table, query, access: Access::of(&shape, query)?, wanted: None };
        let mut count = 0;
        let (_, exact) = condition::superset(&mut Terms::default(), table, query, &[]);
        if !exact || walk.access != Access::Scan || expiry_of(table).is_some() {
            let mut visit = |_| {
                count += 1;
                Ok(ControlFlow::Continue(()))
            };
            self.walk(&walk, &mut visit).await?;
            return Ok(count);
        }
        let (mut start, mut read) = (None, 0);
        for source in walk.sources() {
            loop {
                let found = self.page(&walk, &source, start, true).await?;
                read += found.read;
                self.admit(table, read)?;
                count += found.count;
                start = found.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(count)
    }

    fn admit(&self, table: &Table, read: u64) -> Result<()> {
        let limit = self.options.scan_limit;
        if limit == 0 || read <= limit {
            return Ok(());
        }
        let message = format!(
            "more than {limit} records of table {} would have to be read: give its first key column, or raise scan-limit",
            table.name
        );
        Err(Error::new(ErrorKind::OverCapacity, message))
    }

    async fn page(
        &self,
        walk: &Walk<'_>,
        source: &Source<'_>,
        start: Option<Item>,
        only_count: bool,
    ) -> Result<Found> {
        let shape = KeyShape::of(walk.table)?;
        let mut terms = Terms::default();
        let client = self.repeating().await?;
        let name = self.table_name(walk.table);
        let what = only_count.then_some(What::Count);
        let Some(hash) = source.hash else {
            let (filter, _) = condition::superset(&mut terms, walk.table, walk.query, &[]);
            let call = client.scan().table_name(name).consistent_read(true).set_select(what);
            let call = call
                .set_filter_expression(filter)
                .set_expression_attribute_names(terms.names())
                .set_expression_attribute_values(terms.values())
                .set_exclusive_start_key(start);
            let found = call.send().await.map_err(|e| convert(e, &walk.table.name, false))?;
            let (count, read) = (whole(found.count), whole(found.scanned_count));
            return Ok(Found {
                items: found.items.unwrap_or_default(),
                count,
                read,
                next: found.last_evaluated_key,
            });
        };
        let mut key = format!("{} = {}", terms.name(shape.hash()), terms.value(hash.clone()));
        if let (Some(range), Some(name)) = (source.range, shape.range())
            && let Some(test) = range.expression(&mut terms, name)
        {
            key.push_str(" AND ");
            key.push_str(&test);
        }
        // The service takes no test of key attributes here.
        let keys: Vec<&str> = [Some(shape.hash()), shape.range()].into_iter().flatten().collect();
        let (filter, _) = condition::superset(&mut terms, walk.table, walk.query, &keys);
        let limit = walk.wanted.filter(|_| filter.is_none()).and_then(|wanted| i32::try_from(wanted).ok());
        let call = client.query().table_name(name).consistent_read(true).set_select(what);
        let call = call
            .key_condition_expression(key)
            .set_filter_expression(filter)
            .set_expression_attribute_names(terms.names())
            .set_expression_attribute_values(terms.values())
            .scan_index_forward(source.direction == Direction::Up)
            .set_limit(limit)
            .set_exclusive_start_key(start);
        let found = call.send().await.map_err(|e| convert(e, &walk.table.name, false))?;
        let (count, read) = (whole(found.count), whole(found.scanned_count));
        Ok(Found { items: found.items.unwrap_or_default(), count, read, next: found.last_evaluated_key })
    }
}

impl Walk<'_> {
    fn sources(&self) -> Vec<Source<'_>> {
        match &self.access {
            Access::Scan => vec![Source { hash: None, range: None, direction: Direction::Up }],
            Access::Query { hashes, range, order } => {
                let direction = order.unwrap_or(Direction::Up);
                hashes.iter().map(|hash| Source { hash: Some(hash), range: Some(range), direction }).collect()
            }
        }
    }
}

fn whole(count: i32) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
