//! Markdown files of the web site, shown like pages.

use bkjs_api::{HookCall, Reply, Setup};
use bkjs_core::Result;
use bkjs_core::value::Row;
use http::Method;

use crate::view::{MAX_FILE, View};

/// Has files of the web site that end in `.md` shown, unless `_raw=1` asks for them as they are.
pub(crate) fn register(setup: &mut Setup, view: View) {
    setup.pre_process(r"\.md$", move |call| {
        let view = view.clone();
        Box::pin(async move { show(&view, call).await })
    });
}

async fn show(view: &View, call: HookCall<'_>) -> Result<Option<Reply>> {
    let context = &call.context;
    if !matches!(context.method, Method::GET | Method::HEAD) || context.params.flag("_raw")? {
        return Ok(None);
    }
    let path = context.path().to_owned();
    let Some(bytes) = call.api.site_file(&path, MAX_FILE).await? else { return Ok(None) };
    let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let page = Row::new().with("id", name).with("content", text);
    view.page(call.api, page).await.map(Some)
}
