//! Icons of accounts themselves.

use bkjs_api::testing::{SECRET, TestServer};
use image::ImageFormat;
use serde_json::json;

use crate::{image_of, objects, size, start};

async fn put(server: &TestServer, login: &str, query: &str) -> serde_json::Value {
    let image = image_of(8, 6, ImageFormat::Jpeg);
    let call = server.post(&format!("/account/put/icon?{query}")).multipart(&[], &[("icon", &image)]);
    call.sign(login, SECRET).send().await.done()
}

#[tokio::test]
async fn an_account_has_an_icon_of_each_type() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    assert_eq!(put(&server, "ann", "").await[0]["type"], "0");
    let listed = put(&server, "ann", "type=z&_ext=png").await;
    let url = |kind: &str| format!("/account/get/icon?id={ann}&type={kind}");
    let addresses: Vec<_> = listed.as_array().expect("a list").iter().map(|row| row["url"].clone()).collect();
    assert_eq!(addresses, [json!(url("0")), json!(url("z"))]);
    assert_eq!(listed, server.ask("ann", "/account/select/icon").await.done());
    assert_eq!(size(&server.ask("ann", "/account/get/icon").await).0, ImageFormat::Jpeg);
    assert_eq!(size(&server.ask("ann", &url("z")).await).0, ImageFormat::Png);
    server.ask("ann", "/account/get/icon?type=5").await.refused(404, "no such icon");
    assert_eq!(server.ask("ann", "/account/del/icon").await.done(), json!([]));
    server.ask("ann", "/account/get/icon").await.refused(404, "no such icon");
    server.ask("ann", "/account/del/icon").await.refused(404, "no such icon");
    assert_eq!(objects(&server), 1);
    // They are the icons of the prefix `account`.
    assert_eq!(server.ask("ann", "/icon/get?prefix=account&type=z").await.status, 200);
    for kind in ["10", "A", "-", "é", "zz"] {
        server
            .ask("ann", &format!("/account/get/icon?type={kind}"))
            .await
            .refused(400, "type must be one digit");
    }
}

#[tokio::test]
async fn profiles_show_the_addresses_of_icons_to_those_who_may_see_them() {
    let server = start(&[]).await;
    let [ann, bob] = ["ann", "bob"].map(TestServer::id_of);
    server.ask("ann", "/account/get").await.lacks(&["icon0", "icon5"]);
    put(&server, "ann", "type=5").await;
    put(&server, "ann", "type=a&acl_allow=auth").await;
    let address = |kind: &str| json!(format!("/account/get/icon?id={ann}&type={kind}"));
    let own = server.ask("ann", "/account/get").await.done();
    assert_eq!((&own["icon5"], &own["icona"], own.get("icon0")), (&address("5"), &address("a"), None));
    let seen = server.ask("bob", &format!("/account/get?id={ann},{bob}")).await.done();
    assert_eq!(seen, json!([{"id": ann, "icona": address("a")}, {"id": bob}]));
    let selected = server.ask("ann", "/account/get?_select=icon5").await.done();
    assert_eq!(selected, json!({"id": ann, "icon5": address("5")}));
    server.ask("ann", "/account/get?_select=id").await.lacks(&["icon5", "icona"]);
    server.ask("ann", "/account/del/icon?type=5").await.done();
    server.ask("ann", "/account/get").await.lacks(&["icon5"]);
}
