//! Section I: what is written and what is read.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Op, Options, Query};
use bkjs_core::schema::{Column, Convert, Table};
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s125_contains_compares_whole_elements,
    s126_any_all_or_none_of_some_elements,
    s127_a_set_of_integers_is_searched_by_number_or_text,
    s149_any_text_reads_back_exactly,
    s150_text_with_nul_reads_back_exactly if nul_in_text else text_with_nul_is_refused,
    s151_numbers_and_booleans_in_a_text_column_become_text,
    s152_what_is_not_an_integer_is_refused,
    s153_integers_are_exact_to_64_bits,
    s154_doubles_are_exact_and_finite,
    s155_decimals_keep_their_digits,
    s156_the_spellings_of_a_boolean,
    s157_json_reads_back_equal,
    s158_json_text_is_parsed_once,
    s159_an_object_column_takes_objects_only,
    s160_an_array_column_takes_arrays_only,
    s161_a_list_keeps_its_elements,
    s162_a_set_is_unique_and_typed,
    s163_the_add_operator_extends_lists_and_sets,
    s164_the_del_operator_removes_whole_elements,
    s165_times_are_one_instant_however_written,
    s166_defaults_on_insert_and_on_read,
    s169_converters_change_what_is_written,
    s170_columns_may_be_declared_by_a_pattern if custom_columns else columns_of_a_pattern_are_refused,
    in_and_equal_on_lists_are_refused,
    bytes_read_back_exactly,
    mails_and_phones_are_normalised,
    a_strict_call_refuses_addresses_that_are_none,
    a_default_on_read_is_not_searched,
}

/// Writing each value to a column of T6 reads back as the other.
async fn reads_back<A: Into<Value>, B: Into<Value>>(
    db: &Db,
    name: &str,
    cases: impl IntoIterator<Item = (A, B)>,
) -> Checked {
    for (given, expected) in cases {
        let given = given.into();
        let row = round_trip(db, T6, row! { id: "v" }.with(name, given.clone())).await?;
        has(Some(&row), &Row::new().with(name, expected))
            .map_err(|p| Problem::new(format!("{given:?}: {p}")))?;
    }
    Ok(())
}

/// A column of T6 refuses each value, on add, put and update; the stored value stays.
async fn refuses<V: Into<Value>>(db: &Db, name: &str, values: impl IntoIterator<Item = V>) -> Checked {
    db.put(T6, row! { id: "kept" }, &USUAL).await?;
    let before = read(db, T6, "kept").await?;
    for value in values {
        let value = value.into();
        let record = |id: &str| row! { id: id }.with(name, value.clone());
        let at = |p| Problem::new(format!("{value:?}: {p}"));
        fails(db.add(T6, record("new"), &USUAL).await, ErrorKind::Invalid).map_err(at)?;
        fails(db.put(T6, record("kept"), &USUAL).await, ErrorKind::Invalid).map_err(at)?;
        fails(db.update(T6, record("kept"), &USUAL).await, ErrorKind::Invalid).map_err(at)?;
    }
    absent(db, T6, "new").await?;
    equal(read(db, T6, "kept").await?, before)
}

async fn s125_contains_compares_whole_elements(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "v1", tags: list!["t1", "t2"] }, row! { id: "v2", tags: list!["t12"] }])
        .await?;
    finds(&db, T6, Query::new().op("tags", Op::Contains, list!["t1"]), "v1").await?;
    finds(&db, T6, Query::new().op("tags", Op::Contains, "t1"), "v1").await?;
    finds(&db, T6, Query::new().op("tags", Op::Contains, "t"), "").await
}

