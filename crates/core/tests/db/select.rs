//! Section G: conditions.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Op, Options, Query};
use bkjs_core::schema::{Column, Convert, Table};
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s093_equal_converts_its_value,
    s094_ordered_compares_never_match_null,
    s095_not_equal_never_matches_null,
    s096_null_is_asked_for_by_value_or_operator,
    s097_a_list_without_an_operator_means_one_of_it,
    s098_in_of_an_empty_list_matches_nothing,
    s099_not_in_of_an_empty_list_restricts_nothing,
    s100_between_includes_both_bounds,
    s101_between_takes_two_bounds_as_list_or_text,
    s102_text_is_compared_exactly,
    s103_begins_with_is_case_sensitive,
    s104_begins_with_takes_percent_literally,
    s105_every_text_begins_with_nothing,
    s106_ends_with,
    s107_contains_takes_wildcards_literally,
    s108_ibegins_with_ignores_case if case_insensitive,
    s109_regular_expressions if regexp,
    a_hard_pattern_is_matched_or_refused if regexp,
    s110_an_unknown_operator_is_refused,
    s111_one_of_a_group_is_enough,
    s112_a_column_may_occur_several_times_in_a_group,
    s113_all_of_a_group_must_hold,
    s114_not_matches_whatever_the_group_does_not,
    s115_groups_nest,
    s116_two_groups_are_joined_by_and,
    s117_an_empty_group_is_refused,
    s118_the_operator_in_the_name_wins,
    s119_a_column_with_the_none_operator_takes_no_part,
    s120_an_unknown_column_is_refused,
    s121_a_value_of_a_wrong_kind_is_refused,
    s122_values_are_taken_literally,
    s123_values_are_converted_as_the_column_says,
    s124_no_condition_is_the_whole_table_or_nothing,
    s128_a_path_within_an_object if nested_paths,
    s129_the_total_ignores_the_page,
    s130_one_row_for_each_value,
    s131_writes_by_condition_affect_what_matches,
    s132_writes_without_a_condition_are_refused,
    like_is_an_sql_pattern,
    ilike_ignores_case if case_insensitive,
    any_joins_the_top_level_by_or,
    groups_may_be_written_as_rows,
    ordered_compares_on_text_go_by_bytes,
    unsupported_conditions_are_refused,
}

/// The rows that most trials of this section search.
pub(crate) async fn letters(bench: &Bench) -> Checked<Db> {
    let db = bench.open([t1()]).await?;
    let rows: [(&str, Value, &str); 7] = [
        ("o1", 1.into(), "abc"),
        ("o2", 2.into(), "abd"),
        ("o3", 3.into(), "xAbc"),
        ("o4", NULL, ""),
        ("o5", 10.into(), "50%"),
        ("o6", 11.into(), "50x"),
        ("o7", 12.into(), "a_c"),
    ];
    seed(&db, T1, rows.map(|(id, num, name)| row! { id: id, num: num, name: name, email: "s" })).await?;
    Ok(db)
}

/// Each condition finds its rows.
async fn each_finds<V: Into<Value>>(
    db: &Db,
    column: &str,
    cases: impl IntoIterator<Item = (Op, V, &str)>,
) -> Checked {
    for (op, value, ids) in cases {
        finds(db, T1, Query::new().op(column, op, value), ids).await?;
    }
    Ok(())
}

async fn s093_equal_converts_its_value(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, row! { num: 1 }, "o1").await?;
    finds(&db, T1, row! { num: "1" }, "o1").await?;
    finds(&db, T1, row! { num: 99 }, "").await
}

async fn s094_ordered_compares_never_match_null(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::Gt, 2, "o3 o5 o6 o7"),
        (Op::Ge, 2, "o2 o3 o5 o6 o7"),
        (Op::Lt, 3, "o1 o2"),
        (Op::Le, 3, "o1 o2 o3"),
    ];
    each_finds(&db, "num", cases).await
}

async fn s095_not_equal_never_matches_null(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for name in ["num_$ne", "num_$!=", "num_$<>", "num_$NE"] {
        finds(&db, T1, Row::new().with(name, 1), "o2 o3 o5 o6 o7").await?;
    }
    Ok(())
}

