//! The two servers that are compared.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use bkjs_tests::{Call, Home, Program, Server};

use crate::Args;
use crate::cases::{Prepared, insert, sign_up};
use crate::load::{Plan, drive};

/// The servers with their rows.
pub(crate) struct Sides {
    pub(crate) ours: Server,
    /// Another one of ours, which keeps the rows of accounts in memory.
    pub(crate) cached: Server,
    pub(crate) baseline: Server,
    /// How many accounts and rows there are.
    rows: u64,
    // Last: the folders go after the servers.
    _homes: [Home; 3],
}

/// The login of account `number`.
pub(crate) fn login(number: u64) -> String {
    format!("user{number}")
}

/// The secret of account `number`.
pub(crate) fn secret(number: u64) -> String {
    format!("secret-of-{number}")
}

impl Sides {
    /// Starts all and fills them.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let rows = args.accounts;
        let homes = [Home::new()?, Home::new()?, Home::new()?];
        let [own, keeping, other] = &homes;
        let open = "^/(row|list|insert)$";
        let mut own_args = vec!["-db-create-tables", "-server-max-processes", "1", "-api-allow-path", open];
        own_args.extend(args.server_arg.iter().map(String::as_str));
        let app = Program::at(beside("bkjs-bench-app")?, &[]);
        let ours = Server::start_program(&app, own, &own_args).await?;
        own_args.extend(["-db-cache-tables", "bk_auth,bk_account"]);
        let cached = Server::start_program(&app, keeping, &own_args).await?;
        let rows_text = rows.to_string();
        let bare = Program::at(beside("bkjs-bench-baseline")?, &[]);
        let baseline = Server::start_program(&bare, other, &["-rows", &rows_text]).await?;
        fill(&ours, rows, args.connections, sign_up).await?;
        fill(&ours, rows, args.connections, insert).await?;
        fill(&cached, rows, args.connections, sign_up).await?;
        Ok(Self { ours, cached, baseline, rows, _homes: homes })
    }

    /// The numbers of some accounts, spread over all.
    pub(crate) fn some_accounts(&self, count: usize) -> impl Iterator<Item = u64> + use<> {
        self.some_rows(count)
    }

    /// The numbers of some rows, spread over all.
    pub(crate) fn some_rows(&self, count: usize) -> impl Iterator<Item = u64> + use<> {
        let step = (usize::try_from(self.rows).unwrap_or(usize::MAX) / count).max(1);
        (0..self.rows).step_by(step).take(count)
    }

    /// Ends all.
    pub(crate) async fn stop(self) -> Result<()> {
        self.ours.stop().await?;
        self.cached.stop().await?;
        // The bare program knows no way to end but by a signal.
        self.baseline.kill_everything().await
    }
}

/// Sends the request of each number below `count`.
async fn fill(server: &Server, count: u64, connections: usize, request: fn(u64) -> Call) -> Result<()> {
    let requests: Vec<Prepared> =
        (0..count).map(|number| request(number).prepare(server.port)).collect::<Result<_>>()?;
    let plan = Plan { port: server.port, connections, requests: &requests, time: None, again: false };
    let done = drive(&plan).await?;
    ensure!(done.failed == 0, "cannot fill the server: {}", done.first_failure.unwrap_or_default());
    Ok(())
}

/// A program that was built together with this one.
fn beside(name: &str) -> Result<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    ensure!(path.is_file(), "{} is missing: run cargo xtask bench", path.display());
    Ok(path)
}
