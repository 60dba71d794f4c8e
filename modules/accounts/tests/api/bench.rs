//! What every scenario stands on: a server with this module, and accounts in it.

use bkjs_accounts::AccountsModule;
use bkjs_api::Setup;
use bkjs_api::testing::{Answer, TestServer};
use bkjs_core::auth::{Cost, HasherOptions};
use serde_json::Value;

/// The secret of the accounts that [`register`] makes.
pub(crate) const SECRET: &str = "s1";

/// The module, with hashes that cost next to nothing.
pub(crate) fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.module(&AccountsModule);
    setup.hasher(HasherOptions {
        cost: Cost { memory_kib: 8, passes: 1, lanes: 1 },
        ..HasherOptions::default()
    });
    setup
}

pub(crate) async fn start() -> TestServer {
    TestServer::start(setup(), &[]).await
}

/// Registers an account with [`SECRET`] and these columns; gives its id.
pub(crate) async fn register(server: &TestServer, login: &str, columns: &[(&str, &str)]) -> String {
    let form = [&[("login", login), ("secret", SECRET), ("name", login)], columns].concat();
    let answer = server.post("/account/add").form(&form).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    text(&answer.json()["id"])
}

/// An administrator `root` with [`SECRET`].
pub(crate) async fn register_admin(server: &TestServer) {
    register(server, "root", &[]).await;
    let options = bkjs_api::Options { admin: true, ..bkjs_api::Options::new() };
    let row = bkjs_core::value::Row::new().with("login", "root").with("type", "admin");
    server.api.db().update("bk_auth", row, &options).await.expect("an administrator");
}

/// The own account, which must be there.
pub(crate) async fn own(server: &TestServer, login: &str) -> Value {
    let answer = server.get("/account/get").sign(login, SECRET).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The cookie of a new session and a new access token.
pub(crate) async fn signed_in(server: &TestServer, login: &str, secret: &str) -> (String, String) {
    let answer = server.get("/auth?_session=1&_accesstoken=1").sign(login, secret).send().await;
    (answer.cookie().expect("a cookie"), text(&answer.json()["bk-access-token"]))
}

/// The statuses of a request by this session and of one by this token.
pub(crate) async fn served(server: &TestServer, (cookie, token): &(String, String)) -> (u16, u16) {
    let by_session = server.get("/auth").header("cookie", cookie).send().await;
    let by_token = server.get("/auth").header("bk-access-token", token).send().await;
    (by_session.status, by_token.status)
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// As [`Answer::refused`].
pub(crate) fn refused(answer: &Answer, status: u16, words: &str) {
    answer.refused(status, words);
}

/// As [`Answer::lacks`].
pub(crate) fn absent(answer: &Answer, names: &[&str]) {
    answer.lacks(names);
}

/// The columns that no reply shows, except for `secret` in that of `/login`.
pub(crate) const SECRETS: [&str; 6] =
    ["secret", "password", "salt", "token_secret", "session_secret", "auth_secret"];
