//! Known answers of the signature format, each a trial of its own: `data/signature.json`.
//!
//! `make` is what a client signs and the value that comes of it; `check` is the request as it arrives,
//! the account, and what the server must say. Versions 1 and 5 are switched on for this.

use std::process::ExitCode;

use bkjs_core::auth::{
    Claim, Cost, Credentials, Passwords, Place, Request, Signature, Stored, Verifier, Version,
    resolve_expires, session_domain,
};
use bkjs_core::{Error, Result};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() -> Result<ExitCode, serde_json::Error> {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("data/signature.json"))?;
    let trials = vectors
        .into_iter()
        .map(|vector| Trial::test(text(&vector, "name").to_owned(), move || run(&vector)))
        .collect();
    Ok(libtest_mimic::run(&Arguments::from_args(), trials).exit_code())
}

fn run(vector: &Value) -> Result<(), Failed> {
    let (make, check) = (&vector["make"], &vector["check"]);
    let now_ms = check["now"].as_i64().ok_or("now")?;
    made_as_clients_make_it(make, now_ms)?;

    let sent = if check["value"].is_string() { text(check, "value") } else { text(make, "value") };
    let mut query = text(check, "query").to_owned();
    if text(check, "place") == "query" {
        query = format!("{query}&bk-signature={sent}");
    }
    let request = Request { query: query.as_bytes(), now_ms, ..request(check) };
    let status = verify(sent, &request, check).map_or_else(|e| e.status(), |()| 200);
    same("status", &status, &check["status"])?;

    if check["parsed"].is_object() {
        understood_as_the_server_does(sent, &request, check)?;
    }
    Ok(())
}

fn made_as_clients_make_it(make: &Value, now_ms: i64) -> Result<(), Failed> {
    let claim = Claim {
        version: Version::from_number(make["version"].as_i64().unwrap_or(0)),
        tag: text(make, "tag"),
        login: text(make, "login"),
        expires_ms: resolve_expires(make["expires"].as_i64().unwrap_or(0), now_ms),
        checksum: text(make, "checksum"),
    };
    let request = request(make);
    let made = Signature::create_with_key(&claim, &request, text(make, "key").as_bytes())?;
    same("made value", &made.to_value(), &make["value"])?;
    if make["domain"].is_string() {
        same("domain", &session_domain(request.host).as_ref(), &make["domain"])?;
        same("max_age_s", &((claim.expires_ms - now_ms) / 1000), &make["max_age_s"])?;
    }
    Ok(())
}

fn understood_as_the_server_does(sent: &str, request: &Request<'_>, check: &Value) -> Result<(), Failed> {
    let signature = Signature::parse(sent.as_bytes())?;
    let parsed = &check["parsed"];
    same("version", &signature.version().number(), &parsed["version"])?;
    same("tag", &signature.tag(), &parsed["tag"])?;
    same("login", &signature.login(), &parsed["login"])?;
    same("expires", &signature.expires_ms(), &parsed["expires"])?;
    same("checksum", &signature.checksum(), &parsed["checksum"])?;
    if check["text"].is_string() {
        let covered = request.canonical_text(&signature.claim());
        same("text", &String::from_utf8_lossy(&covered).as_ref(), &check["text"])?;
        let expected =
            Signature::create(&signature.claim(), request, &credentials(&check["account"]))?.to_value();
        same("hmac", &expected.split('|').nth(3).unwrap_or_default(), &check["hmac"])?;
    }
    Ok(())
}

fn verify(sent: &str, request: &Request<'_>, check: &Value) -> Result<()> {
    let rules = Verifier { allow_version_1: true, allow_clear: true, ..Verifier::default() };
    let place = match text(check, "place") {
        "session" => Place::Session,
        "token" => Place::Token,
        _ => Place::Request,
    };
    let signature = Signature::parse(sent.as_bytes())?;
    rules.check(&signature, request, place)?;
    let account = &check["account"];
    if let Some(password) = signature.clear_password() {
        let stored = Stored::from_columns(account["password"].as_str(), account["salt"].as_str());
        let passwords = Passwords::new(Cost { memory_kib: 8, passes: 1, lanes: 1 })?;
        return passwords.verify(&stored, password.as_bytes()).map(|_| ());
    }
    rules.verify(&signature, request, &credentials(account))
}

fn request(of: &Value) -> Request<'_> {
    Request {
        method: text(of, "method"),
        host: text(of, "host"),
        path: text(of, "path"),
        query: text(of, "query").as_bytes(),
        form: of["form"].as_str().map(str::as_bytes),
        content_type: text(of, "content_type"),
        ..Request::default()
    }
}

fn credentials(account: &Value) -> Credentials<'_> {
    Credentials {
        secret: text(account, "secret"),
        auth_secret: text(account, "auth_secret"),
        token_secret: text(account, "token_secret"),
        ..Credentials::default()
    }
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_default()
}

fn same<T>(what: &str, is: &T, should: &Value) -> Result<(), Error>
where
    T: std::fmt::Debug,
    Value: PartialEq<T>,
{
    if should == is { Ok(()) } else { Err(Error::invalid(format!("{what}: is {is:?}, should be {should}"))) }
}
