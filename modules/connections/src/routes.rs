//! Paths and their handlers, in the order of the documentation.

use bkjs_api::{Endpoint, Gives};

use crate::handlers;
use crate::tables::{CONNECTION_TABLE, REFERENCE_TABLE};

/// What names a connection.
const KEY: [&str; 3] = ["id", "type", "peer"];

pub(crate) fn endpoints() -> [Endpoint; 9] {
    let connected = || Gives::empty().or(Gives::record(CONNECTION_TABLE));
    [
        Endpoint::new("/connection/add", handlers::add)
            .does("Connects the caller with `peer` by `type`.")
            .takes_record(CONNECTION_TABLE, &KEY)
            .gives(connected())
            .fails(&[409]),
        Endpoint::new("/connection/put", handlers::put)
            .does("Connects the caller with `peer` by `type`, or changes what connects them so.")
            .takes_record(CONNECTION_TABLE, &KEY)
            .gives(connected())
            .fails(&[409]),
        Endpoint::new("/connection/update", handlers::update)
            .does("Changes columns of a connection.")
            .takes_record(CONNECTION_TABLE, &KEY)
            .gives(Gives::empty()),
        Endpoint::new("/connection/incr", handlers::incr)
            .does("Changes columns of a connection, and adds to those that are counters.")
            .takes_record(CONNECTION_TABLE, &KEY)
            .gives(Gives::empty()),
        Endpoint::new("/connection/get", handlers::get)
            .does("One connection of the caller.")
            .gives(Gives::record(CONNECTION_TABLE)),
        Endpoint::new("/connection/select", handlers::select)
            .does("The caller's connections by condition.")
            .takes_conditions(CONNECTION_TABLE, &["id"])
            .gives(Gives::page(CONNECTION_TABLE)),
        Endpoint::new("/connection/del", handlers::del)
            .does("Removes connections of the caller: of a type, of a peer, of both, or all.")
            .gives(Gives::empty_list()),
        Endpoint::new("/reference/get", handlers::reference)
            .does("One connection that `peer` has made with the caller.")
            .gives(Gives::record(REFERENCE_TABLE)),
        Endpoint::new("/reference/select", handlers::references)
            .does("The connections that others have made with the caller, by condition.")
            .takes_conditions(REFERENCE_TABLE, &["id"])
            .gives(Gives::page(REFERENCE_TABLE)),
    ]
}
