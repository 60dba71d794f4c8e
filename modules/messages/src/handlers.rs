//! Parameters in, service, reply out.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bkjs_api::{Account, Api, Context, Copies, Ids, Options, Params, Reply, Result};
use bkjs_core::Error;
use bkjs_core::db::{Op, Query};
use bkjs_core::value::{Row, Value};
use bkjs_images::{Format, Images, Shape};
use futures_util::future::join_all;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::events;
use crate::folder::Folder;
use crate::service::{Fate, Messages};

/// Messages that are sent at once.
const AT_ONCE: usize = 8;

/// The most recipients of a message with an image, of which each gets a copy.
const MAX_WITH_IMAGE: usize = 100;

/// What is sent, beside the list `id` of who gets it.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used: a text by another type may have meant anything
pub(crate) struct Text {
    /// The text; without one an image is needed.
    msg: Option<String>,
    /// An image, as base64.
    icon: Option<String>,
    /// No copy is kept.
    _nosent: Option<bool>,
}

/// What became of a message to an account.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // as above
pub(crate) struct Sent {
    /// The recipient.
    id: String,
    /// When it was sent, which names the message; absent when it was not.
    mtime: Option<i64>,
    /// The caller; absent when it was not sent.
    sender: Option<String>,
    /// Why it was not sent.
    error: Option<String>,
}

/// Sends a text, an image or both to the accounts of the list `id`: of each a record, or why it was not sent.
pub(crate) async fn add(
    State(api): State<Api>,
    ids: Ids,
    context: Arc<Context>,
    account: Account,
    Params(shape): Params<Shape>,
) -> Result {
    let params = &context.params;
    let mut ids = ids.required()?;
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let keep = !params.flag("_nosent")?;
    let upload = context.upload("icon")?;
    let text = match params.get("msg").is_some_and(|text| !text.is_empty()) || upload.is_none() {
        true => params.required("msg")?,
        false => "",
    };
    let messages = Messages::of(&api);
    messages.check_text(text)?;
    let picture = match upload {
        Some(_) if ids.len() > MAX_WITH_IMAGE => {
            let text =
                format!("id has too many values for a message with an image, at most {MAX_WITH_IMAGE}");
            return Err(Error::invalid(text).into());
        }
        Some(upload) => Some(Images::of(&api)?.make(upload, shape).await?),
        None => None,
    };
    let picture = picture.as_ref();
    let mut sent = Vec::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        sent.extend(join_all(ids.iter().map(|id| messages.send(&account, id, text, picture, keep))).await);
    }
    let kind = if text.is_empty() { "icon" } else { "text" };
    events::tell(&api, kind, sent.iter().flatten()).await;
    if sent.iter().all(|sent| sent.as_ref().is_err_and(|error| error.status() >= 500))
        && let Some(Err(error)) = sent.pop()
    {
        return Err(error.into());
    }
    let told = ids.into_iter().zip(sent).map(|(id, sent)| match sent {
        Ok(sent) => Value::Map(sent),
        Err(error) => {
            if error.status() >= 500 {
                tracing::error!(recipient = id, error = error.log_text(), "a message was not sent");
            }
            Value::Map(Row::new().with("id", id).with("error", error.message()))
        }
    });
    Ok(Reply::value(told.collect::<Vec<_>>()))
}

/// What becomes of messages that are read.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Taking {
    /// They are moved to the archive.
    #[serde(rename = "_archive", default)]
    archive: bool,
    /// They are removed.
    #[serde(rename = "_trash", default)]
    trash: bool,
}

/// The inbox, whose messages may be moved or removed with that.
pub(crate) async fn get(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    mut options: Options,
    Params(taking): Params<Taking>,
) -> Result {
    let fate = match (taking.archive, taking.trash) {
        (false, false) => Fate::Keep,
        (true, false) => Fate::Archive,
        (false, true) => Fate::Remove,
        (true, true) => return Err(Error::invalid("give _archive or _trash, not both").into()),
    };
    if fate == Fate::Keep || options.total {
        return list(Folder::Inbox, &api, &context, &account, options).await;
    }
    let query = asked(Folder::Inbox, &api, &context, &account, &mut options)?;
    let mut page = Messages::of(&api).take(query, &options, fate).await?;
    page.rows.iter_mut().for_each(|row| Folder::Inbox.add_address(row));
    if !options.select.is_empty() {
        for row in &mut page.rows {
            row.retain(|name, _| options.select.iter().any(|wanted| &**wanted == name));
        }
    }
    Ok(Reply::page(Folder::Inbox.table(), page))
}

pub(crate) async fn get_archive(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
) -> Result {
    list(Folder::Archive, &api, &context, &account, options).await
}

pub(crate) async fn get_sent(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
) -> Result {
    list(Folder::Sent, &api, &context, &account, options).await
}

/// Which image.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Imaged {
    /// Who has sent the message, for one that has arrived.
    sender: Option<String>,
    /// Who got it, for one that was sent.
    recipient: Option<String>,
    /// When.
    mtime: i64,
}

