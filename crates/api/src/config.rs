//! The parameters of the HTTP layer.

use std::collections::BTreeMap;
use std::time::Duration;

use bkjs_core::config::{Params, RegexpList, RegexpMap, Secret, Size};
use ipnetwork::IpNetwork;

/// The HTTP layer: limits, access, authentication.
///
/// Where requests come in (`port`, `bind`, `timeout`) belongs to the processes that own the sockets.
#[derive(Clone, Debug, Params)]
#[params(prefix = "api")]
pub struct ApiParams {
    /// Largest request body.
    #[param(default = "10m", min = "1k", max = "1g", live)]
    pub upload_limit: Size,
    /// Longest path and query of a request, in bytes.
    #[param(default = "16k", min = "1k", max = "60k", live)]
    pub max_uri: Size,
    /// Most requests in progress in one process, beyond which 503 is answered; 0 is without a limit.
    #[param(default = "0", live)]
    pub max_request_queue: usize,
    /// Most open connections of one process; further ones wait.
    #[param(default = "10000", min = "1")]
    pub max_connections: usize,
    /// No line in the log for each request.
    #[param(live)]
    pub no_access_log: bool,
    /// No files of the web site are served.
    #[param(live)]
    pub no_static: bool,

    /// Paths that need no login, beside the usual ones (files of the web site, /account/add, /login, /logout,
    /// /openapi.json, /ping).
    #[param(alias = "api-allow", live)]
    pub allow_path: RegexpList,
    /// Paths that are taken out of those that need no login.
    #[param(alias = "api-ignore-allow", live)]
    pub ignore_allow_path: RegexpList,
    /// Paths that are refused whoever asks.
    #[param(alias = "api-deny", live)]
    pub deny_path: RegexpList,
    /// Addresses and networks, or patterns of addresses, that need no login.
    #[param(live)]
    pub allow_ip: RegexpList,
    /// Addresses and networks, or patterns of addresses, that are refused.
    #[param(live)]
    pub deny_ip: RegexpList,
    /// Paths that are served with a login or without one.
    #[param(live)]
    pub allow_anonymous: RegexpList,
    /// Paths for every account: opens what is for administrators, and skips the lists by type.
    #[param(live)]
    pub allow_authenticated: RegexpList,
    /// Paths for administrators only, beside /data, /system and /metrics.
    #[param(live)]
    pub allow_admin: RegexpList,
    /// Paths for accounts of one type, and administrators.
    #[param(pattern = "allow-account-([a-z0-9_]+)", live)]
    pub allow_account: BTreeMap<String, RegexpList>,
    /// Paths refused to accounts of one type.
    #[param(pattern = "deny-account-([a-z0-9_]+)", live)]
    pub deny_account: BTreeMap<String, RegexpList>,
    /// Paths that are refused over plain HTTP.
    #[param(live)]
    pub allow_ssl: RegexpList,
    /// Paths that are sent on to HTTPS over plain HTTP.
    #[param(live)]
    pub redirect_ssl: RegexpList,
    /// Addresses that clients are sent to, by regular expressions over `host/path`: `@HOST@`, `@PATH@` and `@URL@` (path
    /// and query) stand for what was asked for, as in `{"^www.a.com/": "https://a.com@URL@"}`.
    #[param(live)]
    pub redirect_url: RegexpMap,
    /// Paths of pages, by the address that who asks for one without a login is sent to.
    #[param(pattern = "login-redirect-(.+)", live)]
    pub login_redirect: BTreeMap<String, RegexpList>,
    /// Paths that are served as another one, by that other path, whose access lists count; a signature is made for the
    /// path that is asked for.
    #[param(pattern = "routing-(.+)", live)]
    pub routing: BTreeMap<String, RegexpList>,
    /// Hosts whose site is a folder of its own below `web-dir`, by that folder; `!` before an expression excludes hosts.
    #[param(pattern = "vhost-path-(.+)", live)]
    pub vhost_path: BTreeMap<String, RegexpList>,
    /// Paths whose requests another server answers, by its address, such as `http://127.0.0.1:8080`.
    #[param(pattern = "proxy-url-(.+)", live)]
    pub proxy_url: BTreeMap<String, RegexpList>,
    /// Hosts whose requests another server answers, by its address; they come before `api-proxy-url-`.
    #[param(pattern = "proxy-host-(.+)", live)]
    pub proxy_host: BTreeMap<String, RegexpList>,
    /// The address of a server that answers all other requests in place of this one.
    #[param(live)]
    pub proxy_reverse: String,
    /// Paths on which session cookies do not count.
    #[param(live)]
    pub disable_session: RegexpList,
    /// Proxies whose forwarding headers are believed: addresses and networks.
    #[param(live)]
    pub trust_proxy: Vec<IpNetwork>,