async fn s126_any_all_or_none_of_some_elements(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let rows = [("v1", list!["t1", "t2"]), ("v2", list!["t12"]), ("v3", list![]), ("v4", NULL)];
    seed(&db, T6, rows.map(|(id, tags)| row! { id: id, tags: tags })).await?;
    let cases = [
        (Op::Contains, list!["t2", "zz"], "v1"),
        (Op::AllIn, list!["t1", "t2"], "v1"),
        (Op::AllIn, list!["t1", "t12"], ""),
        (Op::NotContains, list!["t1"], "v2 v3"),
        (Op::NotAllIn, list!["t1", "t12"], "v1 v2 v3"),
    ];
    for (op, value, ids) in cases {
        finds(&db, T6, Query::new().op("tags", op, value), ids).await?;
    }
    Ok(())
}

async fn s127_a_set_of_integers_is_searched_by_number_or_text(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "v1", weights: list![1, 2, 3] }, row! { id: "v2", weights: list![33] }])
        .await?;
    for value in [Value::from(3), "3".into(), list![3, 99], list!["3"]] {
        finds(&db, T6, Query::new().op("weights", Op::Contains, value), "v1").await?;
    }
    Ok(())
}

async fn in_and_equal_on_lists_are_refused(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    for op in [Op::Eq, Op::In, Op::NotIn] {
        for column in ["tags", "weights"] {
            let query = Query::new().op(column, op, list!["1"]);
            fails(db.select::<Row>(T6, query, &USUAL).await, ErrorKind::Invalid)?;
        }
    }
    finds(&db, T6, row! { tags: NULL }, "").await
}

async fn s149_any_text_reads_back_exactly(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let long = "0123456789".repeat(10_000);
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    let texts = [
        "",
        " ",
        &long,
        "q'uo\"te;--",
        family,
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        "e\u{301}\u{302}",
        "\u{10ffff}\r\n\t",
    ];
    reads_back(&db, "txt", texts.map(|t| (t, t))).await
}

async fn s150_text_with_nul_reads_back_exactly(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    reads_back(&db, "txt", ["a\0b", "\0", "a\0"].map(|t| (t, t))).await?;
    finds(&db, T6, row! { txt: "a\0" }, "v").await?;
    finds(&db, T6, row! { txt: "a" }, "").await
}

async fn text_with_nul_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    refuses(&db, "txt", ["a\0b", "\0"]).await?;
    refuses(&db, "tags", [list!["a\0b"]]).await?;
    refuses(&db, "json", [Value::from(row! { a: "\0" })]).await?;
    for op in [Op::Eq, Op::Contains, Op::BeginsWith, Op::Like] {
        fails(db.select::<Row>(T6, Query::new().op("txt", op, "a\0"), &USUAL).await, ErrorKind::Invalid)?;
    }
    Ok(())
}

async fn s151_numbers_and_booleans_in_a_text_column_become_text(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let cases: [(Value, Value); 4] =
        [(123.into(), "123".into()), (true.into(), "true".into()), (1.5.into(), "1.5".into()), (NULL, NULL)];
    reads_back(&db, "txt", cases).await?;
    refuses(&db, "txt", [row! { a: 1 }.into(), list!["a"]]).await
}

async fn s152_what_is_not_an_integer_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let cases: [(Value, Value); 5] = [
        ("007".into(), 7.into()),
        (true.into(), 1.into()),
        ("".into(), NULL),
        (NULL, NULL),
        ("-3".into(), (-3).into()),
    ];
    reads_back(&db, "big", cases).await?;
    refuses(&db, "big", [Value::from(1.7), "abc".into(), "1x".into(), list![1], row! { a: 1 }.into()]).await
}

async fn s153_integers_are_exact_to_64_bits(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let edge = 1_i64 << 53;
    reads_back(&db, "big", [edge - 1, 1 - edge, edge + 1, i64::MAX, i64::MIN].map(|n| (n, n))).await?;
    reads_back(&db, "big", [i64::MAX, i64::MIN].map(|n| (n.to_string(), n))).await?;
    finds(&db, T6, row! { big: i64::MIN }, "v").await?;
    refuses(&db, "big", [Value::from("9223372036854775808"), Value::Real(9_223_372_036_854_775_808.0)]).await
}

