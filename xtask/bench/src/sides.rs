//! The two servers that are compared.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Home, Program, Server};
use serde_json::Value;

use crate::Args;
use crate::cases::{Prepared, sign_up};
use crate::load::{Plan, drive};

/// Both servers with their rows.
pub(crate) struct Sides {
    pub(crate) ours: Server,
    pub(crate) baseline: Server,
    /// The ids of the accounts, by their number.
    ids: Vec<String>,
    rows: u64,
    // Last: the folders go after the servers.
    _homes: [Home; 2],
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
    /// Starts both and fills them.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let rows = args.accounts;
        let homes = [Home::new()?, Home::new()?];
        let [own, other] = &homes;
        let mut own_args = vec!["-db-create-tables", "-allow-modules", "bk_", "-server-max-processes", "1"];
        own_args.extend(args.server_arg.iter().map(String::as_str));
        let ours = Server::start_program(&Program::at(beside("bkjs")?, &["run"]), own, &own_args).await?;
        let rows_text = rows.to_string();
        let bare = Program::at(beside("bkjs-bench-baseline")?, &[]);
        let baseline = Server::start_program(&bare, other, &["-rows", &rows_text]).await?;
        let ids = fill(&ours, rows, args.connections).await?;
        Ok(Self { ours, baseline, ids, rows, _homes: homes })
    }

    /// Some accounts, spread over all: number and id.
    pub(crate) fn some_accounts(&self, count: usize) -> impl Iterator<Item = (u64, &str)> {
        let step = (self.ids.len() / count).max(1);
        let numbered = (0_u64..).zip(&self.ids);
        numbered.step_by(step).take(count).map(|(number, id)| (number, id.as_str()))
    }

    /// The numbers of some rows of the baseline, spread over all.
    pub(crate) fn some_rows(&self, count: usize) -> impl Iterator<Item = u64> + use<> {
        let step = (usize::try_from(self.rows).unwrap_or(usize::MAX) / count).max(1);
        (0..self.rows).step_by(step).take(count)
    }

    /// Ends both.
    pub(crate) async fn stop(self) -> Result<()> {
        self.ours.stop().await?;
        // The bare program knows no way to end but by a signal.
        self.baseline.kill_everything().await
    }
}

/// Signs the accounts up, and returns their ids in order.
async fn fill(server: &Server, accounts: u64, connections: usize) -> Result<Vec<String>> {
    let requests: Vec<Prepared> =
        (0..accounts).map(|number| sign_up(number).prepare(server.port)).collect::<Result<_>>()?;
    let plan =
        Plan { port: server.port, connections, requests: &requests, time: None, again: false, keep: true };
    let mut done = drive(&plan).await?;
    ensure!(done.failed == 0, "cannot sign accounts up: {}", done.first_failure.unwrap_or_default());
    done.bodies.sort_by_key(|(at, _)| *at);
    done.bodies
        .iter()
        .map(|(_, body)| {
            let account: Value =
                serde_json::from_slice(body).context("the reply to a sign-up is not JSON")?;
            Ok(account["id"].as_str().context("the reply to a sign-up has no id")?.to_owned())
        })
        .collect()
}

/// A program that was built together with this one.
fn beside(name: &str) -> Result<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    ensure!(path.is_file(), "{} is missing: run cargo xtask bench", path.display());
    Ok(path)
}