    /// Name of the header and parameter with the application: name, version and platform, apart by slashes.
    #[param(name = "app-header-name", default = "bk-app", live)]
    pub app_name: String,
    /// Name of the header and parameter with the version of the interface that the client expects.
    #[param(name = "version-header-name", default = "bk-version", live)]
    pub version_name: String,
    /// Name of the header and parameter with the time zone of the client, in minutes that it is ahead of UTC.
    #[param(name = "tz-header-name", default = "bk-tz", live)]
    pub tz_name: String,
    /// Name of the header and parameter with the language of the client.
    #[param(name = "lang-header-name", default = "bk-lang", live)]
    pub lang_name: String,

    /// Name of the header, query parameter and cookie that carry a signature.
    #[param(default = "bk-signature", alias = "api-signature-header-name")]
    pub signature_name: String,
    /// How late a signature may be.
    #[param(default = "0", unit = "ms", live)]
    pub signature_age: Duration,
    /// How far ahead the expiry of a signature may lie; 0 is without a limit.
    #[param(default = "0", unit = "ms", live)]
    pub signature_max_life: Duration,
    /// Signatures of version 1 (HMAC-SHA1, login not covered) are taken.
    #[param(live)]
    pub signature_v1: bool,
    /// A signature counts once: the same one again is refused until it has expired, or the server was restarted.
    #[param(live)]
    pub signature_replay: bool,
    /// No session cookies.
    #[param(live)]
    pub no_session: bool,
    /// How long a session lasts.
    #[param(default = "14d", unit = "ms")]
    pub session_age: Duration,
    /// Seals session cookies; the home's own secret when empty.
    #[param(secret)]
    pub session_secret: Secret,
    /// Name of the query parameter and header that carry an access token.
    #[param(default = "bk-access-token")]
    pub access_token_name: String,
    /// How long an access token lasts.
    #[param(default = "7d", unit = "ms")]
    pub access_token_age: Duration,
    /// Seals access tokens; the home's own secret when empty.
    #[param(secret)]
    pub access_token_secret: Secret,

    /// Origins whose scripts may read replies: `*` for any without credentials, or origins by comma with.
    #[param(default = "*", live)]
    pub cors_origin: String,

    /// Requests at once, by `ip`, `path`, `login`, `id` or a path of its own.
    #[param(pattern = "rlimits-max-(.+)", live)]
    pub rlimits_max: BTreeMap<String, u32>,
    /// Requests within the interval, by `ip`, `path`, `login`, `id` or a path of its own.
    #[param(pattern = "rlimits-rate-(.+)", live)]
    pub rlimits_rate: BTreeMap<String, u32>,
    /// The interval of one rate limit.
    #[param(pattern = "rlimits-interval-(.+)", unit = "ms", live)]
    pub rlimits_interval: BTreeMap<String, Duration>,
    /// The interval of the rate limits that have none of their own.
    #[param(name = "rlimits-interval", default = "1000", unit = "ms", min = "1", live)]
    pub rlimits_default_interval: Duration,
    /// The name of the cache in which requests are counted: `local` for all processes of this host, `default` or another
    /// one for all hosts that share it. While it does not answer, each process counts by itself.
    #[param(default = "local", alias = "api-limiter-queue")]
    pub limiter_cache: String,
}
