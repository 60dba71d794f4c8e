//! Control parameters: those that start with `_` and say how, not what.

use bkjs_core::db::{Op, Options, Sort};
use bkjs_core::value::{Name, Value};
use bkjs_core::{Error, Result};

use super::{RequestParams, split, truthy};

/// Rows on a page when the caller does not say.
pub const DEFAULT_COUNT: usize = 25;
/// The most rows on a page.
pub const MAX_COUNT: usize = 999;

/// The control parameters of a request that are about the reply, not the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// `_session`: true sets the session cookie, false clears it.
    pub session: Option<bool>,
    /// `_accesstoken`: an access token is wanted.
    pub access_token: bool,
}

impl Controls {
    /// Reads the controls.
    pub fn of(params: &RequestParams) -> Self {
        Self { session: params.get("_session").map(truthy), access_token: params.flag("_accesstoken") }
    }
}

impl RequestParams {
    /// The options of a database call as the control parameters say.
    ///
    /// | control | meaning |
    /// |---|---|
    /// | `_count` | rows on a page: 25 when absent or no number, at most 999; 0 and less mean the most |
    /// | `_start` | the token of the page before |
    /// | `_page` | the page by number, from 1 |
    /// | `_sort` | columns by comma, `!name` is descending |
    /// | `_desc` | the other way round |
    /// | `_select` | the columns to return |
    /// | `_ops` | `name,op,name,op` |
    /// | `_total` | only the number of matching records |
    ///
    /// An empty condition finds nothing (`noscan`): a handler that lists whole tables turns that off.
    ///
    /// # Errors
    /// `Invalid`, naming the control, for an unknown operator, an odd list in `_ops`, a page that is none.
    pub fn options(&self) -> Result<Options> {
        let mut options = Options { noscan: true, count: Some(self.count()), ..Options::default() };
        for (name, value) in self.row.iter().filter(|(name, _)| name.starts_with('_')) {
            match &**name {
                "_start" => options.start = text(value).filter(|t| !t.is_empty()),
                "_page" => options.page = page(value)?,
                "_sort" => options.sort = split(value).map(sort).collect(),
                "_desc" => options.descending = truthy(value),
                "_select" => options.select = split(value).map(Into::into).collect(),
                "_ops" => options.ops = ops(value)?,
                "_total" => options.total = truthy(value),
                _ => {}
            }
        }
        Ok(options)
    }

    fn count(&self) -> usize {
        match self.get("_count").and_then(integer) {
            None => DEFAULT_COUNT,
            Some(n) if n <= 0 => MAX_COUNT,
            Some(n) => usize::try_from(n).map_or(MAX_COUNT, |n| n.min(MAX_COUNT)),
        }
    }
}

/// The last element counts when a control is given again.
fn last(value: &Value) -> &Value {
    value.as_list().and_then(<[Value]>::last).unwrap_or(value)
}

fn integer(value: &Value) -> Option<i64> {
    match last(value) {
        Value::Int(n) => Some(*n),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match last(value) {
        Value::Text(text) => Some(text.clone()),
        Value::Int(n) => Some(n.to_string()),
        _ => None,
    }
}

fn page(value: &Value) -> Result<Option<u64>> {
    if last(value).is_empty() {
        return Ok(None);
    }
    match integer(value).and_then(|n| u64::try_from(n).ok()) {
        Some(0) => Ok(Some(1)),
        Some(n) if n <= u64::from(u32::MAX) => Ok(Some(n)),
        _ => Err(Error::invalid("_page must be a number from 1")),
    }
}

fn sort(name: &str) -> Sort {
    let (column, descending) = name.strip_prefix('!').map_or((name, false), |n| (n, true));
    Sort { column: column.into(), descending }
}

fn ops(value: &Value) -> Result<Vec<(Name, Op)>> {
    let pieces: Vec<&str> = split(value).collect();
    if !pieces.len().is_multiple_of(2) {
        return Err(Error::invalid("_ops must be a list of name,operator"));
    }
    pieces
        .chunks_exact(2)
        .map(|pair| {
            let op = Op::parse(pair[1]).map_err(|e| Error::invalid(format!("_ops: {}", e.message())))?;
            Ok((Name::from(pair[0]), op))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::parse_urlencoded;
    use proptest::prelude::*;

    fn options(query: &str) -> Result<Options> {
        RequestParams { row: parse_urlencoded(query)?, ..RequestParams::default() }.options()
    }

    #[test]
    fn counts_are_bounded() {
        for (query, count) in [
            ("", 25),
            ("_count=7", 7),
            ("_count=5000", 999),
            ("_count=0", 999),
            ("_count=-1", 999),
            ("_count=x", 25),
        ] {
            assert_eq!(options(query).expect("valid").count, Some(count), "{query}");
        }
    }

    #[test]
    fn ops_are_a_flat_list() {
        let o = options("_ops=name,begins_with|num,gt&_sort=a,!b&_desc=0&_select=a|b&_total=1&_page=2")
            .expect("valid");
        assert_eq!(o.ops, [("name".into(), Op::BeginsWith), ("num".into(), Op::Gt)]);
        assert_eq!(o.sort, [sort("a"), sort("!b")]);
        assert_eq!((o.descending, o.total, o.page, o.select.len()), (false, true, Some(2), 2));
    }

    #[test]
    fn bad_controls_are_refused_by_name() {
        for query in ["_ops=name", "_ops=name,frob", "_page=x", "_page=-1"] {
            let e = options(query).expect_err(query);
            assert!(e.message().starts_with(&query[..4]), "{e}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(name in "_(count|start|page|sort|desc|select|ops|total)", value in ".*") {
            let row = bkjs_core::value::Row::new().with(name, value);
            let _ = RequestParams { row, ..RequestParams::default() }.options();
        }
    }
}
