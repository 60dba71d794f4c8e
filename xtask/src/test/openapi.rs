//! Requests that schemathesis makes up of the OpenAPI document, sent to a server of its own: no reply may be an error of
//! the server, have a status or a type that the document does not name, or break its schema.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::counts::Counts;
use crate::workspace::{output, target};

/// Where it stands on PyPI.
const PACKAGE: &str = "schemathesis==4.32.5";
const PASSWORD: &str = "wonder";

/// What it looks at in every reply.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Paths that are not asked: one waits for what does not happen, the other replaces the processes each time.
const LEFT_OUT: [&str; 2] = ["/account/subscribe", "/system/restart"];

/// How much is tried.
#[derive(Clone, Copy)]
pub(super) enum Depth {
    /// A few requests to each endpoint, as part of all tests.
    Few,
    /// Many, and every boundary of every parameter.
    Many,
}

/// Runs it against the program that was built; counts as one test.
///
/// # Errors
/// When the program or the tool cannot be started.
pub(super) fn run(depth: Depth) -> Result<Counts> {
    println!("== requests made up of the OpenAPI document");
    let target = target()?;
    let tool = install(&target.join("services/schemathesis"))?;
    let folder = target.join("services/openapi");
    let server = Server::start(&target.join("debug/bkjs"), &folder)?;
    fs::write(folder.join("bkjs_hooks.py"), include_str!("openapi.py"))?;
    let url = server.url();
    let mut command = Command::new(tool);
    command.args([
        "run",
        &format!("{url}/openapi.json"),
        "--checks",
        CHECKS,
        "--no-color",
        "--warnings",
        "off",
    ]);
    // The same requests each time.
    command.args(["--seed", "1", "--generation-database", "none", "--workers", "1", "--continue-on-failure"]);
    for path in LEFT_OUT {
        command.args(["--exclude-path", path]);
    }
    match depth {
        Depth::Few => command.args(["--phases", "fuzzing", "--max-examples", "3"]),
        Depth::Many => command.args(["--phases", "coverage,fuzzing", "--max-examples", "40"]),
    };
    command.current_dir(&folder).env("PYTHONPATH", &folder).env("SCHEMATHESIS_HOOKS", "bkjs_hooks");
    command.env("BKJS_URL", &url).env("BKJS_PASSWORD", PASSWORD);
    let status = command.status().context("cannot start schemathesis")?;
    Ok(match status.success() {
        true => Counts { passed: 1, ..Counts::default() },
        false => {
            println!("the log of the server: {}", folder.join("log").display());
            Counts { failed: 1, ..Counts::default() }
        }
    })
}

/// The program of schemathesis, in an environment of its own.
fn install(folder: &Path) -> Result<PathBuf> {
    let tool = folder.join("bin/schemathesis");
    if !tool.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(folder).status()?;
        ensure!(made.success(), "python3 cannot make an environment; Debian has it as python3-venv");
        let got = Command::new(folder.join("bin/pip")).args(["install", "--quiet", PACKAGE]).status()?;
        ensure!(got.success(), "{PACKAGE} cannot be installed");
    }
    Ok(tool)
}

/// A server on a home of its own.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(program: &Path, folder: &Path) -> Result<Self> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        let home = folder.join("home");
        let mut add = Command::new(program);
        add.args(["shell", "-home"]).arg(&home).args(["-db-create-tables", "-account-add"]);
        add.args(["login", "root", "name", "Root", "type", "admin", "password", PASSWORD]);
        let added = output(&mut add)?;
        ensure!(added.status.success(), "no administrator: {}", String::from_utf8_lossy(&added.stderr));
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::create(folder.join("log"))?;
        let mut run = Command::new(program);
        run.args(["run", "-home"]).arg(&home).args(["-bind", "127.0.0.1", "-port", &port.to_string()]);
        run.args(["-db-create-tables", "-api-no-access-log"]).stdout(log.try_clone()?).stderr(log);
        let server = Self { child: run.spawn().context("cannot start the server")?, port };
        let begun = Instant::now();
        while !server.answers() {
            ensure!(begun.elapsed() < Duration::from_secs(30), "the server does not answer");
            #[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"GET /ping HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
            let mut first = [0; 12];
            stream.read_exact(&mut first)?;
            Ok(first.ends_with(b" 200"))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Its children end with it.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