/// The image of a message.
pub(crate) async fn image(
    State(api): State<Api>,
    account: Account,
    Params(which): Params<Imaged>,
    headers: HeaderMap,
) -> Result<Response> {
    let (peer, sent) = match (&which.sender, &which.recipient) {
        (Some(sender), None) => (sender, false),
        (None, Some(recipient)) => (recipient, true),
        (Some(_), Some(_)) => return Err(Error::invalid("give sender or recipient, not both").into()),
        (None, None) => return Err(Error::invalid("sender is required").into()),
    };
    let none = || Error::not_found("no such image");
    let row = Messages::of(&api).with_image(account.id(), which.mtime, peer, sent).await?.ok_or_else(none)?;
    let format = Format::of_ext(row.text("icon_type")).ok_or_else(none)?;
    let image = bkjs_images::serve(&api, row.text("image"), format, &headers, Copies::Private).await?;
    Ok(image.ok_or_else(none)?)
}

/// How many are unread.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Unread {
    /// The number.
    count: u64,
}

/// How many messages in the inbox are unread.
pub(crate) async fn unread(State(api): State<Api>, account: Account) -> Result {
    let count = Messages::of(&api).unread(account.id()).await?;
    Ok(Reply::value(Row::new().with("count", i64::try_from(count).unwrap_or(i64::MAX))))
}

/// One message of the inbox or the archive.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct One {
    /// Who has sent it.
    sender: String,
    /// When.
    mtime: i64,
}

/// Marks a message as read.
pub(crate) async fn read(State(api): State<Api>, account: Account, Params(one): Params<One>) -> Result {
    let key = Folder::Inbox.key(account.id(), one.mtime, &one.sender);
    let read = Row::new().with("read", 1);
    Messages::of(&api).update(Folder::Inbox, key, &read, &Options::new()).await?;
    Ok(Reply::empty_list())
}

/// Moves a message to the archive.
pub(crate) async fn archive(State(api): State<Api>, account: Account, Params(one): Params<One>) -> Result {
    Messages::of(&api).archive(account.id(), one.mtime, &one.sender).await?;
    Ok(Reply::empty_list())
}

pub(crate) async fn update(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(one): Params<One>,
) -> Result {
    change(Folder::Inbox, &api, &context, &account, &one).await
}

pub(crate) async fn update_archive(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(one): Params<One>,
) -> Result {
    change(Folder::Archive, &api, &context, &account, &one).await
}

/// Messages by who is at the other end, by time, or both.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// Who has sent them, for those that have arrived.
    sender: Option<String>,
    /// Who got them, for those that were sent.
    recipient: Option<String>,
    /// When they were sent.
    mtime: Option<i64>,
}

pub(crate) async fn del(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    remove(Folder::Inbox, &api, &account, &which).await
}

pub(crate) async fn del_archive(
    State(api): State<Api>,
    account: Account,
    Params(which): Params<Which>,
) -> Result {
    remove(Folder::Archive, &api, &account, &which).await
}

pub(crate) async fn del_sent(
    State(api): State<Api>,
    account: Account,
    Params(which): Params<Which>,
) -> Result {
    remove(Folder::Sent, &api, &account, &which).await
}

async fn list(
    folder: Folder,
    api: &Api,
    context: &Context,
    account: &Account,
    mut options: Options,
) -> Result {
    let query = asked(folder, api, context, account, &mut options)?;
    if options.select.iter().any(|name| **name == *"icon") {
        // What the address is made of.
        options.select.extend(["image", "mtime", folder.peer()].map(Into::into));
    }
    let mut page = Messages::of(api).list(folder, query, &options).await?;
    page.rows.iter_mut().for_each(|row| folder.add_address(row));
    Ok(Reply::page(folder.table(), page))
}

/// The condition on the caller's own messages; a time alone means those after it.
fn asked(
    folder: Folder,
    api: &Api,
    context: &Context,
    account: &Account,
    options: &mut Options,
) -> bkjs_core::Result<Query> {
    if !options.ops.iter().any(|(name, _)| **name == *"mtime") {
        options.ops.push(("mtime".into(), Op::Gt));
    }
    api.own_query(folder.table(), account.id(), context, options)
}

async fn change(folder: Folder, api: &Api, context: &Context, account: &Account, one: &One) -> Result {
    let key = folder.key(account.id(), one.mtime, &one.sender);
    let options = Options { admin: context.is_admin(), strict: true, ..Options::new() };
    Messages::of(api).update(folder, key, &context.params.record(), &options).await?;
    Ok(Reply::empty_list())
}

async fn remove(folder: Folder, api: &Api, account: &Account, which: &Which) -> Result {
    let peer = if folder == Folder::Sent { &which.recipient } else { &which.sender };
    Messages::of(api).del(folder, account.id(), peer.as_deref(), which.mtime).await?;
    Ok(Reply::empty_list())
}
