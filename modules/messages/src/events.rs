//! What the recipient of a message is told.

use bkjs_api::Api;
use bkjs_core::value::Row;

/// Tells the recipients of sent messages, all at once: none waits for the others. `kind` is what was sent: `text` or `icon`.
pub(crate) async fn tell(api: &Api, kind: &str, sent: impl IntoIterator<Item = &Row>) {
    let told = sent.into_iter().map(|message| async move {
        let event = Row::new()
            .with("mtime", message.int("mtime"))
            .with("sender", message.text("sender"))
            .with("type", kind);
        api.tell_account(message.text("id"), "/message/add", event).await;
    });
    futures_util::future::join_all(told).await;
}