async fn s154_doubles_are_exact_and_finite(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    reads_back(&db, "real", [0.1, -0.5, 1e300, 5e-324, f64::MAX, 3.0].map(|r| (r, r))).await?;
    reads_back(&db, "real", [(Value::from("0.25"), 0.25), (Value::from(2), 2.0)]).await?;
    refuses(
        &db,
        "real",
        [Value::Real(f64::NAN), Value::Real(f64::INFINITY), "NaN".into(), "inf".into(), "x".into()],
    )
    .await
}

async fn s155_decimals_keep_their_digits(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    reads_back(&db, "dec", ["123456789012345678.12", "-0.10", "0"].map(|d| (d, d))).await?;
    reads_back(&db, "dec", [(5, "5")]).await?;
    refuses(&db, "dec", ["x", "1,5"]).await
}

async fn s156_the_spellings_of_a_boolean(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let yes: [Value; 6] = [true.into(), 1.into(), "true".into(), "yes".into(), "on".into(), "1".into()];
    let no: [Value; 6] = [false.into(), 0.into(), "false".into(), "no".into(), "off".into(), "0".into()];
    reads_back(&db, "flag", yes.map(|v| (v, true))).await?;
    reads_back(&db, "flag", no.map(|v| (v, false))).await?;
    reads_back(&db, "flag", [(NULL, NULL)]).await?;
    refuses(&db, "flag", [Value::from(2), "maybe".into(), list![]]).await?;
    db.del(T6, "kept", &USUAL).await?;
    seed(&db, T6, [row! { id: "w", flag: true }, row! { id: "x", flag: false }]).await?;
    finds(&db, T6, row! { flag: true }, "w").await?;
    finds(&db, T6, row! { flag: "no" }, "x").await
}

async fn s157_json_reads_back_equal(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let nested: Value = row! { a: list![1, NULL, "x"], z: row! {}, n: i64::MAX, r: 0.1 }.into();
    let values = [Row::new().into(), list![], nested, Value::from(5), Value::from(1.5), true.into(), NULL];
    reads_back(&db, "json", values.map(|v| (v.clone(), v))).await
}

