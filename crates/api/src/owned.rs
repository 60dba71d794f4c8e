//! Records that belong to accounts: their column `id` is the account's id.

use bkjs_core::Result;
use bkjs_core::db::{Options, Query};
use bkjs_core::schema::Table;
use bkjs_core::value::Row;

use crate::hooks::AccountEvent;
use crate::setup::Setup;
use crate::state::Api;

/// The table of profiles, one record for each account. The accounts module declares and writes it; others may look
/// whether an account is there.
pub const ACCOUNT_TABLE: &str = "bk_account";

impl Setup {
    /// Declares a table whose records belong to the account with the id in their column `id`, the first part of
    /// the key. They are removed with the account.
    pub fn owned_table(&mut self, table: Table) {
        let name = table.name.clone();
        self.table(table);
        self.account_hook(move |api, event, row| {
            let name = name.clone();
            Box::pin(async move {
                // A record without an id is nobody's.
                if event == AccountEvent::Deleted && row.has("id") {
                    let own = Query::new().eq("id", row.text("id"));
                    api.db().del_all(&name, own, &Options::new()).await?;
                }
                Ok(())
            })
        });
    }
}

impl Api {
    /// Whether there is an account with an id. Where no module keeps accounts every id passes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn has_account(&self, id: &str) -> Result<bool> {
        if self.schema().find(ACCOUNT_TABLE).is_none() {
            return Ok(true);
        }
        let options = Options::new().select(["id"]);
        Ok(self.db().get::<Row>(ACCOUNT_TABLE, id, &options).await?.is_some())
    }
}
