//! The application of the scenarios.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::any;
use bkjs_api::testing::TestServer;
use bkjs_api::{Account, Api, Context, Endpoint, Gives, Ids, Module, Params, Reply, Result, Setup};
use bkjs_core::Error;
use bkjs_core::db::{Db, Options, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;

/// Lets the requests to `/demo/wait` go on, one a permit.
pub(crate) struct Gate(pub(crate) Semaphore);

pub(crate) struct Demo;

impl Module for Demo {
    fn name(&self) -> &'static str {
        "demo"
    }

    fn register(&self, setup: &mut Setup) {
        setup.table(
            Table::new("person")
                .column(Column::text("id").primary().public())
                .column(Column::text("name").public())
                .column(Column::text("email"))
                .column(Column::text("rank").admin())
                .column(Column::text("pin").secure()),
        );
        setup.share(Arc::new(Gate(Semaphore::new(0))));
        setup.allow("^/demo/open");
        setup.documents("^/demo/open/echo$");
        setup.endpoint(
            Endpoint::new("/demo/person/{kind}", person)
                .also("/demo/open/person/{kind}")
                .does("Changes a person.")
                .takes_record("person", &["id"])
                .gives(Gives::page("person").or(Gives::list("person").with::<Extra>()))
                .fails(&[409]),
        );
        setup.routes(
            Router::new()
                .route("/demo/open/echo", any(echo))
                .route("/demo/echo", any(echo))
                .route("/demo/open/typed", any(typed))
                .route("/demo/open/maybe", any(maybe))
                .route("/demo/open/panic", any(panics))
                .route("/demo/open/internal", any(internal))
                .route("/demo/open/options", any(options))
                .route("/demo/open/wait", any(wait))
                .route("/demo/open/large", any(large))
                .route("/demo/open/get-only", axum::routing::get(echo))
                .route("/demo/open/login", any(login))
                .route("/demo/me", any(me))
                .route("/demo/people", any(people))
                .route("/system/demo", any(echo))
                .route("/data/demo.html", any(echo)),
        );
    }
}

async fn echo(context: Arc<Context>) -> Result {
    let files = context.params.files.iter().map(|f| Value::from(f.file_name.as_str())).collect();
    let mut row = context.params.record();
    if !context.params.files.is_empty() {
        row.set("files", Value::List(files));
    }
    if let Some(document) = &context.params.document {
        row.set("document", document.clone());
    }
    row.set("ip", context.ip().to_string());
    Ok(Reply::value(row))
}

/// What is told of people beside their columns.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
struct Extra {
    /// In years.
    age: u8,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)] // as above
struct Change {
    /// Why it is changed.
    reason: String,
    name: Option<String>,
}

async fn person(_: Params<Change>, _: Ids, _: Options) -> Reply {
    Reply::empty_list()
}

#[derive(Deserialize)]
struct Typed {
    name: String,
    num: Option<i64>,
}

async fn typed(params: Params<Typed>) -> Reply {
    Reply::value(Row::new().with("name", params.name.as_str()).with("num", params.num))
}

async fn maybe(account: Option<Account>) -> Reply {
    Reply::value(Row::new().with("login", account.map(|a| a.login().to_owned())))
}

// What the layer has to survive.
#[allow(clippy::panic)]
async fn panics() -> Reply {
    panic!("the cat is in the machine")
}

async fn internal() -> Result {
    Err(Error::internal("the disk is full of cats").into())
}

async fn options(options: Options) -> Reply {
    Reply::value(Row::new().with("count", options.count.map(|n| n as i64)).with("admin", options.admin))
}

async fn wait(State(api): State<Api>) -> Result {
    let gate = api.shared::<Arc<Gate>>().cloned().ok_or_else(|| Error::internal("no gate"))?;
    gate.0.acquire().await.map_err(|e| Error::internal("closed").source(e))?.forget();
    Ok(Reply::empty())
}

/// 64 MB in pieces; opens the gate when the last one is taken.
async fn large(State(api): State<Api>) -> Body {
    let gate = api.shared::<Arc<Gate>>().cloned();
    let pieces = (0..1024).map(move |at| {
        if let (1023, Some(gate)) = (at, &gate) {
            gate.0.add_permits(1);
        }
        Ok::<_, Infallible>(vec![0_u8; 64 << 10])
    });
    Body::from_stream(futures_util::stream::iter(pieces))
}

async fn login(State(api): State<Api>, db: Db, context: Arc<Context>) -> Result {
    let row = db.get::<Row>("bk_auth", context.params.required("login")?, &Options::default()).await?;
    let row = row.ok_or_else(|| Error::not_found("no account record found"))?;
    let account = Account::new(row.clone(), bkjs_api::auth::Proof::Signature);
    let reply = Reply::row("bk_auth", row.clone()).viewed_by(account).reveal(["secret"]);
    Ok(api.sign_in(&context, &row, reply)?)
}

async fn me(State(api): State<Api>, account: Account, context: Arc<Context>) -> Result {
    let reply = Reply::row("bk_auth", account.row().clone());
    Ok(api.sign_in(&context, account.row(), reply)?)
}

async fn people(db: Db, options: Options) -> Result {
    let options = Options { noscan: false, ..options };
    Ok(Reply::page("person", db.select::<Row>("person", Query::new(), &options).await?))
}

/// The application with two accounts: `plain` (secret `ps`) and `root` (secret `rs`, an administrator).
pub(crate) async fn start(params: &[&str]) -> TestServer {
    start_setup(setup(), params).await
}

pub(crate) fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.module(&Demo);
    setup
}

pub(crate) async fn start_setup(setup: Setup, params: &[&str]) -> TestServer {
    let server = TestServer::start(setup, params).await;
    server.add_auth("plain", "ps", &[]).await;
    server.add_auth("root", "rs", &[("type", "admin")]).await;
    server
}
