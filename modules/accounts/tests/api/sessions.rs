//! The cookie and the token of an account in place of its signature.

use crate::bench::{SECRET, refused, register, start, text};

#[tokio::test]
async fn a_session_serves_until_it_is_cleared() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let answer = server.get("/auth?_session=1").sign("ann", SECRET).send().await;
    let set = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = answer.cookie().expect("a cookie");
    let call = |uri: &str| server.post(uri).header("cookie", &cookie);
    assert_eq!(call("/account/update?city=Rome").send().await.status, 200);
    assert_eq!(call("/account/get").send().await.json()["city"], "Rome");
    let cleared = call("/auth?_session=0").send().await;
    assert!(cleared.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn another_site_cannot_use_a_session() {
    let server = start().await;
    register(&server, "ann", &[("city", "Rome")]).await;
    let cookie = server.get("/auth?_session=1").sign("ann", SECRET).send().await.cookie().expect("a cookie");
    for (name, value) in
        [("origin", "https://evil.com"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let form = [("city", "Oslo")];
        for path in ["/account/update", "/account/put/secret?secret=x", "/account/del"] {
            let call = server.post(path).header("cookie", &cookie).header(name, value).form(&form);
            refused(&call.send().await, 403, "another site");
        }
    }
    let own = server.get("/account/get").header("cookie", &cookie).send().await;
    assert_eq!(own.json()["city"], "Rome");
}

#[tokio::test]
async fn a_token_serves_in_the_query_in_a_header_and_as_bearer() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    let row = server.get("/account/get?_accesstoken=1").sign("ann", SECRET).send().await.json();
    let token = text(&row["bk-access-token"]);
    let in_query = server.get(&format!("/account/get?bk-access-token={token}"));
    let in_header = server.get("/account/get").header("bk-access-token", &token);
    let bearer = server.get("/account/get").header("authorization", format!("Bearer {token}"));
    for call in [in_query, in_header, bearer] {
        assert_eq!(call.send().await.json()["login"], "ann");
    }
    let mut damaged = token.into_bytes();
    damaged[20] = if damaged[20] == b'A' { b'B' } else { b'A' };
    let call = server.get("/account/get").header("bk-access-token", damaged);
    refused(&call.send().await, 401, "");
}
