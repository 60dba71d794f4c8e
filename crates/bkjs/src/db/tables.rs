//! `bkjs db tables`.

use bkjs_core::Result;

use super::{Args, Tools, print};

/// Prints the names of the tables, a line each.
pub(super) async fn run(tools: &Tools, _: Args) -> Result<()> {
    for table in tools.db.tables() {
        print(&table.name)?;
    }
    Ok(())
}
