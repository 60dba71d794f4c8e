//! Random rows and random conditions: what a driver finds is what the condition says in memory.

use std::cmp::Ordering;

use bkjs_core::db::driver::Capabilities;
use bkjs_core::db::evaluate::Matcher;
use bkjs_core::db::{Db, GroupKind, Op, Options, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::backend::Bench;
use crate::check::*;
use crate::trial::trials;

trials! {
    any_condition_finds_what_it_says if sort,
}

const RANDOM: &str = "random";

fn table() -> Table {
    Table::new(RANDOM)
        .column(Column::text("id").primary())
        .column(Column::int("n").index())
        .column(Column::text("t"))
        .column(Column::bool("b"))
        .column(Column::real("r"))
        .column(Column::list("l"))
        .column(Column::set("s").of_int())
}

async fn any_condition_finds_what_it_says(bench: Bench) -> Checked {
    let db = bench.open([table()]).await?;
    let strategy =
        (prop::collection::vec(row(bench.can()), 0..12), prop::collection::vec(search(bench.can()), 4));
    run(100, strategy, async |(rows, searches)| compare(&db, rows, searches).await)
}

/// Tries `cases` random values; the failure tells of the smallest. The same values in every run.
pub(crate) fn run<S: Strategy>(cases: u32, strategy: S, check: impl AsyncFn(S::Value) -> Checked) -> Checked {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let handle = tokio::runtime::Handle::current();
    let tried = tokio::task::block_in_place(|| {
        runner.run(&strategy, |value| {
            let checked = handle.block_on(check(value));
            checked.map_err(|problem| TestCaseError::fail(problem.to_string()))
        })
    });
    // The reason names the smallest input; the error would print it once more, on a hundred lines.
    tried.map_err(|error| match error {
        TestError::Fail(reason, _) => Problem::new(reason),
        abort => Problem::new(abort),
    })
}

/// A condition, and the column to sort by.
type Search = (Query, (&'static str, bool));

/// Stores the rows and compares each search with the same in memory.
async fn compare(db: &Db, rows: Vec<Row>, searches: Vec<Search>) -> Checked {
    let whole = Options { whole_table: true, ..Options::new() };
    db.del_all(RANDOM, Query::new(), &whole).await?;
    let rows: Vec<Row> =
        (0_i64..).zip(rows).map(|(n, row)| row.with("id", format!("{:02}", n * 7 % 12))).collect();
    let adds = rows.iter().map(|row| crate::batch::add(RANDOM, row.clone())).collect();
    for result in db.batch(adds, &USUAL).await? {
        result?;
    }
    for (query, (column, descending)) in searches {
        let matcher = Matcher::new(&table(), &query)?;
        let mut expected: Vec<&Row> = rows.iter().filter(|row| matcher.matches(row)).collect();
        expected.sort_by(|a, b| {
            let order = order(a.get(column), b.get(column));
            let order = if descending { order.reverse() } else { order };
            order.then_with(|| a.text("id").cmp(b.text("id")))
        });
        let expected: Vec<&str> = expected.into_iter().map(|row| row.text("id")).collect();
        let sort = format!("{}{column}", if descending { "!" } else { "" });
        let got = in_pages(db, &query, &Options::new().sort(&sort).count(5)).await?;
        holds_that(got == expected.join(" "), || {
            format!("found {got:?}, expected {expected:?}, for {query:?} by {sort} in {rows:?}")
        })?;
        let total = Options { total: true, ..Options::new() };
        let total = db.select::<Row>(RANDOM, query, &total).await?.total;
        equal(total, Some(expected.len() as u64))?;
    }
    Ok(())
}

/// The ids of all pages.
async fn in_pages(db: &Db, query: &Query, options: &Options) -> Checked<String> {
    let mut options = options.clone();
    let mut ids = Vec::new();
    loop {
        let page = db.select::<Row>(RANDOM, query, &options).await?;
        ids.extend(page.rows.iter().map(|row| row.text("id").to_owned()));
        options.start = page.next_token;
        if options.start.is_none() {
            return Ok(ids.join(" "));
        }
        holds_that(ids.len() < 100, || format!("endless pages for {query:?}"))?;
    }
}

/// Null first, numbers by size, text by bytes.
fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a.unwrap_or(&NULL), b.unwrap_or(&NULL)) {
        (Value::Null, b) => {
            if b.is_null() {
                Ordering::Equal
            } else {
                Ordering::Less
            }
        }
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

// Values come from small sets, so that conditions often match.

fn int() -> impl Strategy<Value = Value> {
    prop_oneof![8 => -2..4_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)].prop_map(Value::Int)
}

fn real() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![-1.5, 0.0, 0.1, 1.0, 2.0, 1e300]).prop_map(Value::Real)
}

fn text(can: Capabilities) -> impl Strategy<Value = Value> + Clone {
    let letters = if can.nul_in_text { "[aAbéÉ%_\\\\'\\x00]{0,3}" } else { "[aAbéÉ%_\\\\'\\x01]{0,3}" };
    letters.prop_map(Value::Text)
}

fn flag() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(Value::Bool)
}

fn texts() -> impl Strategy<Value = Value> {
    prop::collection::vec("[ab,]{1,2}".prop_map(Value::Text), 0..4).prop_map(Value::List)
}