async fn s158_json_text_is_parsed_once(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let cases =
        [(r#"{"a":"[1]"}"#, Value::from(row! { a: "[1]" })), (r#""text""#, "text".into()), ("[]", list![])];
    reads_back(&db, "json", cases).await?;
    reads_back(&db, "json", [("\"[1]\"", "[1]")]).await?;
    refuses(&db, "json", ["{", "text", "[1,]"]).await
}

async fn s159_an_object_column_takes_objects_only(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let object: Value = row! { a: row! { b: list![1] } }.into();
    reads_back(&db, "obj", [(object.clone(), object), (Row::new().into(), Row::new().into())]).await?;
    seed(&db, T6, [row! { id: "kept", obj: row! { a: 1 } }]).await?;
    refuses(&db, "obj", [Value::from("str"), 5.into(), list![1], r#"{"a":1}"#.into()]).await?;
    stored(&db, T6, "kept", row! { obj: row! { a: 1 } }).await
}

async fn s160_an_array_column_takes_arrays_only(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let arrays = [list![list![1], list![2]], list![row! { n: 1 }, row! { n: 2 }], list![]];
    reads_back(&db, "list", arrays.map(|a| (a.clone(), a))).await?;
    refuses(&db, "list", [Value::from("[1]"), 5.into(), row! { a: 1 }.into()]).await
}

async fn s161_a_list_keeps_its_elements(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let cases = [
        (list!["a", "b"], list!["a", "b"]),
        (list!["b", "a", "b"], list!["b", "a", "b"]),
        ("a,b".into(), list!["a", "b"]),
        ("a,,b,".into(), list!["a", "b"]),
        (list!["a,b", "c"], list!["a,b", "c"]),
        (list![1, 2], list!["1", "2"]),
        (list![""], list![""]),
        (NULL, NULL),
        (list![], list![]),
    ];
    reads_back(&db, "tags", cases).await
}

async fn s162_a_set_is_unique_and_typed(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let cases = [
        (list![1, 2, "3", 4, "5"], list![1, 2, 3, 4, 5]),
        (list![5, "5"], list![5]),
        (list![10, 9], list![9, 10]),
        ("2,1".into(), list![1, 2]),
        (list![], list![]),
        (NULL, NULL),
    ];
    reads_back(&db, "weights", cases).await?;
    reads_back(&db, "names", [(list!["b", "a", "b"], list!["a", "b"])]).await?;
    refuses(&db, "weights", [list!["x"], list![1.5], list![1, "x"]]).await
}

/// Applies an operator to columns of a record of T6.
async fn change(db: &Db, op: Op, record: Row) -> Checked {
    let names: Vec<_> = record.iter().map(|(name, _)| (name.to_string(), op)).collect();
    let names: Vec<_> = names.iter().map(|(name, op)| (name.as_str(), *op)).collect();
    affected(&db.update(T6, record.with("id", "v"), &ops(&names)).await?, 1)
}

async fn s163_the_add_operator_extends_lists_and_sets(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "v", tags: list!["a"], weights: list![3] }]).await?;
    change(&db, Op::Add, row! { tags: "z", weights: 1, names: list!["n"] }).await?;
    stored(&db, T6, "v", row! { tags: list!["a", "z"], weights: list![1, 3], names: list!["n"] }).await?;
    change(&db, Op::Add, row! { tags: list!["p", "a"], weights: list!["3", 2] }).await?;
    stored(&db, T6, "v", row! { tags: list!["a", "z", "p", "a"], weights: list![1, 2, 3] }).await
}

async fn s164_the_del_operator_removes_whole_elements(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "v", tags: list!["ab", "b", "abc", "b"], weights: list![1, 2, 3] }]).await?;
    change(&db, Op::Del, row! { tags: "b", weights: "2" }).await?;
    stored(&db, T6, "v", row! { tags: list!["ab", "abc"], weights: list![1, 3] }).await?;
    change(&db, Op::Del, row! { tags: "nosuch", weights: 99 }).await?;
    stored(&db, T6, "v", row! { tags: list!["ab", "abc"], weights: list![1, 3] }).await?;
    change(&db, Op::Del, row! { tags: list!["abc", "ab"], names: list!["x"] }).await?;
    stored(&db, T6, "v", row! { tags: list![], names: NULL }).await
}

async fn s165_times_are_one_instant_however_written(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let instant = 1_704_164_645_000_i64;
    let written: [Value; 5] = [
        instant.into(),
        instant.to_string().into(),
        "2024-01-02T03:04:05Z".into(),
        "2024-01-02T04:04:05+01:00".into(),
        "2024-01-02T03:04:05.000Z".into(),
    ];
    reads_back(&db, "when", written.map(|w| (w, instant))).await?;
    finds(&db, T6, Query::new().op("when", Op::Ge, "2024-01-02T03:04:05Z"), "v").await?;
    finds(&db, T6, Query::new().op("when", Op::Gt, "2024-01-02T03:04:05Z"), "").await?;
    refuses(&db, "when", ["junk", "2024-13-01T00:00:00Z"]).await
}

async fn s166_defaults_on_insert_and_on_read(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "a" }, row! { id: "b", dv: NULL, dr: NULL }, row! { id: "c", dv: "", dr: "" }])
        .await?;
    stored(&db, T6, "a", row! { dv: "dflt", dr: "none" }).await?;
    stored(&db, T6, "b", row! { dv: NULL, dr: "none" }).await?;
    stored(&db, T6, "c", row! { dv: "", dr: "" }).await
}

async fn a_default_on_read_is_not_searched(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "a" }]).await?;
    finds(&db, T6, row! { dr: "none" }, "").await?;
    finds(&db, T6, row! { dr: NULL }, "a").await
}

