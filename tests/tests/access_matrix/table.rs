//! What each caller gets at each endpoint.

/// One endpoint.
pub(crate) struct Line {
    /// Its path in the document.
    pub(crate) path: &'static str,
    /// Path and query that are sent; the path alone when empty. `{ann}` and `{cal}` are ids, `{own}` is the id and `{who}`
    /// the login that asks, `{mtime}` when it got its message and `{icon}` one with an image, `{red}` is an image.
    pub(crate) query: &'static str,
    /// For nobody, a stranger, the owner ann, and an administrator.
    pub(crate) statuses: [u16; 4],
    /// Columns, and who sees a value of them: `n`, `s`, `o`, `a` in that order.
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

type Columns = &'static [(&'static str, &'static str)];

const fn open(path: &'static str, query: &'static str, columns: Columns) -> Line {
    Line { path, query, statuses: [200; 4], columns }
}

const fn account(path: &'static str, query: &'static str, columns: Columns) -> Line {
    Line { path, query, statuses: [417, 200, 200, 200], columns }
}

const fn admin(path: &'static str, query: &'static str, columns: Columns) -> Line {
    Line { path, query, statuses: [417, 401, 401, 200], columns }
}

/// What is secret of an account, whoever asks.
macro_rules! and_no_secrets {
    ($($column:expr),* $(,)?) => {
        &[$($column,)* ("secret", ""), ("password", ""), ("salt", ""), ("token_secret", ""), ("session_secret", "")]
    };
}

/// In the order in which they are asked.
pub(crate) const TABLE: &[Line] = &[
    open("/ping", "", &[]),
    open("/openapi.json", "", &[]),
    // Accounts
    open("/login", "/login?login=pat&password=wonder", &[("secret", "nsoa"), ("password", ""), ("salt", "")]),
    open("/logout", "", &[]),
    open(
        "/account/add",
        "/account/add?login=new-{who}&name=New&secret=s",
        and_no_secrets![("login", "nsoa")],
    ),
    account("/auth", "", and_no_secrets![("login", "soa"), ("type", "oa")]),
    account(
        "/account/get",
        "/account/get?id={ann}",
        and_no_secrets![
            ("name", "soa"),
            ("type", "oa"),
            ("email", "o"),
            ("birthday", "o"),
            ("age", "o"),
            ("login", "o")
        ],
    ),
    account("/account/get", "", and_no_secrets![("login", "soa"), ("email", "o")]),
    account("/account/select", "/account/select?name=Ann", and_no_secrets![("name", "soa"), ("email", "o")]),
    account("/account/search", "/account/search?name=Ann", and_no_secrets![("name", "soa"), ("type", "oa")]),
    account("/account/update", "/account/update?city=Bonn", and_no_secrets![("city", "soa"), ("email", "o")]),
    account("/account/put/secret", "/account/put/secret?token_secret=1", and_no_secrets![]),
    // Counters
    account("/counter/get", "/counter/get?id={ann}", &[("ping", "soa"), ("msg_read", "o")]),
    account("/counter/incr", "/counter/incr?id={ann}&ping=1", &[]),
    account("/counter/update", "/counter/update?ping=1", &[]),
    account("/counter/put", "/counter/put?ping=1", &[]),
    // Connections
    account("/connection/add", "/connection/add?type=like&peer={cal}", &[]),
    account(
        "/connection/put",
        "/connection/put?type=like&peer={cal}&status=old&_connected=1",
        &[("status", "")],
    ),
    account("/connection/update", "/connection/update?type=like&peer={cal}&status=old", &[]),
    account("/connection/incr", "/connection/incr?type=like&peer={cal}&status=old", &[]),
    account("/connection/get", "/connection/get?type=like&peer={cal}", &[("status", "soa")]),
    account("/connection/select", "/connection/select?type=like", &[("status", "soa")]),
    account("/reference/get", "/reference/get?type=friend&peer={cal}", &[("status", "soa")]),
    account("/reference/select", "/reference/select?type=friend", &[("status", "soa")]),
    account("/connection/del", "/connection/del?type=like", &[]),
    // Locations
    account("/location/put", "/location/put?latitude=1&longitude=1", &[("geohash", "soa")]),
    account(
        "/location/get",
        "/location/get?latitude=1&longitude=1",
        &[("latitude", "soa"), ("geohash", ""), ("email", "")],
    ),
    account(
        "/location/search",
        "/location/search?latitude=1&longitude=1",
        &[("name", "soa"), ("geohash", ""), ("email", "")],
    ),
    // Messages
    account("/message/add", "/message/add?id={cal}&msg=hi", &[("sender", "soa"), ("msg", "")]),
    account("/message/get", "", &[("msg", "soa")]),
    account("/message/get/sent", "", &[("msg", "soa")]),
    account("/message/get/unread", "", &[("count", "soa")]),
    account("/message/image", "/message/image?sender={cal}&mtime={icon}", &[]),
    account("/message/read", "/message/read?sender={cal}&mtime={mtime}", &[]),
    account("/message/update", "/message/update?sender={cal}&mtime={mtime}&read=0", &[]),
    account("/message/archive", "/message/archive?sender={cal}&mtime={mtime}", &[]),
    account("/message/get/archive", "", &[("msg", "soa")]),
    account("/message/update/archive", "/message/update/archive?sender={cal}&mtime={mtime}&read=0", &[]),
    account("/message/del", "/message/del?sender={cal}", &[]),
    account("/message/del/archive", "/message/del/archive?sender={cal}", &[]),
    account("/message/del/sent", "/message/del/sent?recipient={cal}", &[]),
    // Files
    account("/file/put", "/file/put?prefix=p&name=mine&data=eA", &[("path", "")]),
    account("/file/add", "/file/add?prefix=p&name=mine&data=eA&acl_allow=all", &[("path", "")]),
    account("/file/get", "/file/get?prefix=p&name=mine", &[]),
    Line {
        statuses: [417, 404, 200, 200],
        ..account("/file/get", "/file/get?prefix=p&name=own&id={ann}", &[])
    },
    account("/file/del", "/file/del?prefix=p&name=mine", &[]),
    // Icons
    account(
        "/icon/put",
        "/icon/put?prefix=p&type=mine&descr=d&icon={red}",
        &[("descr", "soa"), ("path", "")],
    ),
    account("/icon/upload", "/icon/upload?prefix=p&type=up&icon={red}", &[("url", "soa"), ("path", "")]),
    account("/icon/get", "/icon/get?prefix=p&type=mine", &[]),
    Line {
        statuses: [417, 404, 200, 200],
        ..account("/icon/get", "/icon/get?prefix=p&type=own&id={ann}", &[])
    },
    account("/icon/select", "/icon/select?prefix=p", &[("descr", "soa"), ("id", "soa"), ("path", "")]),
    account(
        "/icon/select",
        "/icon/select?prefix=p&id={ann}",
        &[("descr", "oa"), ("acl_allow", ""), ("path", "")],
    ),
    account("/account/put/icon", "/account/put/icon?type=5&icon={red}", &[("url", "soa"), ("path", "")]),
    account("/account/get/icon", "/account/get/icon?type=5", &[]),
    account("/account/select/icon", "/account/select/icon?id={ann}", &[("url", "oa"), ("path", "")]),
    account("/account/get", "/account/get?id={ann}", &[("icon5", "oa")]),
    account("/image/{prefix}/{id}/{file}", "/image/account/{own}/5", &[]),
    Line {
        statuses: [417, 404, 200, 200],
        ..account("/image/{prefix}/{id}/{file}", "/image/account/{ann}/5", &[])
    },
    account("/account/del/icon", "/account/del/icon?type=5", &[]),
    account("/icon/del", "/icon/del?prefix=p&type=mine", &[]),
    // Subscribe
    account("/account/subscribe", "", &[]),
    // Data
    admin("/data/columns", "", &[("bk_auth", "a")]),
    admin("/data/columns/{table}", "/data/columns/bk_auth", &[("type", "a")]),
    admin("/data/keys/{table}", "/data/keys/bk_auth", &[]),
    admin("/data/get/{table}", "/data/get/bk_auth?login=ann", and_no_secrets![("type", "a")]),
    admin("/data/list/{table}", "/data/list/bk_account?id={ann}", and_no_secrets![("email", "a")]),
    admin("/data/select/{table}", "/data/select/bk_auth?login=ann", and_no_secrets![("login", "a")]),
    admin("/data/search/{table}", "/data/search/bk_auth?login=ann", and_no_secrets![("login", "a")]),
    admin("/data/scan/{table}", "/data/scan/bk_auth?login=ann", and_no_secrets![("login", "a")]),
    admin("/data/add/{table}", "/data/add/bk_counter?id=x", &[]),
    admin("/data/put/{table}", "/data/put/bk_counter?id=x", &[]),
    admin("/data/update/{table}", "/data/update/bk_counter?id=x&ping=1", &[]),
    admin("/data/replace/{table}", "/data/replace/bk_counter?id=x", &[]),
    admin("/data/incr/{table}", "/data/incr/bk_counter?id=x&ping=1", &[]),
    admin("/data/del/{table}", "/data/del/bk_counter?id=x", &[]),
    // System
    admin("/system/params/get", "", &[]),
    admin("/system/params/info", "", &[("help", "a")]),
    admin("/system/cache/put", "/system/cache/put?name=a&value=1", &[]),
    admin("/system/cache/set", "/system/cache/set?name=a&value=1", &[]),
    admin("/system/cache/get", "/system/cache/get?name=a", &[("data", "a")]),
    admin("/system/cache/incr", "/system/cache/incr?name=a", &[("data", "a")]),
    admin("/system/cache/keys", "", &[("data", "a")]),
    admin("/system/cache/stats", "", &[("name", "a")]),
    admin("/system/cache/del", "/system/cache/del?name=a", &[]),
    admin("/system/cache/clear", "/system/cache/clear?name=a", &[("data", "a")]),
    admin("/system/cache/init", "", &[]),
    admin("/system/jobs/send", "/system/jobs/send?job=nosuch", &[("id", "a")]),
    admin("/system/jobs/submit", "/system/jobs/submit?job=nosuch", &[("id", "a")]),
    admin("/system/queue/publish", "/system/queue/publish?name=a&value=b", &[]),
    admin("/system/config/init", "", &[]),
    admin("/metrics", "", &[]),
    admin("/system/stats/get", "", &[("pid", "a"), ("processes", "a")]),
    admin("/system/msg/init", "", &[]),
    admin("/system/msg/send", "/system/msg/send?name=cache:clear", &[]),
    open("/health/live", "", &[]),
    open("/health/ready", "", &[]),
    admin("/health/detail", "", &[("checks", "a")]),
    // Pages
    account("/pages/put", "/pages/put?id=put-{who}&title=Own&pub=1", &[]),
    account("/pages/put/{id}", "/pages/put/in-{who}?title=Own", &[]),
    // The one who was there first, and administrators.
    Line {
        path: "/pages/put",
        query: "/pages/put?id=main&title=Main",
        statuses: [417, 200, 403, 200],
        columns: &[],
    },
    account("/pages/add", "/pages/add?id=added-{who}", &[]),
    account("/pages/add/{id}", "/pages/add/other-{who}", &[]),
    account("/pages/update", "/pages/update?id=put-{who}&subtitle=x", &[]),
    account("/pages/update/{id}", "/pages/update/in-{who}?subtitle=x", &[]),
    account("/pages/get", "", &[("title", "soa")]),
    account("/pages/get/", "", &[("title", "soa")]),
    account("/pages/get/{id}", "/pages/get/main", &[("title", "soa")]),
    account("/pages/select", "", &[("title", "soa")]),
    account("/pages/show", "", &[]),
    account("/pages/show/", "", &[]),
    account("/pages/show/{id}", "/pages/show/main", &[]),
    account("/pages/del", "/pages/del?id=added-{who}", &[]),
    account("/pages/del/{id}", "/pages/del/other-{who}", &[]),
    // What ends something, last.
    admin("/system/queue/init", "", &[]),
    admin("/system/restart", "", &[]),
    account("/account/del", "", &[]),
];