async fn s096_null_is_asked_for_by_value_or_operator(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, row! { num: NULL }, "o4").await?;
    finds(&db, T1, Row::new().with("num_$null", 1), "o4").await?;
    finds(&db, T1, Row::new().with("num_$not_null", 1), "o1 o2 o3 o5 o6 o7").await
}

async fn s097_a_list_without_an_operator_means_one_of_it(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, row! { num: list![1, "2"] }, "o1 o2").await
}

async fn s098_in_of_an_empty_list_matches_nothing(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::In, list![1, 2, 99], "o1 o2"),
        (Op::In, list![], ""),
        (Op::In, 1.into(), "o1"),
        (Op::Eq, list![], ""),
    ];
    each_finds(&db, "num", cases).await
}

async fn s099_not_in_of_an_empty_list_restricts_nothing(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [(Op::NotIn, list![1, 2], "o3 o5 o6 o7"), (Op::NotIn, list![], "o1 o2 o3 o4 o5 o6 o7")];
    each_finds(&db, "num", cases).await
}

async fn s100_between_includes_both_bounds(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [(Op::Between, list![2, 10], "o2 o3 o5"), (Op::NotBetween, list![2, 10], "o1 o6 o7")];
    each_finds(&db, "num", cases).await
}

async fn s101_between_takes_two_bounds_as_list_or_text(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, Query::new().op("num", Op::Between, "2,10"), "o2 o3 o5").await?;
    for bounds in [list![2], list![], list![1, 2, 3], Value::from(2), Value::from("2")] {
        let query = Query::new().op("num", Op::Between, bounds);
        fails(db.select::<Row>(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    }
    Ok(())
}

async fn s102_text_is_compared_exactly(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    each_finds(&db, "name", [(Op::Eq, "", "o4"), (Op::Eq, "abc", "o1"), (Op::Eq, "ABC", "")]).await
}

async fn s103_begins_with_is_case_sensitive(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::BeginsWith, "ab", "o1 o2"),
        (Op::BeginsWith, "AB", ""),
        (Op::NotBeginsWith, "ab", "o3 o4 o5 o6 o7"),
    ];
    each_finds(&db, "name", cases).await
}

async fn s104_begins_with_takes_percent_literally(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    each_finds(&db, "name", [(Op::BeginsWith, "50%", "o5"), (Op::BeginsWith, "a_", "o7")]).await
}

async fn s105_every_text_begins_with_nothing(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    seed(&db, T1, [row! { id: "o8", num: 8 }]).await?;
    finds(&db, T1, Query::new().op("name", Op::BeginsWith, ""), "o1 o2 o3 o4 o5 o6 o7").await
}

async fn s106_ends_with(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases =
        [(Op::EndsWith, "bc", "o1 o3"), (Op::EndsWith, "%", "o5"), (Op::NotEndsWith, "bc", "o2 o4 o5 o6 o7")];
    each_finds(&db, "name", cases).await
}

async fn s107_contains_takes_wildcards_literally(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::Contains, "bc", "o1 o3"),
        (Op::Contains, "%", "o5"),
        (Op::Contains, "_", "o7"),
        (Op::NotContains, "bc", "o2 o4 o5 o6 o7"),
    ];
    each_finds(&db, "name", cases).await
}

async fn s108_ibegins_with_ignores_case(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    each_finds(&db, "name", [(Op::IBeginsWith, "AB", "o1 o2"), (Op::IBeginsWith, "A_", "o7")]).await
}

