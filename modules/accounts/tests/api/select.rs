//! `/account/select` and `/account/search`.

use std::collections::BTreeSet;

use bkjs_api::testing::{Answer, TestServer};
use serde_json::json;

use crate::bench::{SECRET, SECRETS, absent, refused, register, register_admin, start, text};

/// Five accounts, `test1` to `test5`, each in a street with its number and all in one city.
async fn five() -> TestServer {
    let server = start().await;
    for n in 1..=5 {
        let (login, email) = (format!("test{n}"), format!("test{n}@mail.com"));
        let columns =
            [("email", email.as_str()), ("street", &format!("{n}")), ("city", "Rome"), ("phone", "555")];
        register(&server, &login, &columns).await;
    }
    register(&server, "else", &[("email", "else@mail.com")]).await;
    server
}

async fn ask(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/account/select?{query}")).sign("test1", SECRET).send().await
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let names: Vec<String> =
        json["data"].as_array().expect("a list").iter().map(|row| text(&row["name"])).collect();
    assert_eq!(json["count"], names.len());
    names
}

#[tokio::test]
async fn the_examples_of_the_documentation_find_accounts() {
    let server = five().await;
    let call = |uri: &str| server.get(uri).sign("test1", SECRET).send();
    let found = call("/account/search?email=test&_ops=email,begins_with").await;
    assert_eq!(names(&found).len(), 5);
    assert_eq!(names(&call("/account/select?email=test&_ops=email,begins_with").await).len(), 5);
    assert_eq!(names(&call("/account/search?name=test2").await), ["test2"]);
    assert_eq!(names(&call("/account/search?name=test").await), [""; 0]);
    assert_eq!(names(&call("/account/search?name_$gt=test3").await).len(), 2);
    let listed = call("/account/search?name=test1,test3&_ops=name,in").await;
    assert_eq!(names(&listed).len(), 2);
}

#[tokio::test]
async fn others_show_public_columns_only() {
    let server = five().await;
    let answer = ask(&server, "city=Rome&_sort=name").await;
    absent(&answer, &SECRETS);
    let rows = answer.json()["data"].clone();
    assert_eq!((&rows[0]["email"], &rows[0]["login"]), (&json!("test1@mail.com"), &json!("test1")));
    for column in ["email", "login", "city", "phone", "street", "mtime"] {
        assert_eq!(rows[1][column], json!(null), "{column}");
    }
    let selected = ask(&server, "city=Rome&_sort=name&_select=email").await.json();
    assert_eq!(text(&selected["data"][0]["email"]), "test1@mail.com");
    assert_eq!(selected["data"][1].as_object().map(serde_json::Map::len), Some(1), "{selected}");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let server = five().await;
    let mut seen = Vec::new();
    let mut start = String::new();
    loop {
        let page = ask(&server, &format!("city=Rome&_count=2&_sort=name&_desc=1{start}")).await;
        seen.extend(names(&page));
        match page.json()["next_token"].as_str() {
            None | Some("") => break,
            Some(token) => start = format!("&_start={token}"),
        }
    }
    assert_eq!(seen, ["test5", "test4", "test3", "test2", "test1"]);
}

#[tokio::test]
async fn a_token_is_of_no_other_query_and_says_nothing() {
    let server = five().await;
    register_admin(&server).await;
    // Administrators sort by columns that they do not see.
    let ask = |query: String| {
        let call = server.get(&format!("/account/select?{query}")).sign("root", SECRET);
        async move { call.send().await }
    };
    let page = ask("city=Rome&_count=2&_sort=email".into()).await.json();
    let token = text(&page["next_token"]);
    let mut damaged = token.clone().into_bytes();
    let at = damaged.len() / 2;
    damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
    let damaged = String::from_utf8(damaged).expect("text");
    for bad in [damaged.as_str(), &token[1..], "junk", "1", "%00", "W10"] {
        refused(&ask(format!("city=Rome&_count=2&_sort=email&_start={bad}")).await, 400, "token");
    }
    refused(&ask(format!("phone=555&_count=2&_sort=email&_start={token}")).await, 400, "token");
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).expect("base64url");
    let told = String::from_utf8_lossy(&bytes);
    assert!(!told.contains("mail.com"), "the token tells a column that the caller may not see: {told}");
}

#[tokio::test]
async fn private_columns_are_found_by_a_whole_value_and_an_email_by_its_beginning() {
    let server = five().await;
    for (query, found) in [
        ("email=test3@mail.com", 1),
        ("email=TEST3@mail.com", 1),
        ("email=test3@mail.co", 0),
        ("phone=555", 5),
        ("city=Rome", 5),
        ("city_$=Rome&street_$eq=2", 1),
        ("login=test4&_ops=login,eq", 1),
        ("email=tes&_ops=email,begins_with", 5),
        ("email_$begins_with=test3", 1),
        ("email_$like%25=test3", 1),
    ] {
        assert_eq!(names(&ask(&server, query).await).len(), found, "{query}");
    }
}

