//! A server on a temporary home and a free port, and a client that sends real requests to it.
//!
//! Its database is a new SQLite file. `BKJS_TEST_POOL` runs the same tests on another product: the name of the
//! pool, a space, and its URL, in which `{room}` stands for a name that every server gets anew.
//!
//! ```no_run
//! # async fn example(module: &dyn bkjs_api::Module) {
//! use bkjs_api::{Setup, testing::TestServer};
//! let mut setup = Setup::new();
//! setup.module(module);
//! let server = TestServer::start(setup, &["-api-cors-origin", "https://a.com"]).await;
//! server.add_auth("u1", "secret", &[("type", "admin")]).await;
//! let answer = server.get("/ping").sign("u1", "secret").send().await;
//! assert_eq!(answer.status, 200);
//! # }
//! ```

// A test that cannot have its server has failed: there is nobody to give an error to.
#![allow(clippy::expect_used)]

pub mod book;
mod call;
mod pool;
mod socket;

pub use call::{Answer, Call};
pub use socket::Socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bkjs_core::config::{CommandLine, Config, Inputs, Unknown};
use bkjs_core::db::Options;
use bkjs_core::storage::Storage;
use bkjs_core::task;
use bkjs_core::value::Row;
use http::Method;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::auth::AUTH_TABLE;
use crate::server::{Listener, Offers, ServeOptions, Tls, serve};
use crate::service::HttpService;
use crate::setup::Setup;
use crate::state::{Api, ApiOptions};

/// The secret of the logins that [`TestServer::people`] makes.
pub const SECRET: &str = "wonder";

/// A server that ends when it is dropped. Its port takes WebSockets too.
pub struct TestServer {
    /// The application.
    pub api: Api,
    /// Its address.
    pub address: SocketAddr,
    /// The home; the web site is `web` within.
    pub home: TempDir,
    service: HttpService,
    connections: ServeOptions,
    drain: CancellationToken,
    serving: Option<tokio::task::JoinHandle<Option<()>>>,
}

impl TestServer {
    /// Starts a server of what `setup` holds, with parameters as on a command line.
    pub async fn start(setup: Setup, params: &[&str]) -> Self {
        Self::start_with(setup, params, ApiOptions::default(), ServeOptions::default()).await
    }

    /// As [`start`](Self::start), with options of the layer and the connections.
    pub async fn start_with(
        mut setup: Setup,
        params: &[&str],
        options: ApiOptions,
        serving: ServeOptions,
    ) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let web = home.path().join("web");
        std::fs::create_dir(&web).expect("a folder for the web site");
        let registry = setup.take_registry();
        let line = CommandLine::parse(params, &registry, Unknown::Refuse);
        let inputs = Inputs { home: Some(home.path().into()), ..Inputs::new(line) };
        let config = Config::load(registry, inputs).expect("parameters that work");
        let (pool, driver) = pool::open(home.path()).expect("a database");
        let db = setup.db_builder().pool(&pool, driver).build().expect("tables that work");
        db.create_tables().await.expect("tables");
        let config = options.config.clone().or(Some(Arc::new(config)));
        let storage = |name: &str| Some(Storage::local(home.path().join(name)));
        let options = ApiOptions {
            web_dir: options.web_dir.clone().or(Some(web)),
            images: options.images.clone().or_else(|| storage("images")),
            files: options.files.clone().or_else(|| storage("files")),
            config,
            ..options
        };
        let service = setup.build(db, options).expect("registrations that work");

        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let listener = Listener { socket, offers: Offers { http: true, websockets: true }, tls: None };
        let drain = CancellationToken::new();
        let api = service.api().clone();
        let running =
            task::spawn("test server", serve(vec![listener], service.clone(), drain.clone(), serving));
        Self { api, address, home, service, connections: serving, drain, serving: Some(running) }
    }

    /// The id that [`add_auth`](Self::add_auth) gives to a login.
    pub fn id_of(login: &str) -> String {
        let hex: String = login.bytes().map(|b| format!("{b:02x}")).collect();
        format!("{hex:0>32.32}")
    }

    /// Adds a login with a secret and further columns; its id is [`id_of`](Self::id_of) the login.
    pub async fn add_auth(&self, login: &str, secret: &str, columns: &[(&str, &str)]) {
        let id = Self::id_of(login);
        let mut row = Row::new().with("login", login).with("id", id.as_str()).with("secret", secret);
        for (name, value) in columns {
            row.set(*name, *value);
        }
        let options = Options { admin: true, ..Options::default() };
        self.api.db().put(AUTH_TABLE, row, &options).await.expect("a login");
    }

    /// Adds logins whose secret is [`SECRET`], and gives their ids.
    pub async fn people<const N: usize>(&self, logins: [&str; N]) -> [String; N] {
        for login in logins {
            self.add_auth(login, SECRET, &[]).await;
        }
        logins.map(Self::id_of)
    }

    /// A GET request signed by one of [`people`](Self::people), sent.
    pub async fn ask(&self, login: &str, uri: &str) -> Answer {
        self.get(uri).sign(login, SECRET).send().await
    }

    /// A GET request.
    pub fn get(&self, uri: &str) -> Call {
        Call::new(self.address, Method::GET, uri)
    }

    /// A POST request.
    pub fn post(&self, uri: &str) -> Call {
        Call::new(self.address, Method::POST, uri)
    }

    /// A request of any method.
    pub fn call(&self, method: Method, uri: &str) -> Call {
        Call::new(self.address, method, uri)
    }

    /// Sends bytes on a connection of its own and reads until the server closes it, or says nothing for
    /// as long as `patience`.
    pub async fn raw(&self, bytes: &[u8], patience: Duration) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(bytes).await.expect("a connection that takes bytes");
        let mut got = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(Ok(n @ 1..)) = tokio::time::timeout(patience, stream.read(&mut buffer)).await {
            got.extend_from_slice(&buffer[..n]);
        }
        String::from_utf8_lossy(&got).into_owned()
    }

    /// Serves on another port too, until the server drains, and gives its address.
    pub async fn also(&mut self, offers: Offers, tls: Option<Tls>) -> SocketAddr {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let serving = serve(
            vec![Listener { socket, offers, tls }],
            self.service.clone(),
            self.drain.clone(),
            self.connections,
        );
        let before = self.serving.take();
        self.serving = Some(task::spawn("another port", async move {
            serving.await;
            if let Some(before) = before {
                before.await.ok();
            }
        }));
        address
    }

    /// Begins to drain.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Drains, and waits for the end.
    pub async fn stop(mut self) {
        self.drain.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.expect("a server that ends");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.drain.cancel();
    }
}
