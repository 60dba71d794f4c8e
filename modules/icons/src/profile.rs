//! The addresses of icons in the profiles of accounts.

use bkjs_api::{Account, ReplyCall};
use bkjs_core::Result;
use bkjs_core::schema::Column;
use bkjs_core::value::{Name, Row};
use futures_util::future::try_join_all;

use crate::handlers::account::address;
use crate::name::{ACCOUNT, account_types};
use crate::service::Icons;

/// Accounts whose icons are looked for at once.
const AT_ONCE: usize = 16;

/// The columns `icon0` to `iconz`: computed, and shown where the icon is.
pub(crate) fn columns() -> Vec<Column> {
    account_types().map(|kind| Column::text(format!("icon{kind}")).hidden().public()).collect()
}

/// Adds the addresses of the icons that the caller may see.
pub(crate) async fn add_addresses(call: ReplyCall<'_>) -> Result<()> {
    let selected = call.context.options()?.select;
    let is_wanted = |name: &str| selected.is_empty() || selected.iter().any(|wanted| **wanted == *name);
    if !account_types().any(|kind| is_wanted(&format!("icon{kind}"))) {
        return Ok(());
    }
    let caller = call.context.account().ok();
    let icons = Icons::of(call.api);
    for rows in call.reply.rows_mut().chunks_mut(AT_ONCE) {
        try_join_all(rows.iter_mut().map(|row| complete(&icons, row, caller, &is_wanted))).await?;
    }
    Ok(())
}

async fn complete(
    icons: &Icons,
    row: &mut Row,
    caller: Option<&Account>,
    is_wanted: &impl Fn(&str) -> bool,
) -> Result<()> {
    let id = row.text("id").to_owned();
    for icon in icons.list(&id, ACCOUNT, "", caller).await? {
        let kind = icon.text("type");
        let name = Name::from(format!("icon{kind}"));
        if is_wanted(&name) {
            row.set(name, address(&id, kind));
        }
    }
    Ok(())
}
