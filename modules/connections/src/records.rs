//! A connection as two records, and the operations that change both.

use bkjs_core::db::{Action, Op, Operation, Options, Query};
use bkjs_core::value::Row;

use crate::tables::{CONNECTION_TABLE, REFERENCE_TABLE};

/// Which connection: who made it, of which type, with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The account that made it.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// The other account.
    pub peer: String,
}

impl Link {
    /// The key of the record in `bk_connection`.
    pub(crate) fn connection(&self) -> Row {
        key(&self.id, &self.kind, &self.peer)
    }

    /// The key of the record in `bk_reference`.
    pub(crate) fn reference(&self) -> Row {
        key(&self.peer, &self.kind, &self.id)
    }

    /// The connection of a record in `bk_connection`.
    pub(crate) fn of_connection(row: &Row) -> Self {
        let [id, kind, peer] = ["id", "type", "peer"].map(|name| row.text(name).to_owned());
        Self { id, kind, peer }
    }

    /// The connection of a record in `bk_reference`.
    pub(crate) fn of_reference(row: &Row) -> Self {
        let Self { id, kind, peer } = Self::of_connection(row);
        Self { id: peer, kind, peer: id }
    }

    /// Writes both records, the connection first. Each side has the name of the other.
    pub(crate) fn write(&self, action: Action, columns: &Row, names: &Names) -> Vec<Operation> {
        let side = |mut row: Row, name: &Option<String>| {
            for (column, value) in columns.iter().filter(|(column, _)| !KEYS.contains(&&***column)) {
                row.set(&**column, value.clone());
            }
            if let Some(name) = name {
                row.set("name", name.as_str());
            }
            row
        };
        // The reference is made again where it was lost.
        let mirrored = if action == Action::Incr { Action::Incr } else { Action::Put };
        vec![
            Operation::new(action, CONNECTION_TABLE, side(self.connection(), &names.peer)),
            Operation::new(mirrored, REFERENCE_TABLE, side(self.reference(), &names.own)),
        ]
    }

    /// Removes both records, the connection last: while it is there, asking again removes the rest. Fails when
    /// it is not there, so that its end is counted once.
    pub(crate) fn removal(&self) -> [Operation; 2] {
        let there = Options::new().only_if(Query::new().op("peer", Op::Eq, self.peer.as_str()));
        [
            Operation::new(Action::Del, REFERENCE_TABLE, self.reference()),
            Operation { options: there, ..Operation::new(Action::Del, CONNECTION_TABLE, self.connection()) },
        ]
    }
}

/// What the two sides are called, where it is to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The name of the account that connects, for the reference.
    pub(crate) own: Option<String>,
    /// The name of the peer, for the connection.
    pub(crate) peer: Option<String>,
}

const KEYS: [&str; 4] = ["id", "type", "peer", "name"];

fn key(id: &str, kind: &str, peer: &str) -> Row {
    Row::new().with("id", id).with("type", kind).with("peer", peer)
}
