//! `/openapi.json`: who gets it, and what it says.

use serde_json::{Value as Json, json};

use crate::demo::{setup, start};

fn document() -> Json {
    setup().openapi("demo", "1.2").expect("a document")
}

/// The names of the parameters of an operation, in order.
fn names<'a>(operation: &'a Json) -> Vec<&'a str> {
    let parameters = operation["parameters"].as_array().expect("parameters");
    // Controls are described once, under their names.
    let control = |parameter: &'a Json| parameter["$ref"].as_str()?.rsplit('/').next();
    parameters
        .iter()
        .filter_map(|parameter| parameter["name"].as_str().or_else(|| control(parameter)))
        .collect()
}

#[tokio::test]
async fn the_document_is_open_and_told_once() {
    let server = start(&[]).await;
    let first = server.get("/openapi.json").send().await;
    let shown = first.done();
    assert_eq!(shown["paths"], document()["paths"]);
    assert_eq!(
        (first.header("content-type"), first.header("cache-control")),
        ("application/json", "no-cache")
    );
    let again = server.get("/openapi.json").header("if-none-match", first.header("etag")).send().await;
    assert_eq!((again.status, again.text().as_str()), (304, ""));
    let other = server.get("/openapi.json").header("if-none-match", "\"other\"").send().await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn an_operator_closes_it() {
    let server = start(&["-api-deny-path", "^/openapi"]).await;
    server.get("/openapi.json").send().await.refused(403, "access denied");
    let server = start(&["-api-ignore-allow-path", "^/openapi"]).await;
    server.get("/openapi.json").send().await.refused(417, "no login");
    server.get("/openapi.json").sign("plain", "ps").send().await.done();
}

#[test]
fn arguments_of_a_handler_and_columns_of_tables_are_parameters() {
    let document = document();
    let path = &document["paths"]["/demo/person/{kind}"];
    let expected = [
        "kind", "id", "name", "reason", "email", "rank", "_count", "_start", "_page", "_sort", "_desc",
        "_select", "_ops", "_total",
    ];
    assert_eq!(names(&path["get"]), expected);
    assert_eq!(names(&path["post"]), ["kind"]);
    let reason = &path["get"]["parameters"][3];
    assert_eq!(reason["required"], true);
    assert_eq!(reason["description"], "Why it is changed.");
    let list = &path["get"]["parameters"][1];
    assert_eq!((&list["schema"]["maxItems"], &list["explode"]), (&json!(1000), &json!(false)));
    let body = &document["components"]["schemas"]["demo.person.kind.takes"];
    assert_eq!(body["required"], json!(["reason"]));
    assert!(body["properties"].get("kind").is_none() && body["properties"].get("pin").is_none());
}

#[test]
fn replies_show_the_columns_that_leave_and_to_whom() {
    let document = document();
    let person = &document["components"]["schemas"]["person"];
    let seen = |name: &str| person["properties"][name]["x-seen-by"].clone();
    assert_eq!(seen("name"), "everybody");
    assert_eq!(seen("email"), "owner");
    assert_eq!(seen("rank"), "owner, administrators");
    assert!(person["properties"].get("pin").is_none());
    assert_eq!(person["additionalProperties"], false);
    let path = &document["paths"]["/demo/person/{kind}"];
    let [get, post] = ["get", "post"].map(|method| &path[method]["responses"]["200"]["$ref"]);
    assert_eq!((get, get), (post, &json!("#/components/responses/demo.person.kind.gives")));
    let reply = &document["components"]["responses"]["demo.person.kind.gives"];
    let either = &reply["content"]["application/json"]["schema"]["anyOf"];
    assert_eq!(either[0]["properties"]["data"]["items"]["$ref"], "#/components/schemas/person");
    assert_eq!(either[1]["items"]["properties"]["age"]["description"], "In years.");
}

#[test]
fn access_lists_say_who_may_ask_and_what_may_be_refused() {
    let document = document();
    let get = |path: &str| document["paths"][path]["get"].clone();
    let (closed, open) = (get("/demo/person/{kind}"), get("/demo/open/person/{kind}"));
    assert_eq!((&closed["x-access"], &open["x-access"]), (&json!("account"), &json!("anybody")));
    assert_eq!(open["security"][0], json!({}));
    assert!(closed["security"].as_array().expect("a list").iter().all(|one| *one != json!({})));
    for (status, of_closed, of_open) in [("409", true, true), ("417", true, false), ("429", true, true)] {
        assert_eq!(closed["responses"].get(status).is_some(), of_closed, "{status}");
        assert_eq!(open["responses"].get(status).is_some(), of_open, "{status}");
    }
}
