//! Records as types of the application's own.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Options, Query};
use bkjs_core::schema::Table;
use bkjs_core::value::Typed;
use serde::{Deserialize, Serialize};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    a_typed_record_reads_back_equal,
    a_typed_record_may_lack_columns,
    a_row_that_does_not_fit_the_type_is_an_internal_error,
    typed_nested_values_read_back_equal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Simple {
    id: String,
    num: Option<i64>,
    name: Option<String>,
}

impl Typed for Simple {
    fn table() -> Table {
        t1()
    }
}

fn milk() -> Simple {
    Simple { id: "a1".into(), num: Some(1), name: None }
}

async fn a_typed_record_reads_back_equal(bench: Bench) -> Checked {
    let db = bench.open([Simple::table()]).await?;
    affected(&db.add(T1, &milk(), &USUAL).await?, 1)?;
    equal(db.get::<Simple>(T1, "a1", &USUAL).await?, Some(milk()))?;
    let changed = Simple { name: Some("milk".into()), ..milk() };
    affected(&db.update(T1, &changed, &USUAL).await?, 1)?;
    equal(db.select::<Simple>(T1, Query::new().eq("num", 1), &USUAL).await?.rows, vec![changed.clone()])?;
    equal(db.list::<Simple, _>(T1, ["a1"], &USUAL).await?, vec![changed])
}

async fn a_typed_record_may_lack_columns(bench: Bench) -> Checked {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Short {
        num: i64,
    }
    let db = bench.open([t1()]).await?;
    db.add(T1, &milk(), &USUAL).await?;
    equal(db.get::<Short>(T1, "a1", &Options::new().select(["num"])).await?, Some(Short { num: 1 }))
}

async fn a_row_that_does_not_fit_the_type_is_an_internal_error(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    #[derive(Debug, Deserialize)]
    struct Wrong {
        #[serde(rename = "num")]
        _num: i64,
    }
    fails(db.get::<Wrong>(T1, "a1", &USUAL).await, ErrorKind::Internal).map(drop)
}

async fn typed_nested_values_read_back_equal(bench: Bench) -> Checked {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Point {
        x: i64,
        y: f64,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Kinds {
        id: String,
        obj: Point,
        list: Vec<Point>,
        tags: Vec<String>,
        weights: Vec<i64>,
        flag: bool,
        real: f64,
        json: serde_json::Value,
    }
    impl Typed for Kinds {
        fn table() -> Table {
            t6()
        }
    }
    let db = bench.open([Kinds::table()]).await?;
    let record = Kinds {
        id: "v".into(),
        obj: Point { x: i64::MAX, y: 0.5 },
        list: vec![Point { x: 1, y: 1.5 }, Point { x: 2, y: -2.5 }],
        tags: vec!["a,b".into(), "c".into()],
        weights: vec![1, 2],
        flag: true,
        real: 0.1,
        json: serde_json::json!({ "a": [null, true, {}] }),
    };
    db.add(T6, &record, &USUAL).await?;
    equal(db.get::<Kinds>(T6, "v", &USUAL).await?, Some(record))
}