async fn s169_converters_change_what_is_written(bench: Bench) -> Checked {
    let table = Table::new("converted")
        .column(Column::text("id").primary())
        .column(Column::text("low").convert(Convert::Trim).convert(Convert::Lower))
        .column(Column::text("cap").convert(Convert::Capitalize))
        .column(Column::text("strip").convert(Convert::Strip("[0-9]+".into())))
        .column(Column::text("swap").convert(Convert::Replace("a+".into(), "b".into())))
        .column(Column::int("cents").convert(Convert::Multiply(100.0)))
        .column(Column::real("round").convert(Convert::Increment(1.0)).convert(Convert::Decimals(2)));
    let db = bench.open([table]).await?;
    let record =
        row! { id: "c", low: " Ab ", cap: "jOE", strip: "a1b22", swap: "caat", cents: 3, round: 0.123 };
    seed(&db, "converted", [record]).await?;
    let expected = row! { low: "ab", cap: "Joe", strip: "ab", swap: "cbt", cents: 300, round: 1.12 };
    stored(&db, "converted", "c", expected).await?;
    finds(&db, "converted", row! { low: "AB ", cap: "JOE" }, "c").await?;
    finds(&db, "converted", row! { cents: 300 }, "c").await
}

async fn s170_columns_may_be_declared_by_a_pattern(bench: Bench) -> Checked {
    let db = bench.open([t3().custom("action[0-9]+", Column::counter("action"))]).await?;
    for _ in 0..2 {
        affected(&db.incr(T3, row! { id: "c1", action1: 3, action: 1, xaction2: 1 }, &USUAL).await?, 1)?;
    }
    stored(&db, T3, "c1", row! { action1: 6, action: NULL, xaction2: NULL }).await
}

async fn columns_of_a_pattern_are_refused(bench: Bench) -> Checked {
    let db = bench.open([t3().custom("action[0-9]+", Column::counter("action"))]).await?;
    let record = row! { id: "c1", action1: 3 };
    fails(db.incr(T3, record.clone(), &USUAL).await, ErrorKind::Unsupported)?;
    fails(db.add(T3, record, &USUAL).await, ErrorKind::Unsupported)?;
    absent(&db, T3, "c1").await
}

async fn bytes_read_back_exactly(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let all: Vec<u8> = (0..=255).collect();
    reads_back(&db, "raw", [all, Vec::new()].map(|b| (Value::Bytes(b.clone()), Value::Bytes(b)))).await?;
    reads_back(&db, "raw", [("AAEC", Value::Bytes(vec![0, 1, 2]))]).await
}

async fn mails_and_phones_are_normalised(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    reads_back(&db, "mail", [(" Joe@Example.ORG ", "joe@example.org"), ("NotAnEmail", ""), ("", "")]).await?;
    reads_back(&db, "phone", [("+1 (202) 555-0123", "+12025550123"), ("call me", "")]).await
}

async fn a_strict_call_refuses_addresses_that_are_none(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let strict = Options { strict: true, ..Options::new() };
    db.add(T6, row! { id: "v", mail: " A@B.org ", phone: "555 0123" }, &strict).await?;
    for bad in
        [row! { mail: "NotAnEmail" }, row! { mail: 5 }, row! { phone: "call me" }, row! { phone: true }]
    {
        let bad = bad.with("id", "v").with("txt", "changed");
        fails(db.update(T6, bad.clone(), &strict).await, ErrorKind::Invalid)?;
        fails(db.put(T6, bad.clone(), &strict).await, ErrorKind::Invalid)?;
        fails(db.add(T6, bad.with("id", "w"), &strict).await, ErrorKind::Invalid)?;
    }
    stored(&db, T6, "v", row! { mail: "a@b.org", phone: "5550123", txt: NULL }).await?;
    absent(&db, T6, "w").await?;
    db.update(T6, row! { id: "v", mail: "", phone: NULL }, &strict).await?;
    stored(&db, T6, "v", row! { mail: "", phone: NULL }).await
}
