//! Hooks: functions of modules and applications along the path of a request.
//!
//! | hook | when | what it may do |
//! |---|---|---|
//! | access check | before authentication | let in without a login, refuse, send elsewhere |
//! | auth check | after it, also when it failed; not on open paths | turn the outcome |
//! | pre-process | before the handler | change parameters, answer itself, refuse |
//! | post-process | after a handler's [`Reply`] | change rows and headers, refuse |
//! | account | when an account was added, changed or removed | follow it with data of its own |

use std::sync::Arc;

use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use futures_util::future::BoxFuture;
use http::HeaderMap;

use crate::access::PathList;
use crate::context::Context;
use crate::reply::Reply;
use crate::state::Api;

/// What a hook before the handler sees.
pub struct HookCall<'a> {
    /// The application.
    pub api: &'a Api,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// The request as it stands.
    pub context: &'a mut Context,
}

/// What a hook after the handler sees.
pub struct ReplyCall<'a> {
    /// The application.
    pub api: &'a Api,
    /// The request.
    pub context: &'a Context,
    /// The reply, before columns are removed from it.
    pub reply: &'a mut Reply,
}

/// Whether a request goes on.
#[derive(Debug)]
pub enum Verdict {
    /// This hook has no opinion.
    Pass,
    /// It is let in, without a login if there is none.
    Allow,
    /// It is refused.
    Refuse(Error),
    /// It is sent elsewhere.
    Redirect(String),
}

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// It was added.
    Added,
    /// It was changed.
    Updated,
    /// It was removed.
    Deleted,
}

pub(crate) type AccessHook = Arc<dyn for<'a> Fn(HookCall<'a>) -> BoxFuture<'a, Verdict> + Send + Sync>;
pub(crate) type AuthHook =
    Arc<dyn for<'a> Fn(HookCall<'a>, Option<&'a Error>) -> BoxFuture<'a, Verdict> + Send + Sync>;
pub(crate) type PreHook =
    Arc<dyn for<'a> Fn(HookCall<'a>) -> BoxFuture<'a, Result<Option<Reply>>> + Send + Sync>;
pub(crate) type PostHook = Arc<dyn for<'a> Fn(ReplyCall<'a>) -> BoxFuture<'a, Result<()>> + Send + Sync>;
pub(crate) type AccountHook =
    Arc<dyn for<'a> Fn(&'a Api, AccountEvent, &'a Row) -> BoxFuture<'a, Result<()>> + Send + Sync>;

struct Pathed<H> {
    paths: PathList,
    hook: H,
}

/// The hooks of an application.
#[derive(Default)]
pub(crate) struct Hooks {
    access: Vec<Pathed<AccessHook>>,
    auth: Vec<Pathed<AuthHook>>,
    pre: Vec<Pathed<PreHook>>,
    post: Vec<Pathed<PostHook>>,
    account: Vec<AccountHook>,
}

/// A path without any mark of an expression means exactly that path; an empty one means all.
fn paths(pattern: &str) -> Result<PathList> {
    if pattern.is_empty() {
        return PathList::new(["^/"]);
    }
    if pattern.starts_with('/') && !pattern.contains(['^', '$', '*', '+', '?', '(', '[', '\\', '|']) {
        return PathList::new([format!("^{}$", regex::escape(pattern))]);
    }
    PathList::new([pattern])
}

impl Hooks {
    pub(crate) fn add_access(&mut self, path: &str, hook: AccessHook) -> Result<()> {
        self.access.push(Pathed { paths: paths(path)?, hook });
        Ok(())
    }

    pub(crate) fn add_auth(&mut self, path: &str, hook: AuthHook) -> Result<()> {
        self.auth.push(Pathed { paths: paths(path)?, hook });
        Ok(())
    }

    pub(crate) fn add_pre(&mut self, path: &str, hook: PreHook) -> Result<()> {
        self.pre.push(Pathed { paths: paths(path)?, hook });
        Ok(())
    }

    pub(crate) fn add_post(&mut self, path: &str, hook: PostHook) -> Result<()> {
        self.post.push(Pathed { paths: paths(path)?, hook });
        Ok(())
    }

    pub(crate) fn add_account(&mut self, hook: AccountHook) {
        self.account.push(hook);
    }

    /// Adds all hooks of another set after these.
    pub(crate) fn extend(&mut self, others: Self) {
        let Self { access, auth, pre, post, account } = others;
        self.access.extend(access);
        self.auth.extend(auth);
        self.pre.extend(pre);
        self.post.extend(post);
        self.account.extend(account);
    }

    /// The first opinion of the access checks.
    pub(crate) async fn access(&self, api: &Api, headers: &HeaderMap, context: &mut Context) -> Verdict {
        if self.access.is_empty() {
            return Verdict::Pass;
        }
        let path = context.path().to_owned();
        for entry in self.access.iter().filter(|e| e.paths.matches(&path)) {
            match (entry.hook)(HookCall { api, headers, context }).await {
                Verdict::Pass => {}
                verdict => return verdict,
            }
        }
        Verdict::Pass
    }

    /// The first opinion of the auth checks on an outcome.
    pub(crate) async fn auth(
        &self,
        api: &Api,
        headers: &HeaderMap,
        context: &mut Context,
        failure: Option<&Error>,
    ) -> Verdict {
        if self.auth.is_empty() {
            return Verdict::Pass;
        }
        let path = context.path().to_owned();
        for entry in self.auth.iter().filter(|e| e.paths.matches(&path)) {
            match (entry.hook)(HookCall { api, headers, context }, failure).await {
                Verdict::Pass => {}
                verdict => return verdict,
            }
        }
        Verdict::Pass
    }

    /// The reply of the first hook that answers itself.
    pub(crate) async fn pre(
        &self,
        api: &Api,
        headers: &HeaderMap,
        context: &mut Context,
    ) -> Result<Option<Reply>> {
        if self.pre.is_empty() {
            return Ok(None);
        }
        let path = context.path().to_owned();
        for entry in self.pre.iter().filter(|e| e.paths.matches(&path)) {
            if let Some(reply) = (entry.hook)(HookCall { api, headers, context }).await? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    pub(crate) async fn post(&self, api: &Api, context: &Context, reply: &mut Reply) -> Result<()> {
        for entry in self.post.iter().filter(|e| e.paths.matches(context.path())) {
            (entry.hook)(ReplyCall { api, context, reply }).await?;
        }
        Ok(())
    }

    pub(crate) async fn account(&self, api: &Api, event: AccountEvent, row: &Row) -> Result<()> {
        let mut result = Ok(());
        for hook in &self.account {
            match (hook(api, event, row).await, &result) {
                (Err(error), Ok(())) => result = Err(error),
                (Err(error), Err(_)) => {
                    tracing::error!(?event, error = error.log_text(), "another account hook failed too");
                }
                (Ok(()), _) => {}
            }
        }
        result
    }
}
