//! From the credentials of a request to its account.

use bkjs_core::auth::{Admission, Place, Signature, Verifier, verify_body};
use bkjs_core::db::Options;
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};

use super::{AUTH_TABLE, Account, Proof, credentials};
use crate::access::rate;
use crate::context::{Context, no_login};
use crate::settings::Settings;
use crate::state::Api;

/// Finds and verifies the account of a request.
///
/// Credentials are looked for as the protocol has it: signature, access token, session. The first one
/// that is there counts, good or bad.
///
/// # Errors
/// 417 without credentials, else as the table of [`bkjs_core::auth`] says; 403 for a session that
/// another site makes use of; what the account's own lists refuse.
pub(crate) async fn authenticate(api: &Api, settings: &Settings, context: &Context) -> Result<Account> {
    let (signature, place) = find(api, settings, context)?;
    let config = &settings.params;
    let request = context.signed(&config.signature_name);
    let rules = Verifier {
        age_ms: millis(config.signature_age),
        max_life_ms: millis(config.signature_max_life),
        allow_version_1: config.signature_v1,
        allow_clear: false,
    };
    rules.check(&signature, &request, place)?;
    let login = signature.login();
    rate::check(api.limiter(), settings.limits.get("login"), || format!("login:{login}")).await?;
    let Some(row) = api.db().get::<Row>(AUTH_TABLE, login, &Options::default()).await? else {
        return Err(rules.verify_unknown(&signature, &request));
    };
    rules.verify(&signature, &request, &credentials(&row))?;
    if place == Place::Request {
        if !signature.checksum().is_empty() {
            verify_body(&signature, &context.params.body)?;
        }
        if config.signature_replay {
            let admission = Admission::of(&signature, rules.age_ms, request.now_ms);
            api.replay_guard().admit(admission).await?;
        }
    }
    api.acl().check(&row, context.path())?;
    let proof = match place {
        Place::Request => Proof::Signature,
        Place::Token => Proof::Token,
        Place::Session => Proof::Session,
    };
    Ok(Account::new(row, proof))
}

fn find(api: &Api, settings: &Settings, context: &Context) -> Result<(Signature, Place)> {
    let carried = &context.carried;
    if let Some(value) = &carried.signature {
        return Ok((Signature::parse(value)?, Place::Request));
    }
    if let Some(value) = &carried.token {
        return Ok((api.tokens().open(value)?, Place::Token));
    }
    let Some(signature) = carried.session.as_ref().and_then(|value| api.sessions().open(value)) else {
        return Err(no_login());
    };
    if !settings.access.takes_sessions(context.path()) {
        return Err(Error::new(ErrorKind::NotAuthenticated, "not authorized"));
    }
    if carried.cross_site {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "a session does not count for a request of another site",
        ));
    }
    Ok((signature, Place::Session))
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
