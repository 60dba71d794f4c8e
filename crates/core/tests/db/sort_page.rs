//! Section H: order, pages and scans.

use std::ops::ControlFlow;

use bkjs_core::db::{Db, Op, Options, Page, Query, RowFate};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s133_pages_follow_one_another_in_order if sort,
    s134_the_last_page_has_no_token if sort,
    s135_an_exactly_full_page_does_not_loop if sort,
    s136_descending_order_puts_null_last if sort,
    s137_each_sort_column_has_its_own_direction if sort,
    s138_every_page_keeps_the_condition if sort,
    s139_a_page_by_number_goes_on_by_token if sort,
    s140_selected_columns_do_not_disturb_paging if sort,
    s141_a_token_of_another_query_is_refused if sort,
    s142_an_unknown_sort_column_is_refused,
    s143_any_count_is_served,
    s144_rows_added_between_pages_repeat_nothing if sort,
    s145_one_row_of_a_page_or_none if sort,
    s146_a_scan_visits_every_row_once,
    s147_a_scan_may_delete_what_it_visits,
    s148_an_error_of_the_callback_ends_the_scan,
    ties_are_broken_by_the_key if sort,
    a_key_of_three_parts_orders_pages if sort,
    pages_by_a_column_with_nulls_miss_nothing if sort,
    a_scan_ends_when_the_callback_says_so,
}

/// T2 with nine rows under `p`; every third name is null.
async fn nine(bench: &Bench) -> Checked<Db> {
    let db = bench.open([t2()]).await?;
    for n in 1..=9_i64 {
        let name = (n % 3 != 0).then(|| format!("n{}", 10 - n));
        seed(&db, T2, [row! { id: "p", id2: n.to_string(), num: n, name: name }]).await?;
    }
    Ok(db)
}

fn of_p() -> Query {
    Query::new().eq("id", "p")
}

/// The page after the one that gave `token`.
async fn next(db: &Db, query: Query, options: &Options, page: &Page<Row>) -> Checked<Page<Row>> {
    let options = Options { start: page.next_token.clone(), ..options.clone() };
    holds_that(options.start.is_some(), || "there is no token")?;
    Ok(db.select::<Row>(T2, query, &options).await?)
}

/// The column of all pages.
async fn all_pages(db: &Db, query: Query, options: &Options, name: &str) -> Checked<String> {
    let mut page = db.select::<Row>(T2, query.clone(), options).await?;
    let mut texts = vec![column(&page.rows, name)];
    while page.next_token.is_some() {
        holds_that(texts.len() < 100, || format!("endless pages: {texts:?}"))?;
        page = next(db, query.clone(), options, &page).await?;
        texts.push(column(&page.rows, name));
    }
    Ok(texts.join(" ").trim_end().to_owned())
}

async fn s133_pages_follow_one_another_in_order(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let page = db.select::<Row>(T2, of_p(), &Options::new().sort("id2").count(2)).await?;
    page_is(&page, "id2", "1 2")?;
    let page = next(&db, of_p(), &Options::new().sort("id2").count(3), &page).await?;
    page_is(&page, "id2", "3 4 5")?;
    holds_that(page.next_token.is_some(), || "there is no token")
}

async fn s134_the_last_page_has_no_token(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let five = Options::new().sort("id2").count(5);
    let page = db.select::<Row>(T2, of_p(), &five).await?;
    let page = next(&db, of_p(), &five, &page).await?;
    page_is(&page, "id2", "6 7 8 9")?;
    equal(page.next_token, None)
}

async fn s135_an_exactly_full_page_does_not_loop(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let nine = Options::new().sort("id2").count(9);
    let page = db.select::<Row>(T2, of_p(), &nine).await?;
    page_is(&page, "id2", "1 2 3 4 5 6 7 8 9")?;
    if page.next_token.is_some() {
        let page = next(&db, of_p(), &nine, &page).await?;
        equal((page.rows, page.next_token), (vec![], None))?;
    }
    Ok(())
}

