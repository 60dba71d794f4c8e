//! Whatever is sent, the server answers below 500 or closes, and lives on.

use std::time::Duration;

use anyhow::Result;
use bkjs_tests::raw::{self, Answer};
use bkjs_tests::{Call, Home, Server, checksum};

const PATIENCE: Duration = Duration::from_secs(15);

/// A server with an account, one web process, and short patience with slow clients.
struct Target {
    server: Server,
    web: i32,
    _home: Home,
}

impl Target {
    async fn new() -> Result<Self> {
        let home = Home::new()?;
        let server = Server::start(&home, &["-server-max-processes", "1", "-timeout", "2000"]).await?;
        let form = [("login", "alice"), ("secret", "wonder"), ("name", "Alice")];
        assert_eq!(server.send(Call::post("/account/add").form(&form)).await?.status, 200);
        let web = server.role("web")[0].pid;
        Ok(Self { server, web, _home: home })
    }

    async fn raw(&self, what: &str, bytes: impl AsRef<[u8]>) -> Result<Answer> {
        let answer = raw::send(self.server.port, bytes.as_ref(), PATIENCE).await?;
        assert!(answer.is_sane(), "{what}: {answer:?}\n{}", self.server.log());
        Ok(answer)
    }

    async fn call(&self, what: &str, call: Call) -> Result<u16> {
        let reply = self.server.send(call).await?;
        assert!(reply.status < 500, "{what}: {} {}\n{}", reply.status, reply.text(), self.server.log());
        Ok(reply.status)
    }

    /// The same web process still serves, and nothing has panicked.
    async fn lives(&self) -> Result<()> {
        let own = self.server.send(Call::get("/account/get").sign("alice", "wonder")).await?;
        assert_eq!(own.json()["name"], "Alice", "{}", own.text());
        assert_eq!(
            self.server.role("web")[0].pid,
            self.web,
            "the web process was replaced\n{}",
            self.server.log()
        );
        assert!(!self.server.log().contains("panicked"), "{}", self.server.log());
        Ok(())
    }
}

fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn broken_http_is_refused() -> Result<()> {
    let target = Target::new().await?;
    for (what, bytes) in [
        ("no HTTP", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"[..]),
        ("no version", b"GET /ping\r\n\r\n"),
        ("a space in the path", b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
        (
            "bytes that are no UTF-8",
            b"GET /\xff\xfe?\xff=\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ),
        ("a header without colon", b"GET /ping HTTP/1.1\r\nHost x\r\n\r\n"),
        ("a negative length", b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        (
            "two lengths",
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        ),
        (
            "a length beyond 64 bits",
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ),
        ("a broken chunk", b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ("no host", b"GET /account/get HTTP/1.1\r\nConnection: close\r\n\r\n"),
        ("an unknown method", b"BREW /account/get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        (
            "a foreign address",
            b"GET http://example.com/account/get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ),
    ] {
        target.raw(what, bytes).await?;
    }
    target.lives().await
}

#[tokio::test]
async fn what_is_refused_by_its_head_is_told_why_in_json() -> Result<()> {
    let target = Target::new().await?;
    for (head, status) in [
        ("GET /ping HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        ("GET /ping HTTP/1.1", 400),
        ("GET /ping HTTP/1.1\r\nHost: a b", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80", 405),
        ("TRACE /ping HTTP/1.1\r\nHost: a", 405),
        ("GARBAGE", 400),
        ("GET /a b HTTP/1.1\r\nHost: a", 400),
        ("GET /ping HTTP/1.1\r\nHost: a\r\nno colon", 400),
        ("GET /ping HTTP/7.7\r\nHost: a", 400),
    ] {
        let request = format!("{head}\r\nConnection: close\r\n\r\n");
        let reply = raw::text(target.server.port, request.as_bytes(), PATIENCE).await?;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {reply}");
        let body = reply.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(body)?;
        assert!(json["status"] == status && json["message"].is_string(), "{head}: {reply}");
    }
    target.lives().await
}

#[tokio::test]
async fn long_heads_are_refused() -> Result<()> {
    let target = Target::new().await?;
    let long = "a".repeat(1_000_000);
    let head = |line: &str, header: &str| {
        format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n")
    };
    target.raw("a long path", head(&format!("GET /{long}"), "A: b")).await?;
    target.raw("a long query", head(&format!("GET /account/get?a={long}"), "A: b")).await?;
    target.raw("a long header", head("GET /account/get", &format!("A: {long}"))).await?;
    let many: Vec<String> = (0..10_000).map(|number| format!("A{number}: b")).collect();
    target.raw("many headers", head("GET /account/get", &many.join("\r\n"))).await?;
    target
        .raw(
            "a long signature",
            head("GET /account/get", &format!("bk-signature: 4||{}|x|1||", &long[..6000])),
        )
        .await?;
    target.lives().await
}

#[tokio::test]
async fn broken_bodies_are_refused() -> Result<()> {
    let target = Target::new().await?;
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for (what, content_type, body) in [
        ("no JSON", json, &b"{\"login\":"[..]),
        ("JSON with bytes that are no UTF-8", json, b"{\"login\":\"\xff\xfe\"}"),
        ("a lone surrogate", json, b"{\"login\":\"\\ud800\"}"),
        ("a number beyond all", json, b"{\"login\":1e999999,\"name\":123456789012345678901234567890}"),
        ("a list", json, b"[1,2,3]"),
        ("a string", json, b"\"login\""),
        ("null", json, b"null"),
        ("a NUL in JSON", json, b"{\"login\":\"a\\u0000b\",\"name\":\"\\u0000\",\"secret\":\"s\"}"),
        ("an object for a login", json, b"{\"login\":{\"$ne\":1},\"secret\":[\"a\"],\"name\":{}}"),
        ("a broken escape in a form", form, b"login=%zz&name=%&secret=%f"),
        ("an escape that is no UTF-8", form, b"login=%ff%fe&name=%c3%28&secret=s"),
        ("a NUL in a form", form, b"login=a%00b&name=%00&secret=%00"),
        ("names twice", form, b"login=a&login=b&name=a&name=b&secret=a&secret=b"),
        ("only separators", form, b"&&&===&=&"),
        ("a form without its parts", "multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("a form without boundary", "multipart/form-data", b"--x--"),
        ("a type that does not exist", "nonsense/;;;", b"login=a"),
        ("a character set that does not exist", "application/json; charset=klingon", b"{}"),
    ] {
        let answer = target.raw(what, post("/account/add", content_type, body)).await?;
        assert!(matches!(answer, Answer::Status(_)), "{what}: {answer:?}");
        target.raw(what, post("/login", content_type, body)).await?;
    }
    let no_json = target.raw("no JSON", post("/account/add", json, b"{\"login\":")).await?;
    assert_eq!(no_json, Answer::Status(400));
    target.lives().await
}

#[tokio::test]
async fn deep_json_is_refused() -> Result<()> {
    let target = Target::new().await?;
    for body in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        let answer =
            target.raw("100,000 levels", post("/account/add", "application/json", body.as_bytes())).await?;
        assert_eq!(answer, Answer::Status(400));
    }
    target.lives().await
}

#[tokio::test]
async fn bodies_that_are_too_long_are_refused() -> Result<()> {
    let target = Target::new().await?;
    let announced = "POST /account/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{";
    assert_eq!(target.raw("a length of 100 GB", announced).await?, Answer::Status(413));
    let asking = announced.replace("Host: x", "Host: x\r\nExpect: 100-continue");
    assert_eq!(
        target.raw("the same, asking first", asking.trim_end_matches('{')).await?,
        Answer::Status(413)
    );

    // The second piece is where a server makes room for the rest.
    let pieces: [&[u8]; 4] = [announced.as_bytes(), b"\"a\":\"", b"b", b"c"];
    let answer = raw::send_in_pieces(target.server.port, &pieces, PATIENCE).await?;
    assert_eq!(answer, Answer::Status(413));

    let body = format!("{{\"name\":\"{}\"}}", "a".repeat(64 << 20));
    let answer = target.raw("64 MB", post("/account/add", "application/json", body.as_bytes())).await?;
    assert!(matches!(answer, Answer::Status(413) | Answer::Closed), "{answer:?}");
    target.lives().await
}

#[tokio::test]
async fn clients_that_stop_half_way_are_cut() -> Result<()> {
    let target = Target::new().await?;
    for (what, bytes) in [
        ("half a head", &b"GET /account/get HTTP/1.1\r\nHost:"[..]),
        ("half a body", b"POST /account/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":"),
        ("half a chunk", b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc"),
    ] {
        // Neither silence nor a failure: an answer, or the end of the connection, within a bounded time.
        target.raw(what, bytes).await?;
    }
    target.lives().await
}

#[tokio::test]
async fn hostile_names_and_values_in_queries_are_refused_or_do_nothing() -> Result<()> {
    let target = Target::new().await?;
    let hostile = [
        "name;drop table bk_account",
        "name' or '1'='1",
        "\"name\"",
        "name--",
        "a.b",
        "$where",
        "__proto__",
        "constructor",
        "secret",
        "name,secret,password",
        "\u{0}",
        "\u{202e}",
        "1",
        "-1",
        "99999999999999999999",
        "NaN",
        "[]",
        "{}",
        "*",
        "%",
        "(SELECT secret FROM bk_auth)",
        "😀",
        "name desc, (select 1)",
        "../../etc/passwd",
    ];
    for value in hostile {
        for parameter in [
            "_ops", "_sort", "_select", "_desc", "_count", "_start", "_page", "_keys", "_join", "id", "name",
            "ops",
        ] {
            let call = Call::get("/account/select").query(&[("name", "Alice"), (parameter, value)]);
            target.call(&format!("{parameter}={value}"), call.sign("alice", "wonder")).await?;
        }
        for parameter in [format!("_ops[{value}]"), value.to_owned(), format!("name_${value}")] {
            let call = Call::get("/account/select").query(&[(&parameter, "x")]).sign("alice", "wonder");
            target.call(&parameter, call).await?;
        }
        let call =
            Call::get("/account/get").query(&[("id", value), ("_select", value)]).sign("alice", "wonder");
        target.call(value, call).await?;
    }
    target.lives().await
}

#[tokio::test]
async fn secrets_of_others_are_never_selected() -> Result<()> {
    let target = Target::new().await?;
    let form = [("login", "mallory"), ("secret", "m"), ("name", "Mallory")];
    target.call("another account", Call::post("/account/add").form(&form)).await?;
    for path in [
        "/account/select?_select=id,name,secret,password,salt,token_secret,session_secret,login",
        "/account/select?secret=wonder",
        "/account/select?_sort=secret",
    ] {
        let reply = target.server.send(Call::get(path).sign("mallory", "m")).await?;
        assert!(reply.status < 500, "{path}: {}", reply.text());
        assert!(
            !reply.text().contains("wonder") && !reply.text().contains("\"secret\""),
            "{path}: {}",
            reply.text()
        );
    }
    target.lives().await
}

#[tokio::test]
async fn strange_signatures_are_refused() -> Result<()> {
    let target = Target::new().await?;
    for value in [
        "",
        "|",
        "||||||",
        "4||alice|x|1||",
        "4||alice|x|99999999999999999999||",
        "9||alice|x|1||",
        "4||alice||-1||",
        "4|||x|9999999999999||",
        "4||alice|====|9999999999999||",
        "-1||||||",
    ] {
        let status = target.call(value, Call::get("/account/get").header("bk-signature", value)).await?;
        assert!(status >= 400, "{value}: {status}");
    }
    let body = serde_json::json!({"name": "Changed"});
    let other = checksum(b"another body");
    assert!(!other.is_empty());
    let call = Call::post("/account/update").json(&body).sign("alice", "wrong");
    assert_eq!(target.call("a wrong secret", call).await?, 401);
    target.lives().await
}
