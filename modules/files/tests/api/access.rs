//! Who sees whose files.

use bkjs_api::testing::{SECRET, TestServer};

use crate::{objects, put, start};

#[tokio::test]
async fn each_account_has_files_of_its_own() {
    let server = start(&[]).await;
    put(&server, "a.txt", "ann", "").await.done();
    server.ask("bob", "/file/get?prefix=p&name=a.txt").await.refused(404, "no such file");
    server.ask("bob", "/file/del?prefix=p&name=a.txt").await.refused(404, "no such file");
    server.ask("bob", "/file/put?prefix=p&name=a.txt&data=Ym9i").await.done();
    assert_eq!(server.ask("ann", "/file/get?prefix=p&name=a.txt").await.text(), "ann");
    assert_eq!(server.ask("bob", "/file/get?prefix=p&name=a.txt").await.text(), "bob");
    assert_eq!(objects(&server), 2);
}

#[tokio::test]
async fn a_file_is_shown_to_whom_its_owner_says() {
    let server = start(&["-api-allow-path", "^/file/get$"]).await;
    server.add_auth("root", SECRET, &[("type", "admin")]).await;
    let [ann, bob] = ["ann", "bob"].map(TestServer::id_of);
    for (acl, everybody, cal, bobs) in [
        ("", 404, 404, 404),
        ("all", 200, 200, 200),
        ("auth", 404, 200, 200),
        (&*format!("x,{bob}"), 404, 404, 200),
    ] {
        put(&server, "a.txt", "text", &format!("&acl_allow={acl}")).await.done();
        let uri = format!("/file/get?id={ann}&prefix=p&name=a.txt");
        assert_eq!(server.get(&uri).send().await.status, everybody, "{acl:?}");
        for (login, status) in [("cal", cal), ("bob", bobs), ("ann", 200), ("root", 200)] {
            assert_eq!(server.ask(login, &uri).await.status, status, "{acl:?} {login}");
        }
    }
}

#[tokio::test]
async fn strangers_store_see_and_remove_nothing() {
    let server = start(&[]).await;
    put(&server, "a.txt", "text", "&acl_allow=all").await.done();
    for path in ["get", "put", "del", "add"] {
        let uri = format!("/file/{path}?prefix=p&name=a.txt&data=eA");
        server.get(&uri).send().await.refused(417, "login");
    }
    assert_eq!(server.ask("ann", "/file/get?prefix=p&name=a.txt").await.text(), "text");
    let opened = start(&["-api-allow-path", "^/file/"]).await;
    for path in ["get", "put", "del"] {
        let uri = format!("/file/{path}?prefix=p&name=a.txt&data=eA");
        opened.get(&uri).send().await.refused(417, "login");
    }
}

#[tokio::test]
async fn the_place_of_a_file_is_told_to_nobody() {
    let server = start(&[]).await;
    put(&server, "a.txt", "text", "").await.lacks(&["path"]);
}
