//! Input that tries to be more than it is. No such call may fail with a status of 500 or beyond.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Op, Options, Query};
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::select::letters;
use crate::tables::*;
use crate::trial::trials;

trials! {
    hostile_tokens_are_refused,
    a_token_of_another_table_is_refused,
    hostile_names_in_conditions_are_refused,
    hostile_names_in_options_do_no_harm,
    hostile_names_in_records_are_ignored,
    operators_on_the_key_of_a_record_are_refused,
    values_that_look_like_statements_are_values,
    deep_and_wide_conditions_are_served_or_refused,
    values_of_extreme_size_are_served_or_refused,
}

const NAMES: [&str; 12] = [
    "num = 1 or 1",
    "num\" = 1 --",
    "num'; drop table simple; --",
    "`num`",
    "[num]",
    "(select 1)",
    "num)",
    "rowid",
    "*",
    "",
    "nu\0m",
    "simple.num",
];

/// The table is what it was.
async fn unharmed(db: &Db) -> Checked {
    finds(db, T1, Query::new(), "o1 o2 o3 o4 o5 o6 o7").await?;
    finds(db, T1, row! { email: "s" }, "o1 o2 o3 o4 o5 o6 o7").await
}

/// A call either works or is the caller's fault.
fn calm<T: std::fmt::Debug>(result: bkjs_core::Result<T>) -> Checked {
    match result {
        Err(error) if error.status() >= 500 && error.kind() != ErrorKind::Unsupported => {
            Err(Problem::new(format!("got {error:?}")))
        }
        _ => Ok(()),
    }
}

async fn hostile_tokens_are_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let two = Options::new().count(2);
    let token = db.select::<Row>(T1, Query::new(), &two).await?.next_token.unwrap_or_default();
    holds_that(!token.is_empty(), || "there is no token")?;
    let mut hostile: Vec<String> = vec!["x".into(), "0".into(), "-1".into(), "é".into(), "x".repeat(1 << 20)];
    hostile.push(format!("{token}A"));
    hostile.push(token.repeat(2));
    let chars: Vec<char> = token.chars().collect();
    for at in 0..chars.len() {
        let mut flipped = chars.clone();
        flipped[at] = if flipped[at] == 'A' { 'B' } else { 'A' };
        hostile.push(flipped.iter().collect());
        hostile.extend((at > 0).then(|| chars[..at].iter().collect()));
    }
    for start in hostile {
        let options = Options { start: Some(start.clone()), ..two.clone() };
        let error = fails(db.select::<Row>(T1, Query::new(), &options).await, ErrorKind::NotMatched);
        let error = error.map_err(|p| Problem::new(format!("token {start:.60}: {p}")))?;
        equal(error.status(), 400)?;
    }
    let good = Options { start: Some(token), ..two };
    equal(db.select::<Row>(T1, Query::new(), &good).await?.rows.len(), 2)
}

async fn a_token_of_another_table_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    for id in ["a", "b", "c"] {
        seed(&db, T1, [row! { id: id }]).await?;
        seed(&db, T3, [row! { id: id }]).await?;
    }
    let one = Options::new().count(1);
    let start = db.select::<Row>(T1, Query::new(), &one).await?.next_token;
    let options = Options { start, ..one };
    fails(db.select::<Row>(T3, Query::new(), &options).await, ErrorKind::NotMatched)?;
    page_is(&db.select::<Row>("T", Query::new(), &options).await?, "id", "b")
}

async fn hostile_names_in_conditions_are_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for name in NAMES {
        let query = || Query::new().eq("email", "s").eq(name, 1);
        refused(db.select::<Row>(T1, query(), &USUAL).await)?;
        refused(db.select::<Row>(T1, Query::new().or(query()), &USUAL).await)?;
        refused(db.del_all(T1, query(), &USUAL).await)?;
        refused(db.update(T1, row! { id: "o1", num: 7 }, &Options::new().only_if(query())).await)?;
        refused(db.select::<Row>(T1, row! { email: "s" }.with(format!("x{name}_$gt"), 1), &USUAL).await)?;
        refused(db.select::<Row>(T1, row! { email: "s" }.with(format!("num_${name}1"), 1), &USUAL).await)?;
    }
    unharmed(&db).await
}

async fn hostile_names_in_options_do_no_harm(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for name in NAMES {
        fails(db.select::<Row>(T1, Query::new(), &Options::new().sort(name)).await, ErrorKind::Invalid)?;
        let unique = Options { unique: Some(name.into()), ..Options::new() };
        refused(db.select::<Row>(T1, Query::new(), &unique).await)?;
        let page = db.select::<Row>(T1, Query::new(), &Options::new().select([name, "id"])).await?;
        only_columns(page.rows.first().unwrap_or(&Row::new()), "id")?;
        let row: Option<Row> = db.get(T1, "o1", &Options::new().select([name])).await?;
        has(row.as_ref(), &row! { id: "o1", email: "s" })?;
        finds_with(&db, T1, Query::new(), &ops(&[(name, Op::Gt)]), "o1 o2 o3 o4 o5 o6 o7").await?;
        let skip = Options { skip_columns: vec![name.into()], ..Options::new() };
        affected(&db.update(T1, row! { id: "o1", num: 1 }, &skip).await?, 1)?;
        let pool = Options { pool: Some(name.into()), ..Options::new() };
        calm(db.get::<Row>(T1, "o1", &pool).await)?;
    }
    unharmed(&db).await
}

