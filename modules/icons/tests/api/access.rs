//! Who sees whose icons.

use bkjs_api::testing::{SECRET, TestServer};
use serde_json::json;

use crate::{put, start};

#[tokio::test]
async fn an_icon_is_shown_to_whom_its_owner_says() {
    let server = start(&["-api-allow-path", "^/icon/(get|select)$"]).await;
    server.add_auth("root", SECRET, &[("type", "admin")]).await;
    let [ann, bob] = ["ann", "bob"].map(TestServer::id_of);
    for (acl, everybody, cal, bobs) in [
        ("", 404, 404, 404),
        ("all", 200, 200, 200),
        ("auth", 404, 200, 200),
        (&*format!("x,{bob}"), 404, 404, 200),
    ] {
        put(&server, "ann", &format!("prefix=a&type=t&acl_allow={acl}")).await.done();
        let get = format!("/icon/get?id={ann}&prefix=a&type=t");
        let select = format!("/icon/select?id={ann}&prefix=a");
        let count = |answer: bkjs_api::testing::Answer| answer.done().as_array().expect("a list").len();
        let shown = |status: u16| usize::from(status == 200);
        assert_eq!(server.get(&get).send().await.status, everybody, "{acl:?}");
        assert_eq!(count(server.get(&select).send().await), shown(everybody), "{acl:?}");
        for (login, status) in [("cal", cal), ("bob", bobs), ("ann", 200), ("root", 200)] {
            assert_eq!(server.ask(login, &get).await.status, status, "{acl:?} {login}");
            assert_eq!(count(server.ask(login, &select).await), shown(status), "{acl:?} {login}");
        }
    }
    // Others see what an icon is, and neither whom it is shown to nor where it is.
    put(&server, "ann", "prefix=a&type=t&acl_allow=all&descr=d").await.done();
    let seen = server.ask("bob", &format!("/icon/select?id={ann}&prefix=a")).await;
    assert_eq!((&seen.done()[0]["type"], &seen.done()[0]["descr"]), (&json!("t"), &json!("d")));
    seen.lacks(&["id", "acl_allow", "path", "mtime", "latitude"]);
    server.ask("ann", "/icon/select?prefix=a").await.lacks(&["path"]);
}

#[tokio::test]
async fn nobody_changes_the_icons_of_another() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    put(&server, "ann", "prefix=a&type=t&acl_allow=all").await.done();
    let before = server.ask("ann", "/icon/get?prefix=a&type=t").await;
    for columns in [format!("id={ann}"), format!("id_$set={ann}"), format!("id={ann}&path=x&ext=png")] {
        put(&server, "bob", &format!("prefix=a&type=t&_width=2&{columns}")).await.done();
    }
    server.ask("bob", &format!("/icon/del?prefix=a&type=t&id={ann}")).await.done();
    let after = server.ask("ann", "/icon/get?prefix=a&type=t").await;
    assert_eq!((after.body.len(), after.header("etag")), (before.body.len(), before.header("etag")));
    server.ask("bob", "/icon/del?prefix=a&type=t").await.refused(404, "no such icon");
}

#[tokio::test]
async fn strangers_see_nothing() {
    let server = start(&[]).await;
    put(&server, "ann", "prefix=a&type=t&acl_allow=all").await.done();
    put(&server, "ann", "prefix=account&type=5&acl_allow=all").await.done();
    let ann = TestServer::id_of("ann");
    for path in ["icon/get", "icon/put", "icon/upload", "icon/select", "icon/del"] {
        server.get(&format!("/{path}?prefix=a&type=t&id={ann}")).send().await.refused(417, "login");
    }
    for path in ["get", "put", "select", "del"] {
        server.get(&format!("/account/{path}/icon?type=5&id={ann}")).send().await.refused(417, "login");
    }
    server.get(&format!("/image/account/{ann}/5")).send().await.refused(417, "login");
    // Where the operator has opened them, who says nothing of an account has no icons.
    let opened = start(&["-api-allow-path", "^/icon/"]).await;
    assert_eq!(opened.get("/icon/select?prefix=a").send().await.done(), json!([]));
    for path in ["get", "put", "upload", "del"] {
        opened.get(&format!("/icon/{path}?prefix=a")).send().await.refused(417, "login");
    }
}
