//! The example application and its five commands.

use anyhow::Result;
use bkjs_tests::{Call, Home, Program, Server};

async fn todo(home: &Home) -> Result<Server> {
    let args = ["-web", "-api-allow-path", "/todo", "-db-create-tables"];
    Server::start_program(&Program::example("todo")?, home, &args).await
}

#[tokio::test]
async fn the_example_adds_gets_lists_changes_and_deletes() -> Result<()> {
    let home = Home::new()?;
    let server = todo(&home).await?;
    let first = [("name", "TestTask1"), ("descr", "Descr1"), ("due", "2015-01-01")];
    for task in [&first[..], &[("name", "TestTask2")]] {
        let added = server.send(Call::get("/todo/add").query(task)).await?;
        assert_eq!(added.status, 200, "{}", added.text());
    }

    let list = server.send(Call::get("/todo/select")).await?.json();
    let rows = list.as_array().or_else(|| list["data"].as_array()).cloned().unwrap_or_default();
    assert_eq!(rows.len(), 2, "{list}");
    let task = rows.iter().find(|row| row["name"] == "TestTask1").cloned().unwrap_or_default();
    assert_eq!(task["descr"], "Descr1", "{list}");
    let id = task["id"].as_str().unwrap_or_default().to_owned();
    assert!(!id.is_empty() && task["mtime"].is_i64(), "{task}");

    let changed =
        server.send(Call::get("/todo/update").query(&[("id", id.as_str()), ("name", "Renamed")])).await?;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let one = server.send(Call::get("/todo/get").query(&[("id", &id)])).await?.json();
    assert_eq!((&one["name"], &one["descr"]), (&"Renamed".into(), &"Descr1".into()), "{one}");

    let deleted = server.send(Call::get("/todo/del").query(&[("id", &id)])).await?;
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    let gone = server.send(Call::get("/todo/get").query(&[("id", &id)])).await?;
    assert!(gone.status == 404 || !gone.text().contains("Renamed"), "{} {}", gone.status, gone.text());
    Ok(())
}

#[tokio::test]
async fn the_example_says_what_is_missing() -> Result<()> {
    let home = Home::new()?;
    let server = todo(&home).await?;
    for (path, missing) in
        [("/todo/add", "name"), ("/todo/get", "id"), ("/todo/update", "id"), ("/todo/del", "id")]
    {
        let reply = server.send(Call::get(path)).await?;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        let message = reply.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(missing), "{path}: {message}");
    }
    Ok(())
}

#[tokio::test]
async fn paths_of_the_example_need_a_signature_unless_they_are_opened() -> Result<()> {
    let home = Home::new()?;
    let server =
        Server::start_program(&Program::example("todo")?, &home, &["-web", "-db-create-tables"]).await?;
    assert_eq!(server.send(Call::get("/todo/select")).await?.status, 417);
    Ok(())
}
