//! Sessions and access tokens for an account that has proven who it is.

use bkjs_core::Result;
use bkjs_core::auth::AccessToken;
use bkjs_core::value::Row;

use super::{Cookie, credentials};
use crate::access::rate;
use crate::context::Context;
use crate::reply::{Content, Reply};
use crate::state::Api;

impl Api {
    /// The cookie of a new session.
    ///
    /// # Errors
    /// As [`Sessions::issue`](bkjs_core::auth::Sessions::issue): an account without a secret has no session.
    pub fn session_cookie(&self, context: &Context, auth: &Row) -> Result<Cookie> {
        let name = &self.params().signature_name;
        let request = context.signed(name);
        let session = self.sessions().issue(auth.text("login"), &credentials(auth), &request)?;
        let seconds = u64::try_from(session.max_age_s).unwrap_or(0);
        Ok(Cookie::new(name, &session.value, context.client.tls).max_age(seconds))
    }

    /// The cookie that ends a session in the browser.
    pub fn session_end(&self, context: &Context) -> Cookie {
        Cookie::clear(&self.params().signature_name, context.client.tls)
    }

    /// A new access token.
    ///
    /// # Errors
    /// As [`Tokens::issue`](bkjs_core::auth::Tokens::issue): an account without a secret has no token.
    pub fn access_token(&self, context: &Context, auth: &Row) -> Result<AccessToken> {
        let request = context.signed("");
        self.tokens().issue(auth.text("login"), &credentials(auth), &request)
    }

    /// Counts a try to sign in by a password against the limit of its login, as signatures are counted.
    ///
    /// # Errors
    /// `TooManyRequests` above `api-rlimits-rate-login`.
    pub async fn count_login(&self, login: &str) -> Result<()> {
        let settings = self.settings();
        rate::check(self.limiter(), settings.limits.get("login"), || format!("login:{login}")).await
    }

    /// Does to a reply with the account's own record what `_session` and `_accesstoken` ask for: sets or
    /// clears the cookie, adds the token and its age in milliseconds.
    ///
    /// # Errors
    /// 412 for an account that has expired, `Forbidden` when its own lists refuse the path;
    /// as [`Context::controls`], [`session_cookie`](Self::session_cookie) and [`access_token`](Self::access_token).
    pub fn sign_in(&self, context: &Context, auth: &Row, mut reply: Reply) -> Result<Reply> {
        self.acl().check(auth, context.path())?;
        let controls = context.controls()?;
        let config = self.params();
        if controls.access_token {
            let token = self.access_token(context, auth)?;
            if let Content::Row(row) = &mut reply.content {
                row.set(config.access_token_name.as_str(), token.value);
                row.set(format!("{}-age", config.access_token_name), token.age_ms);
            }
        }
        match controls.session {
            Some(true) if !config.no_session => reply = reply.cookie(&self.session_cookie(context, auth)?),
            Some(false) => reply = reply.cookie(&self.session_end(context)),
            _ => {}
        }
        Ok(reply)
    }
}
