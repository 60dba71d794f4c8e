//! The program that bkjs is compared with: axum and rusqlite, with nothing around them.
//!
//! One thread, reads inline, one writer, one transaction for each insert. It checks no signature, knows no
//! accounts, and its columns are fixed: what a service costs that could be written by hand in an hour.

mod rows;

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use rows::{Database, Row};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The lock is never waited for: one thread serves. It is there because axum asks for it.
#[derive(Clone)]
struct App(Arc<Mutex<Database>>);

#[derive(Deserialize)]
struct Key {
    id: String,
}

type Failure = (StatusCode, Json<Value>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = env::args().collect::<Vec<_>>();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).with_context(|| format!("{name} is missing"))
    };
    let home = PathBuf::from(value("-home")?);
    let rows = value("-rows")?.parse().context("-rows is no number")?;
    let address: SocketAddr = format!("{}:{}", value("-bind")?, value("-port")?).parse()?;

    std::fs::create_dir_all(&home)?;
    let database = Database::open(&home.join("baseline.db"), rows)?;
    let app = Router::new()
        .route("/ping", get(|| async { Json(json!({})) }))
        .route("/row", get(row))
        .route("/list", get(list))
        .route("/insert", post(insert))
        .with_state(App(Arc::new(Mutex::new(database))));
    axum::serve(TcpListener::bind(address).await?, app).await?;
    Ok(())
}

impl App {
    fn with<T>(&self, work: impl FnOnce(&Database) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let database = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&database)
            .map_err(|error| (StatusCode::BAD_REQUEST, Json(json!({ "message": error.to_string() }))))
    }
}

async fn row(State(app): State<App>, Query(key): Query<Key>) -> Result<Json<Row>, Failure> {
    app.with(|database| database.get(&key.id)).map(Json)
}

async fn list(State(app): State<App>, Query(key): Query<Key>) -> Result<Json<Value>, Failure> {
    let rows = app.with(|database| database.list(&key.id, 20))?;
    Ok(Json(json!({ "count": rows.len(), "data": rows })))
}

async fn insert(State(app): State<App>, Form(row): Form<Row>) -> Result<Json<Value>, Failure> {
    app.with(|database| database.insert(&row))?;
    Ok(Json(json!({ "id": row.id })))
}