fn ints() -> impl Strategy<Value = Value> {
    prop::collection::btree_set(0..4_i64, 0..4)
        .prop_map(|set| Value::Set(set.into_iter().map(Value::Int).collect()))
}

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::option::weighted(0.8, value).prop_map(|value| value.unwrap_or(NULL))
}

fn row(can: Capabilities) -> impl Strategy<Value = Row> {
    (maybe(int()), maybe(text(can)), maybe(flag()), maybe(real()), maybe(texts()), maybe(ints()))
        .prop_map(|(n, t, b, r, l, s)| row! { id: "", n: n, t: t, b: b, r: r, l: l, s: s })
}

/// A comparison of a column with values of its kind.
fn compared(
    name: &'static str,
    value: impl Strategy<Value = Value> + Clone + 'static,
) -> BoxedStrategy<Query> {
    let one = prop::sample::select(vec![Op::Eq, Op::Ne, Op::Gt, Op::Ge, Op::Lt, Op::Le]);
    let some = prop::sample::select(vec![Op::In, Op::NotIn]);
    let two = prop::sample::select(vec![Op::Between, Op::NotBetween]);
    prop_oneof![
        4 => (one, value.clone()).prop_map(move |(op, value)| Query::new().op(name, op, value)),
        2 => (some, prop::collection::vec(value.clone(), 0..4))
            .prop_map(move |(op, values)| Query::new().op(name, op, Value::List(values))),
        1 => (two, [value.clone(), value])
            .prop_map(move |(op, bounds)| Query::new().op(name, op, Value::List(bounds.into()))),
        1 => absent(name),
    ]
    .boxed()
}

fn absent(name: &'static str) -> BoxedStrategy<Query> {
    prop::sample::select(vec![Op::Null, Op::NotNull])
        .prop_map(move |op| Query::new().op(name, op, NULL))
        .boxed()
}

fn condition(can: Capabilities) -> BoxedStrategy<Query> {
    let mut patterns = vec![
        Op::BeginsWith,
        Op::NotBeginsWith,
        Op::EndsWith,
        Op::NotEndsWith,
        Op::Contains,
        Op::NotContains,
        Op::Like,
        Op::NotLike,
    ];
    if can.case_insensitive {
        patterns.extend([Op::IBeginsWith, Op::ILike, Op::NotILike]);
    }
    let mut choices = vec![
        compared("n", int().boxed()),
        compared("t", text(can).boxed()),
        compared("r", real().boxed()),
        (prop::sample::select(vec![Op::Eq, Op::Ne]), flag())
            .prop_map(|(op, value)| Query::new().op("b", op, value))
            .boxed(),
        absent("b"),
        (prop::sample::select(patterns), text(can))
            .prop_map(|(op, value)| Query::new().op("t", op, value))
            .boxed(),
        elements("l", "[ab,]{1,2}".prop_map(Value::Text).boxed()),
        elements("s", (0..4_i64).prop_map(Value::Int).boxed()),
        absent("l"),
    ];
    if can.regexp {
        let regexps = prop::sample::select(vec![
            "^a",
            "b$",
            "[éb]",
            "^$",
            "a.",
            "(?i)É",
            r"\p{Lu}|_",
            r"(\w?%)+$",
            "[^a]{2}",
        ]);
        let ops = prop::sample::select(vec![Op::Regexp, Op::NotRegexp, Op::IRegexp, Op::NotIRegexp]);
        choices.push((ops, regexps).prop_map(|(op, text)| Query::new().op("t", op, text)).boxed());
    }
    prop::strategy::Union::new(choices).boxed()
}

/// A condition on the elements of a list or set.
fn elements(name: &'static str, value: BoxedStrategy<Value>) -> BoxedStrategy<Query> {
    let ops = prop::sample::select(vec![Op::Contains, Op::NotContains, Op::AllIn, Op::NotAllIn]);
    (ops, prop::collection::vec(value, 1..3))
        .prop_map(move |(op, values)| Query::new().op(name, op, Value::List(values)))
        .boxed()
}

/// Conditions and groups of them, three deep.
fn query(can: Capabilities) -> impl Strategy<Value = Query> {
    condition(can).prop_recursive(3, 12, 3, |inner| {
        let kind = prop::sample::select(vec![GroupKind::And, GroupKind::Or, GroupKind::Not]);
        let parts = prop::collection::vec((prop::option::of(kind), inner), 1..4);
        parts.prop_map(|parts| parts.into_iter().fold(Query::new(), joined))
    })
}

/// The query with another part: conditions beside its own, or a group.
fn joined(query: Query, (kind, part): (Option<GroupKind>, Query)) -> Query {
    match kind {
        Some(GroupKind::And) => query.and(part),
        Some(GroupKind::Or) => query.or(part),
        Some(GroupKind::Not) => query.not(part),
        None => Query {
            conditions: [query.conditions, part.conditions].concat(),
            groups: [query.groups, part.groups].concat(),
        },
    }
}

fn search(can: Capabilities) -> impl Strategy<Value = Search> {
    let sort = (prop::sample::select(vec!["id", "n", "t", "b", "r"]), any::<bool>());
    (query(can), sort)
}