async fn s136_descending_order_puts_null_last(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let down = Options { descending: true, ..Options::new().sort("id2") };
    let page = db.select::<Row>(T2, of_p(), &down).await?;
    page_is(&page, "id2", "9 8 7 6 5 4 3 2 1")?;
    let page = db.select::<Row>(T2, of_p(), &Options::new().sort("!num")).await?;
    page_is(&page, "id2", "9 8 7 6 5 4 3 2 1")?;
    let page = db.select::<Row>(T2, of_p(), &Options::new().sort("!name")).await?;
    page_is(&page, "id2", "1 2 4 5 7 8 3 6 9")?;
    let page = db.select::<Row>(T2, of_p(), &Options::new().sort("name")).await?;
    page_is(&page, "id2", "3 6 9 8 7 5 4 2 1")?;
    let by_key = Options { descending: true, ..Options::new() };
    let page = db.select::<Row>(T2, of_p(), &by_key).await?;
    page_is(&page, "id2", "9 8 7 6 5 4 3 2 1")
}

async fn s137_each_sort_column_has_its_own_direction(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    let rows = [("a", 2, 0.5), ("b", 1, 0.5), ("c", 2, 1.5), ("d", 1, -1.0)];
    seed(&db, T2, rows.map(|(id2, num, real)| row! { id: "p", id2: id2, num: num, real: real })).await?;
    let sorted = Options::new().sort("num").sort("!real");
    equal(all_pages(&db, of_p(), &sorted.clone().count(1), "id2").await?, "b d c a".into())?;
    page_is(&db.select::<Row>(T2, of_p(), &sorted).await?, "id2", "b d c a")
}

async fn s138_every_page_keeps_the_condition(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    seed(&db, T2, [row! { id: "q", id2: "5" }]).await?;
    let query = || of_p().op("id2", Op::Gt, "0").op("num", Op::Ne, 4);
    let first = db.select::<Row>(T2, query(), &Options::new().sort("id2").count(2)).await?;
    let second = next(&db, query(), &Options::new().sort("id2").count(3), &first).await?;
    page_is(&second, "id2", "3 5 6")?;
    equal(
        all_pages(&db, query(), &Options::new().sort("id2").count(3), "id2").await?,
        "1 2 3 5 6 7 8 9".into(),
    )
}

async fn s139_a_page_by_number_goes_on_by_token(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let second = Options { page: Some(2), ..Options::new().sort("id2").count(4) };
    let page = db.select::<Row>(T2, of_p(), &second).await?;
    page_is(&page, "id2", "5 6 7 8")?;
    let page = next(&db, of_p(), &Options::new().sort("id2").count(4), &page).await?;
    page_is(&page, "id2", "9")
}

async fn s140_selected_columns_do_not_disturb_paging(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let options = Options::new().sort("!num").count(2).select(["name"]);
    let page = db.select::<Row>(T2, of_p(), &options).await?;
    equal(page.rows.clone(), vec![row! { name: NULL }, row! { name: "n2" }])?;
    let page = next(&db, of_p(), &options, &page).await?;
    equal(page.rows, vec![row! { name: "n3" }, row! { name: NULL }])
}

async fn s141_a_token_of_another_query_is_refused(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let options = Options::new().sort("id2").count(2);
    let start = db.select::<Row>(T2, of_p(), &options).await?.next_token;
    let from_there = Options { start, ..options };
    let other_query = Query::new().eq("id", "q");
    fails(db.select::<Row>(T2, other_query, &from_there).await, ErrorKind::NotMatched)?;
    let other_sort = Options { sort: Options::new().sort("num").sort, ..from_there.clone() };
    fails(db.select::<Row>(T2, of_p(), &other_sort).await, ErrorKind::NotMatched)?;
    let other_direction = Options { descending: true, ..from_there.clone() };
    fails(db.select::<Row>(T2, of_p(), &other_direction).await, ErrorKind::NotMatched)?;
    page_is(&db.select::<Row>(T2, of_p(), &from_there).await?, "id2", "3 4")
}

async fn s142_an_unknown_sort_column_is_refused(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    for name in ["nosuch", "id2; drop table pairs", "id2 desc", "1", "", "random()", "\"id2\"", "!", "!!id2"]
    {
        fails(db.select::<Row>(T2, of_p(), &Options::new().sort(name)).await, ErrorKind::Invalid)?;
    }
    equal(db.select::<Row>(T2, of_p(), &USUAL).await?.rows.len(), 9)
}

async fn s143_any_count_is_served(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    for count in [0, 9, 10, 10_001, usize::MAX] {
        let page = db.select::<Row>(T2, of_p(), &Options::new().count(count)).await?;
        equal((page.rows.len(), page.next_token), (9, None))?;
    }
    let adds = (0..51).map(|n| crate::batch::add(T2, row! { id: "q", id2: n.to_string() })).collect();
    db.batch(adds, &USUAL).await?;
    let page = db.select::<Row>(T2, row! { id: "q" }, &Options::new().count(0)).await?;
    equal((page.rows.len(), page.next_token.is_some()), (50, true))?;
    let far = Options { page: Some(u64::MAX), ..Options::new().count(usize::MAX) };
    equal(db.select::<Row>(T2, of_p(), &far).await?.rows.len(), 0)?;
    let zeroth = Options { page: Some(0), ..Options::new() };
    equal(db.select::<Row>(T2, of_p(), &zeroth).await?.rows.len(), 9)
}