async fn hostile_names_in_records_are_ignored(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for name in NAMES {
        affected(&db.update(T1, row! { id: "o1", num: 1 }.with(name, 2), &USUAL).await?, 1)?;
        affected(&db.put(T1, row! { id: "o1", num: 1 }.with(name, 2), &USUAL).await?, 1)?;
        affected(&db.update_all(T1, row! { id: "o1" }, row! { num: 1 }.with(name, 2), &USUAL).await?, 1)?;
    }
    stored(&db, T1, "o1", row! { num: 1, email: "s" }).await?;
    unharmed(&db).await
}

async fn operators_on_the_key_of_a_record_are_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for name in ["id_$set", "id_$", "id_$$", "id_$eq", "id_$unset", "id_$append", "id_$gt", "id_$nonsense"] {
        for record in [row! { num: 99 }.with(name, "o2"), row! { id: "o1", num: 99 }.with(name, "o2")] {
            let outcomes = [
                db.add(T1, record.clone(), &USUAL).await,
                db.put(T1, record.clone(), &USUAL).await,
                db.update(T1, record.clone(), &USUAL).await,
                db.incr(T1, record.clone(), &USUAL).await,
                db.update_all(T1, row! { id: "o1" }, record, &USUAL).await,
            ];
            for outcome in outcomes {
                let error = fails(outcome, ErrorKind::Invalid)?;
                holds_that(error.message().starts_with("id:"), || format!("{name}: {error}"))?;
            }
        }
    }
    finds(&db, T1, row! { num: 99 }, "").await?;
    unharmed(&db).await
}

async fn values_that_look_like_statements_are_values(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let values = [
        "' or 1=1 --",
        "'; delete from simple; --",
        "\"); drop table simple",
        "null",
        "\\'",
        "{\"$gt\":\"\"}",
        "name",
        "x'00'",
        "1e999",
        "\u{202e}",
    ];
    for value in values {
        seed(&db, T1, [row! { id: value, name: value, num: 1000 }]).await?;
        stored(&db, T1, value, row! { name: value }).await?;
        for op in [Op::Eq, Op::BeginsWith, Op::EndsWith, Op::Contains, Op::Ge, Op::Le, Op::In] {
            let query = Query::new().op("name", op, value).eq("num", 1000);
            finds(&db, T1, query, value).await?;
        }
        let query = Query::new().op("name", Op::Ne, value).eq("num", 1000);
        finds(&db, T1, query, "").await?;
        calm(db.select::<Row>(T1, Query::new().op("name", Op::Like, value), &USUAL).await)?;
        calm(db.select::<Row>(T1, Query::new().op("name", Op::Regexp, value), &USUAL).await)?;
        affected(
            &db.update_all(T1, row! { name: value }, row! { name: value, email: value }, &USUAL).await?,
            1,
        )?;
        affected(&db.del_all(T1, row! { email: value }, &USUAL).await?, 1)?;
    }
    unharmed(&db).await
}

async fn deep_and_wide_conditions_are_served_or_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for depth in [2, 10, 100, 1_000] {
        let deep = (0..depth).fold(Query::new().eq("num", 1), |query, _| Query::new().and(query));
        calm(db.select::<Row>(T1, deep, &USUAL).await)?;
    }
    for width in [100, 10_000, 100_000] {
        let list = Value::List((0..width).map(Value::Int).collect());
        calm(db.select::<Row>(T1, Query::new().op("num", Op::In, list), &USUAL).await)?;
    }
    for width in [100, 2_000] {
        let wide = (0..width).fold(Query::new(), |query, n| query.eq("num", n));
        calm(db.select::<Row>(T1, Query::new().or(wide), &USUAL).await)?;
    }
    let elements = Value::List((0..5_000).map(Value::Int).collect());
    for op in [Op::Contains, Op::AllIn, Op::NotAllIn] {
        calm(db.select::<Row>(T6, Query::new().op("tags", op, elements.clone()), &USUAL).await)?;
    }
    finds(&db, T1, Query::new(), "o1 o2 o3 o4 o5 o6 o7").await
}

async fn values_of_extreme_size_are_served_or_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let huge = "x".repeat(4 << 20);
    calm(db.select::<Row>(T1, row! { name: huge.as_str() }, &USUAL).await)?;
    for op in [Op::Like, Op::Contains, Op::Regexp] {
        calm(db.select::<Row>(T1, Query::new().op("name", op, huge.as_str()), &USUAL).await)?;
    }
    calm(db.add(T1, row! { id: "big", name: huge.as_str() }, &USUAL).await)?;
    calm(db.get::<Row>(T1, huge.as_str(), &USUAL).await)?;
    calm(db.del(T1, "big", &USUAL).await)?;
    unharmed(&db).await
}
