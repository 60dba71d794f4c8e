//! Paths and their handlers, in the order of the documentation.

use bkjs_api::{Control, Endpoint, Gives};
use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::{describe, handlers};

type Record = Map<String, Value>;

/// A page of records of any table.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // only its description is used
struct Records {
    /// How many there are on the page, with `_total` how many there are.
    count: u64,
    data: Option<Vec<Record>>,
    /// Absent on the last page.
    next_token: Option<String>,
}

/// A column as the configuration of tables would write it.
#[derive(JsonSchema)]
#[allow(dead_code)] // as above
struct Described {
    /// Its type.
    r#type: String,
    /// Its place in the primary key, from 1.
    primary: Option<u16>,
    /// Anyone may see it.
    r#pub: Option<bool>,
    /// The longest text, or the most elements of a list.
    max: Option<u64>,
}

type Columns = std::collections::BTreeMap<String, Described>;

const CONDITIONS: &str = "A column of the table as a condition; names may carry an operator, as `age_$gt`.";
const KEY: &str = "A column of the key.";
const RECORD: &str = "A column of the table.";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        Endpoint::new("/data/columns", describe::all_columns)
            .does("The columns of all tables.")
            .gives(Gives::value::<std::collections::BTreeMap<String, Columns>>()),
        Endpoint::new("/data/columns/{table}", describe::columns)
            .does("The columns of a table.")
            .gives(Gives::value::<Columns>()),
        Endpoint::new("/data/keys/{table}", describe::keys)
            .does("The columns of the primary key of a table, in order.")
            .gives(Gives::value::<Vec<String>>()),
        Endpoint::new("/data/get/{table}", handlers::get)
            .does("One record by its key, or an empty list.")
            .takes_controls(&[Control::Select])
            .takes_others(KEY)
            .gives(Gives::value::<Record>().or(Gives::empty_list())),
        Endpoint::new("/data/list/{table}", handlers::list)
            .does("Records by a list of keys.")
            .details(
                "Keys of one column are a list under its name, those of several a JSON array of objects.",
            )
            .takes_controls(&[Control::Select])
            .takes_others(KEY)
            .takes_document::<Vec<Value>>()
            .gives(Gives::value::<Vec<Record>>()),
        Endpoint::new("/data/select/{table}", handlers::select)
            .also("/data/search/{table}")
            .does("A page of records by condition.")
            .takes_controls(&Control::PAGE)
            .takes_others(CONDITIONS)
            .gives(Gives::value::<Records>()),
        Endpoint::new("/data/scan/{table}", handlers::scan)
            .does("Records by condition, as a plain list.")
            .takes_controls(&Control::PAGE)
            .takes_others(CONDITIONS)
            .gives(Gives::value::<Vec<Record>>()),
        Endpoint::new("/data/add/{table}", handlers::add).does("Stores a new record."),
        Endpoint::new("/data/put/{table}", handlers::put)
            .does("Stores a record, new or into the one with its key."),
        Endpoint::new("/data/update/{table}", handlers::update)
            .does("Changes columns of a record that is there."),
        Endpoint::new("/data/replace/{table}", handlers::replace)
            .does("Stores a record in place of the one with its key."),
        Endpoint::new("/data/incr/{table}", handlers::incr).does("Adds to counter columns of a record."),
        Endpoint::new("/data/del/{table}", handlers::del).does("Removes a record."),
    ];
    let writes = all.split_off(all.len() - 6).into_iter();
    all.extend(writes.map(|write| write.takes_others(RECORD).gives(Gives::empty_list()).fails(&[409])));
    all
}