async fn s144_rows_added_between_pages_repeat_nothing(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let three = Options::new().sort("id2").count(3);
    let page = db.select::<Row>(T2, of_p(), &three).await?;
    seed(&db, T2, [row! { id: "p", id2: "0" }, row! { id: "p", id2: "35" }]).await?;
    db.del(T2, ("p", "3"), &USUAL).await?;
    page_is(&next(&db, of_p(), &three, &page).await?, "id2", "35 4 5")
}

/// T1 with so many rows.
async fn many(bench: &Bench, count: usize) -> Checked<Db> {
    let db = bench.open([t1()]).await?;
    let adds =
        (0..count).map(|n| crate::batch::add(T1, row! { id: format!("a{n:03}"), num: n as i64 })).collect();
    db.batch(adds, &USUAL).await?;
    Ok(db)
}

/// The sizes of the batches of a scan, the number of different rows, and what the scan returned.
async fn scanned(db: &Db, query: Query, options: &Options) -> Checked<(Vec<usize>, usize, u64)> {
    let mut sizes = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    let each = async |rows: Vec<Row>| {
        sizes.push(rows.len());
        ids.extend(rows.iter().map(|row| row.text("id").to_owned()));
        Ok(ControlFlow::Continue(()))
    };
    let count = db.scan(T1, query, options, each).await?;
    Ok((sizes, ids.len(), count))
}

async fn s145_one_row_of_a_page_or_none(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    let first = Options { first: true, ..Options::new().sort("!id2").count(4) };
    let last = Options { last: true, ..Options::new().sort("!id2").count(4) };
    let page = db.select::<Row>(T2, of_p(), &first).await?;
    page_is(&page, "id2", "9")?;
    equal(page.next_token.clone(), None)?;
    has(page.into_row().as_ref(), &row! { id2: "9" })?;
    page_is(&db.select::<Row>(T2, of_p(), &Options { page: Some(2), ..first.clone() }).await?, "id2", "5")?;
    let page = db.select::<Row>(T2, of_p(), &last).await?;
    page_is(&page, "id2", "6")?;
    page_is(&next(&db, of_p(), &last, &page).await?, "id2", "2")?;
    for options in [&first, &last] {
        let page = db.select::<Row>(T2, Query::new().eq("id", "nobody"), options).await?;
        equal(page.into_row(), None)?;
        equal(db.list::<Row, _>(T2, [("p", "x")], options).await?, Vec::new())?;
    }
    for (options, id2) in [(&first, "3"), (&last, "8")] {
        let rows: Vec<Row> = db.list(T2, [("p", "3"), ("p", "1"), ("p", "8"), ("p", "x")], options).await?;
        equal(column(&rows, "id2"), id2.to_owned())?;
    }
    // The first row is the first that the caller may see.
    let hook =
        |row: &mut Row, _: &Options| Ok(if row.text("id2") > "6" { RowFate::Drop } else { RowFate::Keep });
    let hooked = bench.open_with([t2()], |builder| builder.post_row(T2, hook)).await?;
    page_is(&hooked.select::<Row>(T2, of_p(), &first).await?, "id2", "6")
}

async fn s146_a_scan_visits_every_row_once(bench: Bench) -> Checked {
    let db = many(&bench, 40).await?;
    let fifteen = Options::new().count(15);
    equal(scanned(&db, Query::new(), &fifteen).await?, (vec![15, 15, 10], 40, 40))?;
    equal(scanned(&db, Query::new(), &Options::new().count(7)).await?, (vec![7, 7, 7, 7, 7, 5], 40, 40))?;
    let ten = Options { limit: Some(10), ..Options::new().count(7) };
    equal(scanned(&db, Query::new(), &ten).await?, (vec![7, 3], 10, 10))?;
    equal(scanned(&db, Query::new().op("num", Op::Ge, 30), &fifteen).await?, (vec![10], 10, 10))?;
    equal(scanned(&db, Query::new().op("num", Op::Gt, 99), &fifteen).await?, (vec![], 0, 0))
}

