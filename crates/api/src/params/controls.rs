//! Control parameters: those that start with `_` and say how, not what.

use bkjs_core::db::{Op, Options, Sort};
use bkjs_core::value::{Name, Value};
use bkjs_core::{Error, Result};

use super::{RequestParams, elements, last, pieces, truth};

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
    ///
    /// # Errors
    /// `Invalid`, naming the control, as [`RequestParams::flag`].
    pub fn of(params: &RequestParams) -> Result<Self> {
        Ok(Self {
            session: params.get("_session").map(|value| truth("_session", value)).transpose()?,
            access_token: params.flag("_accesstoken")?,
        })
    }
}

impl RequestParams {
    /// The options of a database call as the control parameters say.
    ///
    /// | control | meaning |
    /// |---|---|
    /// | `_count` | rows on a page: 25 when absent or a text that is no number, at most 999; 0 and less mean the most |
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
    /// `Invalid`, naming the control, for an unknown operator, an odd list in `_ops`, a page that is none, and
    /// for a value of a kind that the control cannot be: an object, a fraction, a list within a list.
    pub fn options(&self) -> Result<Options> {
        let mut options = Options { noscan: true, count: Some(DEFAULT_COUNT), ..Options::default() };
        for (name, value) in self.row.iter().filter(|(name, _)| name.starts_with('_')) {
            match &**name {
                "_count" => options.count = Some(count(value)?),
                "_start" => options.start = start(value)?,
                "_page" => options.page = page(value)?,
                "_sort" => options.sort = names(name, value)?.map(sort).collect(),
                "_desc" => options.descending = truth(name, value)?,
                "_select" => options.select = names(name, value)?.map(Into::into).collect(),
                "_ops" => options.ops = ops(name, value)?,
                "_total" => options.total = truth(name, value)?,
                _ => {}
            }
        }
        Ok(options)
    }
}

fn count(value: &Value) -> Result<usize> {
    let number = match last(value) {
        Value::Null => None,
        Value::Int(n) => Some(*n),
        // The protocol has it so: a text that is no number leaves the default.
        Value::Text(text) => text.trim().parse().ok(),
        _ => return Err(Error::invalid("_count must be a number")),
    };
    Ok(match number {
        None => DEFAULT_COUNT,
        Some(n) if n <= 0 => MAX_COUNT,
        Some(n) => usize::try_from(n).map_or(MAX_COUNT, |n| n.min(MAX_COUNT)),
    })
}

fn start(value: &Value) -> Result<Option<String>> {
    match last(value) {
        Value::Null => Ok(None),
        Value::Text(text) => Ok((!text.is_empty()).then(|| text.clone())),
        Value::Int(n) => Ok(Some(n.to_string())),
        _ => Err(Error::invalid("_start must be the token of the page before")),
    }
}

fn page(value: &Value) -> Result<Option<u64>> {
    let number = match last(value) {
        Value::Null => return Ok(None),
        Value::Text(text) if text.is_empty() => return Ok(None),
        Value::Int(n) => u64::try_from(*n).ok(),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(n) if n <= u64::from(u32::MAX) => Ok(Some(n.max(1))),
        _ => Err(Error::invalid("_page must be a number from 1")),
    }
}

/// The texts of a control: elements of a list, pieces between commas and bars.
fn names<'a>(control: &str, value: &'a Value) -> Result<impl Iterator<Item = &'a str>> {
    let elements = elements(value);
    if !elements.iter().all(|element| matches!(element, Value::Null | Value::Text(_))) {
        return Err(Error::invalid(format!("{control} must be a list of texts")));
    }
    Ok(elements.iter().filter_map(Value::as_str).flat_map(pieces))
}

fn sort(name: &str) -> Sort {
    let (column, descending) = name.strip_prefix('!').map_or((name, false), |n| (n, true));
    Sort { column: column.into(), descending }
}

fn ops(control: &str, value: &Value) -> Result<Vec<(Name, Op)>> {
    let pieces: Vec<&str> = names(control, value)?.collect();
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
    use bkjs_core::value::Row;
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
    fn a_control_of_a_kind_that_it_cannot_be_is_refused_by_name() {
        let bad = [Value::Map(Row::new()), Value::Real(1.5), vec![Value::List(Vec::new())].into()];
        for name in ["_count", "_start", "_page", "_sort", "_desc", "_select", "_ops", "_total"] {
            for value in &bad {
                let row = Row::new().with(name, value.clone());
                let e = RequestParams { row, ..RequestParams::default() }.options().expect_err(name);
                assert!(e.message().starts_with(name), "{value:?}: {e}");
            }
        }
        for name in ["_session", "_accesstoken"] {
            for value in &bad {
                let row = Row::new().with(name, value.clone());
                let e = Controls::of(&RequestParams { row, ..RequestParams::default() }).expect_err(name);
                assert!(e.message().starts_with(name), "{value:?}: {e}");
            }
        }
    }

    #[test]
    fn the_last_one_counts_when_a_control_is_given_again() {
        let o = options("_count=1&_count=2&_desc=0&_desc=1&_total=1&_total=0").expect("valid");
        assert_eq!((o.count, o.descending, o.total), (Some(2), true, false));
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
            let row = Row::new().with(name, value);
            let _ = RequestParams { row, ..RequestParams::default() }.options();
        }
    }
}