/// Each of these would tell a value bit by bit to who does not know it.
#[tokio::test]
async fn private_columns_cannot_be_guessed_by_order_pattern_list_or_group() {
    let server = five().await;
    register_admin(&server).await;
    for column in ["email", "phone", "street", "birthday", "login", "mtime"] {
        for op in [
            "gt",
            "ge",
            "lt",
            "le",
            "between",
            "not_between",
            "ne",
            "in",
            "not_in",
            "null",
            "not_null",
            "like",
            "ilike",
            "not_like",
            "ends_with",
            "not_begins_with",
            "contains",
            "not_contains",
            "ibegins_with",
            "regexp",
            "iregexp",
            "not_regexp",
            "~",
            "all_in",
            "none",
            "set",
        ] {
            for query in [
                format!("city=Rome&{column}=test,zzz&_ops={column},{op}"),
                format!("city=Rome&{column}_${op}=test,zzz"),
                format!("city=Rome&{column}_$${op}=test,zzz"),
                format!("city=Rome&{column}_${op}=test,zzz&_total=1"),
            ] {
                refused(&ask(&server, &query).await, 403, column);
            }
        }
        for query in ["_sort=", "_sort=!", "_total=1&_sort=name,"] {
            refused(&ask(&server, &format!("city=Rome&{query}{column}")).await, 403, column);
        }
        refused(&ask(&server, &format!("{column}=a&{column}=b")).await, 403, column);
        for body in [
            json!({"name": "test1", "$or": {column: "x"}}),
            json!({"name": "test1", "$not": {column: "x"}}),
            json!({"name": "test1", "$and": {"$or1": {column: "x"}}}),
            json!({column: ["a"]}),
        ] {
            let answer = server.post("/account/select").json(&body).sign("test1", SECRET).send().await;
            refused(&answer, 403, column);
        }
        if column != "email" {
            let answer = ask(&server, &format!("{column}=test&_ops={column},begins_with")).await;
            refused(&answer, 403, "whole value");
        }
    }
    for short in ["t", "te", "te%20%20", "%20te"] {
        refused(&ask(&server, &format!("email_$begins_with={short}")).await, 403, "three characters");
    }
    let answer = server.get("/account/select?city=Rome&street_$gt=3&_sort=!email").sign("root", SECRET);
    assert_eq!(names(&answer.send().await), ["test5", "test4"], "administrators ask as they like");
}

#[tokio::test]
async fn order_and_number_are_as_asked() {
    let server = five().await;
    assert_eq!(names(&ask(&server, "city=Rome&_sort=name").await)[0], "test1");
    assert_eq!(names(&ask(&server, "city=Rome&_sort=!name").await)[0], "test5");
    assert_eq!(names(&ask(&server, "city=Rome&_sort=name&_desc=1").await)[0], "test5");
    assert_eq!(names(&ask(&server, "city=Rome&_sort=name&_desc=0").await)[0], "test1");
    let reversed: Vec<String> = names(&ask(&server, "city=Rome").await).into_iter().rev().collect();
    assert_eq!(names(&ask(&server, "city=Rome&_desc=1").await), reversed);
    assert_eq!(names(&ask(&server, "city=Rome&_sort=name&_count=2&_page=2").await), ["test3", "test4"]);
    assert_eq!(ask(&server, "city=Rome&_total=1").await.json(), json!({"count": 5}));
}

#[tokio::test]
async fn without_a_condition_nothing_is_found() {
    let server = five().await;
    for query in ["", "_count=10", "name=", "nosuch=1", "_noscan=0", "%24or=&city_$=", "name_$=%20&name="] {
        let answer = ask(&server, query).await;
        assert!(answer.status == 400 || names(&answer).is_empty(), "{query}: {}", answer.text());
    }
    let unknown = ask(&server, "nosuch=1&name=test2").await;
    assert_eq!(names(&unknown), ["test2"], "columns that do not exist take no part");
}

#[tokio::test]
async fn what_may_not_be_seen_by_anybody_may_not_be_asked_for() {
    let server = five().await;
    // The profile has no secrets; `type` is for administrators.
    for query in ["type=admin", "city=Rome&_sort=type", "type_$null=1", "type_$ne=admin"] {
        refused(&ask(&server, query).await, 403, "type may not be asked for");
    }
    for query in ["age=26", "city=Rome&age_$gt=3", "city=Rome&_sort=age"] {
        refused(&ask(&server, query).await, 400, "age is not stored");
    }
    for query in ["secret=s1&city=Rome", "password_$null=1&city=Rome"] {
        let answer = ask(&server, query).await;
        assert!(answer.status < 500, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn hostile_names_do_no_harm() {
    let server = five().await;
    for query in [
        "city=Rome&_sort=name;drop%20table%20bk_auth",
        "city=Rome&_sort=%22%27--",
        "city=Rome&_select=%22,*,name)--",
        "city=Rome&_ops=city,%27%20or%201",
        "city=Rome&_ops=city",
        "city=Rome&%22%20or%201=1--=x",
        "name_$regexp=(((((&",
        "name_$regexp=(a%2B)%2B%24",
        "%24or=x",
        "_start=%00&city=Rome",
        "_count=99999999999999999999&city=Rome",
        "city=%00",
        "city=Rome&_page=4294967296",
    ] {
        let answer = ask(&server, query).await;
        assert!(answer.status < 500, "{query}: {}", answer.text());
    }
    let deep = (0..50).fold(json!({"city": "Rome"}), |inner, _| json!({"$or": inner}));
    let answer = server.post("/account/select").json(&deep).sign("test1", SECRET).send().await;
    refused(&answer, 400, "nested too deep");
    let ids: BTreeSet<String> = names(&ask(&server, "city=Rome").await).into_iter().collect();
    assert_eq!(ids.len(), 5);
}
