//! The `bkjs` command: an application with every module and nothing of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bkjs::App::new("bkjs").version(env!("CARGO_PKG_VERSION")).run()
}
