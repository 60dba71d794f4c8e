//! What `#[derive(Table)]` makes of a struct.

use std::collections::{BTreeMap, BTreeSet};

use bkjs_core::schema::{ColumnType, Convert, Generate, Table};
use bkjs_core::value::{Typed, Value};
use serde::{Deserialize, Serialize};

/// One column of every kind.
#[derive(Table, Serialize, Deserialize)]
#[table(alias = "things")]
struct BigThing {
    #[column(primary)]
    id: String,
    #[column(primary, join("kind", "peer"), separator = ":")]
    r#type: String,
    #[column(public, unique, trim, lower, not_empty, max = 64, value = "none")]
    name: Option<String>,
    #[column(index = "by_place")]
    rank: i64,
    #[column(index = "by_place", range(-0.5, 1.0))]
    weight: Option<f64>,
    #[column(index, read_default = -1)]
    level: u32,
    #[serde(default, rename = "isOpen")]
    open: bool,
    #[column(secure, admin, hidden)]
    tags: Vec<String>,
    photo: Vec<u8>,
    roles: BTreeSet<String>,
    parts: Vec<i64>,
    extra: serde_json::Value,
    options: BTreeMap<String, i64>,
    #[column(counter)]
    likes: i64,
    #[column(date)]
    day: String,
    #[column(kind = "decimal")]
    price: String,
    #[column(uuid)]
    token: String,
    #[column(now, read_only)]
    ctime: Option<i64>,
    #[serde(skip)]
    #[allow(dead_code)] // not a column
    cached: Option<std::time::Instant>,
}

#[test]
fn types_become_column_types() {
    let table = BigThing::table();
    assert_eq!(&*table.name, "big_thing");
    let kinds: Vec<_> = table.columns().iter().map(|c| (c.name.to_string(), c.column_type())).collect();
    use ColumnType::*;
    let expected = [
        ("id", Text),
        ("type", Text),
        ("name", Text),
        ("rank", Int),
        ("weight", Real),
        ("level", Int),
        ("isOpen", Bool),
        ("tags", List),
        ("photo", Bytes),
        ("roles", Set),
        ("parts", Array),
        ("extra", Json),
        ("options", Object),
        ("likes", Counter),
        ("day", Text),
        ("price", Decimal),
        ("token", Text),
        ("ctime", Int),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
}

#[test]
fn attributes_are_those_of_the_builder() {
    let table = BigThing::table();
    let column = |name: &str| table.find(name).unwrap();
    let keys: Vec<_> = table.keys().map(|c| c.name.to_string()).collect();
    assert_eq!(keys, ["id", "type"]);
    let join = column("type").join.as_ref().unwrap();
    assert_eq!((join.columns.len(), join.separator.as_str()), (2, ":"));
    let name = column("name");
    assert_eq!((name.public, name.not_empty, name.max), (Some(true), true, Some(64)));
    assert_eq!(name.convert, [Convert::Trim, Convert::Lower]);
    assert_eq!(name.default.on_insert, Some(Value::Text("none".into())));
    assert!(name.indexes[0].unique);
    let positions: Vec<_> = ["rank", "weight"]
        .map(|n| (column(n).indexes[0].group.clone(), column(n).indexes[0].position))
        .into();
    assert!(positions[0].0 == "by_place" && positions[1].0 == "by_place" && positions[0].1 < positions[1].1);
    assert!(column("weight").range == Some((-0.5, 1.0)) && column("day").date && !name.date);
    assert_eq!(column("level").default.on_read, Some(Value::Int(-1)));
    let tags = column("tags");
    assert_eq!((tags.secure, tags.admin, tags.hidden), (Some(true), Some(true), true));
    assert_eq!(column("token").generate, Some(Generate::Uuid { prefix: String::new() }));
    assert!(column("ctime").generate == Some(Generate::Now) && column("ctime").read_only);
}