async fn s147_a_scan_may_delete_what_it_visits(bench: Bench) -> Checked {
    let db = many(&bench, 40).await?;
    let each = async |rows: Vec<Row>| {
        for row in rows {
            db.del(T1, row.text("id"), &USUAL).await?;
        }
        Ok(ControlFlow::Continue(()))
    };
    equal(db.scan(T1, Query::new(), &Options::new().count(7), each).await?, 40)?;
    finds(&db, T1, Query::new(), "").await
}

async fn s148_an_error_of_the_callback_ends_the_scan(bench: Bench) -> Checked {
    let db = many(&bench, 40).await?;
    let mut calls = 0;
    let each = async |_: Vec<Row>| {
        calls += 1;
        if calls == 2 {
            Err(Error::new(ErrorKind::Forbidden, "enough"))
        } else {
            Ok(ControlFlow::Continue(()))
        }
    };
    let result = db.scan(T1, Query::new(), &Options::new().count(7), each).await;
    equal(fails(result, ErrorKind::Forbidden)?.message().to_owned(), "enough".to_owned())?;
    equal(calls, 2)
}

async fn a_scan_ends_when_the_callback_says_so(bench: Bench) -> Checked {
    let db = many(&bench, 40).await?;
    let mut calls = 0;
    let each = async |_: Vec<Row>| {
        calls += 1;
        Ok(if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    equal(db.scan(T1, Query::new(), &Options::new().count(7), each).await?, 14)?;
    equal(calls, 2)
}

async fn ties_are_broken_by_the_key(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    let rows = ["7", "2", "9", "4", "1"].map(|id2| row! { id: "p", id2: id2, num: 1 });
    seed(&db, T2, rows).await?;
    for sort in ["num", "!num", "name"] {
        let options = Options::new().sort(sort).count(2);
        equal(all_pages(&db, of_p(), &options, "id2").await?, "1 2 4 7 9".into())?;
    }
    Ok(())
}

async fn a_key_of_three_parts_orders_pages(bench: Bench) -> Checked {
    let table = Table::new("triple")
        .column(Column::text("a").primary())
        .column(Column::int("b").primary())
        .column(Column::text("c").primary())
        .column(Column::text("id"));
    let db = bench.open([table]).await?;
    let keys = [("x", 10, "a"), ("x", 9, "b"), ("y", 1, "a"), ("x", -1, "c"), ("x", 9, "ab"), ("x", 9, "a")];
    seed(&db, "triple", keys.map(|(a, b, c)| row! { a: a, b: b, c: c, id: format!("{a}{b}{}", c.len()) }))
        .await?;
    let pages = async |query: Query, mut options: Options| {
        let mut ids = Vec::new();
        loop {
            let page = db.select::<Row>("triple", query.clone(), &options).await?;
            ids.push(column(&page.rows, "id"));
            options.start = page.next_token;
            if options.start.is_none() {
                return Checked::Ok(ids.join(" "));
            }
        }
    };
    let two = || Options::new().count(2);
    let x = || Query::new().eq("a", "x");
    equal(pages(x(), two()).await?, "x-11 x91 x92 x91 x101".into())?;
    equal(pages(x(), Options { descending: true, ..two() }).await?, "x101 x91 x92 x91 x-11".into())?;
    equal(pages(x().eq("b", 9), two()).await?, "x91 x92 x91".into())?;
    equal(pages(Query::new(), two()).await?, "x-11 x91 x92 x91 x101 y11".into())?;
    let key = || row! { a: "x", b: 9, c: "ab" };
    affected(&db.put("triple", row! { a: "x", b: 9, c: "ab", id: "new" }, &USUAL).await?, 1)?;
    stored(&db, "triple", key(), row! { a: "x", b: 9, c: "ab", id: "new" }).await?;
    affected(&db.del("triple", key(), &USUAL).await?, 1)?;
    equal(pages(x().eq("b", 9), two()).await?, "x91 x91".into())
}

async fn pages_by_a_column_with_nulls_miss_nothing(bench: Bench) -> Checked {
    let db = nine(&bench).await?;
    for count in 1..=4 {
        let up = Options::new().sort("name").count(count);
        equal(all_pages(&db, of_p(), &up, "id2").await?, "3 6 9 8 7 5 4 2 1".into())?;
        let down = Options::new().sort("!name").count(count);
        equal(all_pages(&db, of_p(), &down, "id2").await?, "1 2 4 5 7 8 3 6 9".into())?;
    }
    Ok(())
}
