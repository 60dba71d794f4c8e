//! Counters that follow connections: a contract of the table `bk_counter`, which another module may keep.

use bkjs_api::Api;
use bkjs_core::db::{Action, Operation};
use bkjs_core::value::Row;

/// The table of counters.
const COUNTER_TABLE: &str = "bk_counter";

/// The operations that count a connection of a type that `id` made with `peer`, or with -1 its end. None without a
/// table of counters, or when it has none for this type.
pub(crate) fn counting(api: &Api, id: &str, kind: &str, peer: &str, by: i64) -> Vec<Operation> {
    let Some(table) = api.schema().find(COUNTER_TABLE) else { return Vec::new() };
    let sides = [(id, format!("{kind}0")), (peer, format!("{kind}1"))];
    let counted =
        sides.into_iter().filter(|(_, name)| table.find(name).is_some_and(|column| column.autoincr));
    counted
        .map(|(id, name)| {
            Operation::new(Action::Incr, COUNTER_TABLE, Row::new().with("id", id).with(&*name, by))
        })
        .collect()
}