async fn s109_regular_expressions(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::Regexp, "^ab", "o1 o2"),
        (Op::Regexp, "b[cd]$", "o1 o2 o3"),
        (Op::NotRegexp, "^ab", "o3 o4 o5 o6 o7"),
        (Op::IRegexp, "^AB", "o1 o2"),
        (Op::NotIRegexp, "^XA", "o1 o2 o4 o5 o6 o7"),
    ];
    each_finds(&db, "name", cases).await?;
    for pattern in ["(", "x{1000}{1000}{1000}"] {
        let query = Query::new().op("name", Op::Regexp, pattern);
        fails(db.select::<Row>(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    }
    Ok(())
}

/// Products that go back when a pattern does not fit give up at some time: that is no "does not match".
async fn a_hard_pattern_is_matched_or_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let text = format!("{}b{}ac", "a".repeat(40), "x".repeat(10));
    db.add(T1, row! { id: "a", name: text }, &USUAL).await?;
    let query = Query::new().op("name", Op::Regexp, "(a+)+c");
    match db.select::<Row>(T1, &query, &USUAL).await {
        Ok(page) => equal(page.rows.len(), 1)?,
        refused => drop(fails(refused, ErrorKind::Unsupported)?),
    }
    match db.update_all(T1, &query, row! { num: 7 }, &USUAL).await {
        Ok(written) => affected(&written, 1),
        refused => {
            fails(refused, ErrorKind::Unsupported)?;
            equal(value_of(&db, T1, "a", "num").await?, NULL)
        }
    }
}

async fn s110_an_unknown_operator_is_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let query = Row::new().with("num_$bogus", 1);
    fails(db.select::<Row>(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    let change_only = Query::new().op("num", Op::Incr, 1);
    fails(db.select::<Row>(T1, change_only, &USUAL).await, ErrorKind::Invalid).map(drop)
}

async fn s111_one_of_a_group_is_enough(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, Query::new().or(Query::new().eq("num", 1).eq("name", "abd")), "o1 o2").await
}

async fn s112_a_column_may_occur_several_times_in_a_group(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let group = Query::new().eq("num", 1).eq("num", 2).eq("num", 3);
    finds(&db, T1, Query::new().or(group), "o1 o2 o3").await?;
    let range = Query::new().op("num", Op::Ge, 2).op("num", Op::Lt, 10);
    finds(&db, T1, range, "o2 o3").await
}

async fn s113_all_of_a_group_must_hold(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, Query::new().and(Query::new().eq("num", 1).eq("name", "abc")), "o1").await?;
    finds(&db, T1, Query::new().and(Query::new().eq("num", 1).eq("name", "abd")), "").await
}

async fn s114_not_matches_whatever_the_group_does_not(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, Query::new().not(Query::new().eq("num", 1)), "o2 o3 o4 o5 o6 o7").await?;
    finds(&db, T1, Query::new().not(Query::new().op("num", Op::Gt, 2)), "o1 o2 o4").await?;
    let two = Query::new().op("num", Op::Gt, 2).eq("name", "50x");
    finds(&db, T1, Query::new().not(two), "o1 o2 o3 o4 o5 o7").await?;
    let twice = Query::new().not(Query::new().eq("num", 1));
    finds(&db, T1, Query::new().not(twice), "o1").await
}

async fn s115_groups_nest(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let inner = Query::new().eq("num", 2).eq("name", "abd");
    let query = Query::new().eq("email", "s").or(Query::new().eq("num", 1).and(inner));
    finds(&db, T1, query, "o1 o2").await
}

async fn s116_two_groups_are_joined_by_and(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let low = Query::new().eq("num", 1).eq("num", 2);
    let named = Query::new().eq("name", "abd").eq("name", "xAbc");
    finds(&db, T1, Query::new().or(low).or(named), "o2").await
}

