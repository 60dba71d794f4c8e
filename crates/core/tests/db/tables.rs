//! The tables of the scenarios, T1 to T8.

use bkjs_core::schema::{Column, Generate, Table};

/// T1: plain columns under a text key.
pub(crate) const T1: &str = "simple";
/// T2: a key of two parts.
pub(crate) const T2: &str = "pairs";
/// T3: counters.
pub(crate) const T3: &str = "counts";
/// T4: rules on values.
pub(crate) const T4: &str = "rules";
/// T5: a key column joined from others.
pub(crate) const T5: &str = "joined";
/// T6: a column of every type. The name is a reserved word of SQL.
pub(crate) const T6: &str = "values";
/// T7: generated values.
pub(crate) const T7: &str = "generated";
/// T8: records that expire.
pub(crate) const T8: &str = "expiring";

pub(crate) fn t1() -> Table {
    Table::new(T1)
        .alias("t")
        .column(Column::text("id").primary())
        .column(Column::int("num"))
        .column(Column::int("num2"))
        .column(Column::text("email"))
        .column(Column::text("name"))
        .column(Column::now("mtime"))
        .column(Column::now("ctime").read_only())
}

pub(crate) fn t2() -> Table {
    Table::new(T2)
        .column(Column::text("id").primary().index_in("num", 0))
        .column(Column::text("id2").primary())
        .column(Column::text("name"))
        .column(Column::int("num").index_in("num", 1))
        .column(Column::real("real"))
        .column(Column::json("json"))
        .column(Column::int("mtime"))
}

pub(crate) fn t3() -> Table {
    Table::new(T3)
        .column(Column::text("id").primary())
        .column(Column::counter("num").value(0))
        .column(Column::counter("hits").value(0))
        .column(Column::text("name"))
}

pub(crate) fn t4() -> Table {
    Table::new(T4)
        .column(Column::text("id").primary())
        .column(Column::text("type"))
        .column(Column::text("notempty").not_empty())
        .column(Column::text("short").max(32))
        .column(Column::text("cut").max(8).truncate())
        .column(Column::text("opt").skip_empty())
        .column(Column::list("tags").max(3))
        .column(Column::list("few").max(3).truncate())
}

pub(crate) fn t5() -> Table {
    Table::new(T5)
        .column(Column::text("id").primary())
        .column(Column::text("hkey").primary().join(["type", "peer"], "|"))
        .column(Column::text("type"))
        .column(Column::text("peer"))
        .column(Column::int("v"))
}

pub(crate) fn t6() -> Table {
    Table::new(T6)
        .column(Column::text("id").primary())
        .column(Column::object("obj"))
        .column(Column::array("list"))
        .column(Column::list("tags"))
        .column(Column::set("weights").of_int())
        .column(Column::set("names"))
        .column(Column::bool("flag"))
        .column(Column::int("big"))
        .column(Column::real("real"))
        .column(Column::decimal("dec"))
        .column(Column::text("txt"))
        .column(Column::json("json"))
        .column(Column::time("when"))
        .column(Column::bytes("raw"))
        .column(Column::email("mail"))
        .column(Column::phone("phone"))
        .column(Column::text("dv").value("dflt"))
        .column(Column::text("dr").read_default("none"))
}

pub(crate) fn t7() -> Table {
    Table::new(T7)
        .column(Column::uuid("id").primary())
        .column(Column::text("s").generate(Generate::ShortUuid { prefix: String::new() }))
        .column(Column::text("p").generate(Generate::Uuid { prefix: "u_".into() }))
        .column(Column::int("r").generate(Generate::Random { min: 5, max: 9 }))
        .column(Column::int("created").generate(Generate::Epoch))
}

pub(crate) fn t8() -> Table {
    Table::new(T8).column(Column::text("id").primary()).column(Column::ttl("until")).column(Column::text("v"))
}

/// All of them.
pub(crate) fn all() -> Vec<Table> {
    vec![t1(), t2(), t3(), t4(), t5(), t6(), t7(), t8()]
}