async fn s117_an_empty_group_is_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for query in [
        Query::new().or(Query::new()),
        Query::new().eq("num", 1).and(Query::new()),
        Query::new().not(Query::new()),
    ] {
        fails(db.select::<Row>(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    }
    fails(db.del_all(T1, Query::new().or(Query::new()), &USUAL).await, ErrorKind::Invalid).map(drop)
}

async fn s118_the_operator_in_the_name_wins(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let less = ops(&[("num", Op::Lt)]);
    finds_with(&db, T1, Row::new().with("num_$gt", 2), &less, "o3 o5 o6 o7").await?;
    finds_with(&db, T1, row! { num: 3 }, &less, "o1 o2").await
}

async fn s119_a_column_with_the_none_operator_takes_no_part(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds_with(&db, T1, row! { num: 3, name: "abc" }, &ops(&[("num", Op::None)]), "o1").await?;
    finds(&db, T1, row! { name: "abc" }.with("num_$none", 3), "o1").await
}

async fn s120_an_unknown_column_is_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let query = row! { id: "o1", nosuch: 1 };
    let error = fails(db.select::<Row>(T1, &query, &USUAL).await, ErrorKind::Invalid)?;
    holds_that(error.message().contains("nosuch"), || error.message().to_owned())?;
    fails(db.update_all(T1, query.clone(), row! { num: 1 }, &USUAL).await, ErrorKind::Invalid)?;
    fails(db.del_all(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    let nested = Query::new().or(Query::new().eq("num", 1).and(Query::new().eq("nosuch", 1)));
    fails(db.select::<Row>(T1, nested, &USUAL).await, ErrorKind::Invalid).map(drop)
}

async fn s121_a_value_of_a_wrong_kind_is_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    for query in
        [row! { name: row! { a: 1 } }, row! { num: "abc" }, row! { num: row! { a: 1 } }, row! { num: 1.5 }]
    {
        fails(db.select::<Row>(T1, query, &USUAL).await, ErrorKind::Invalid)?;
    }
    Ok(())
}

async fn s122_values_are_taken_literally(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let hostile =
        ["'", "\"", "a' or '1'='1", "1; drop table simple", "--", "$1", "?", "?1", ":id", "\\", "%"];
    let nul = bench.can().nul_in_text.then_some("\0");
    for (n, name) in (0_i64..).zip(hostile.into_iter().chain(nul)) {
        finds(&db, T1, row! { name: name }, "").await?;
        seed(&db, T1, [row! { id: format!("x{n}"), name: name }]).await?;
        finds(&db, T1, row! { name: name }, &format!("x{n}")).await?;
    }
    finds(&db, T1, row! { email: "s" }, "o1 o2 o3 o4 o5 o6 o7").await
}

async fn s123_values_are_converted_as_the_column_says(bench: Bench) -> Checked {
    let login = Column::text("email").convert(Convert::Trim).convert(Convert::Lower);
    let db = bench.open([t1().column(login)]).await?;
    seed(&db, T1, [row! { id: "a1", email: " Joe@X.org " }]).await?;
    stored(&db, T1, "a1", row! { email: "joe@x.org" }).await?;
    finds(&db, T1, row! { email: " JOE@x.org" }, "a1").await?;
    finds(&db, T1, row! { email: list!["JOE@x.org ", "other"] }, "a1").await?;
    finds(&db, T1, Query::new().op("email", Op::BeginsWith, "JOE"), "a1").await
}

async fn s124_no_condition_is_the_whole_table_or_nothing(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    finds(&db, T1, Query::new(), "o1 o2 o3 o4 o5 o6 o7").await?;
    let noscan = Options { noscan: true, ..Options::new() };
    finds_with(&db, T1, Query::new(), &noscan, "").await?;
    finds_with(&db, T1, row! { num: 1 }, &noscan, "o1").await
}

async fn s128_a_path_within_an_object(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(
        &db,
        T6,
        [row! { id: "v1", obj: row! { a: 1 } }, row! { id: "v2", obj: row! { a: 2, b: row! { c: "x" } } }],
    )
    .await?;
    finds(&db, T6, Row::new().with("obj.a", 1), "v1").await?;
    finds(&db, T6, Row::new().with("obj.b.c", "x"), "v2").await?;
    finds(&db, T6, Row::new().with("obj.nosuch", 1), "").await
}

async fn s129_the_total_ignores_the_page(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let total = Options { total: true, count: Some(1), ..Options::new() };
    let page = db.select::<Row>(T1, Query::new().op("num", Op::Gt, 2), &total).await?;
    equal((page.total, page.rows), (Some(4), vec![]))
}

async fn s130_one_row_for_each_value(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let rows = [("a", 1), ("b", 2), ("c", 1), ("d", 2), ("e", 3)];
    seed(&db, T1, rows.map(|(id, num)| row! { id: id, num: num })).await?;
    let unique = Options { unique: Some("num".into()), ..Options::new() };
    finds_with(&db, T1, Query::new(), &unique, "a b e").await
}

async fn s131_writes_by_condition_affect_what_matches(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let over_five = Query::new().op("num", Op::Gt, 5);
    affected(&db.update_all(T1, over_five, row! { email: "u" }, &USUAL).await?, 3)?;
    finds(&db, T1, row! { email: "u" }, "o5 o6 o7").await?;
    affected(&db.del_all(T1, row! { email: "u" }, &USUAL).await?, 3)?;
    finds(&db, T1, Query::new(), "o1 o2 o3 o4").await
}

async fn s132_writes_without_a_condition_are_refused(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    fails(db.update_all(T1, Query::new(), row! { num: 0 }, &USUAL).await, ErrorKind::Invalid)?;
    fails(db.del_all(T1, Query::new(), &USUAL).await, ErrorKind::Invalid)?;
    fails(db.del_all(T1, row! { _num: 1 }, &USUAL).await, ErrorKind::Invalid)?;
    finds(&db, T1, row! { num: 0 }, "").await?;
    let whole = Options { whole_table: true, ..Options::new() };
    affected(&db.update_all(T1, Query::new(), row! { num: 0 }, &whole).await?, 7)?;
    affected(&db.del_all(T1, Query::new(), &whole).await?, 7)?;
    finds(&db, T1, Query::new(), "").await
}

async fn like_is_an_sql_pattern(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [
        (Op::Like, "ab%", "o1 o2"),
        (Op::Like, "a_c", "o1 o7"),
        (Op::Like, "AB%", ""),
        (Op::Like, "abc", "o1"),
        (Op::NotLike, "ab%", "o3 o4 o5 o6 o7"),
    ];
    each_finds(&db, "name", cases).await
}

async fn ilike_ignores_case(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let cases = [(Op::ILike, "%ABC", "o1 o3"), (Op::NotILike, "%ABC", "o2 o4 o5 o6 o7")];
    each_finds(&db, "name", cases).await
}

async fn any_joins_the_top_level_by_or(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let any = Options { any: true, ..Options::new() };
    finds_with(&db, T1, row! { num: 1, name: "abd" }, &any, "o1 o2").await?;
    finds(&db, T1, row! { num: 1, name: "abd" }, "").await
}

async fn groups_may_be_written_as_rows(bench: Bench) -> Checked {
    let db = letters(&bench).await?;
    let or = row! { num: 1 }.with("name_$begins_with", "50");
    finds(&db, T1, row! { email: "s" }.with("$or", or), "o1 o5 o6").await?;
    let twice =
        Row::new().with("$or", row! { num: 1, name: "abd" }).with("$or1", row! { num: 2, name: "abc" });
    finds(&db, T1, twice, "o1 o2").await?;
    finds(&db, T1, Row::new().with("$not", row! { email: "s" }), "").await?;
    fails(db.select::<Row>(T1, Row::new().with("$or", 1), &USUAL).await, ErrorKind::Invalid).map(drop)
}

async fn ordered_compares_on_text_go_by_bytes(bench: Bench) -> Checked {
    let table = Table::new("words").column(Column::text("id").primary()).column(Column::text("word"));
    let db = bench.open([table]).await?;
    let words = ["Z", "a", "é", "\u{10000}"];
    seed(&db, "words", (0_i64..).zip(words).map(|(n, word)| row! { id: format!("w{n}"), word: word }))
        .await?;
    finds(&db, "words", Query::new().op("word", Op::Gt, "Z"), "w1 w2 w3").await?;
    finds(&db, "words", Query::new().op("word", Op::Le, "é"), "w0 w1 w2").await?;
    finds(&db, "words", Query::new().op("word", Op::Gt, "\u{ffff}"), "w3").await
}

async fn unsupported_conditions_are_refused(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let can = bench.can();
    let queries = [
        (can.regexp, Query::new().op("txt", Op::Regexp, "^a")),
        (can.case_insensitive, Query::new().op("txt", Op::ILike, "a%")),
        (can.nested_paths, Query::new().eq("obj.a", 1)),
    ];
    for (_, query) in queries.into_iter().filter(|(can, _)| !can) {
        fails(db.select::<Row>(T6, query, &USUAL).await, ErrorKind::Unsupported)?;
    }
    Ok(())
}
