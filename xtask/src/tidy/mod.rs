//! `cargo xtask tidy`: what a compiler does not check.

mod edges;
mod leftovers;
mod operations;
mod reference;
mod sizes;
mod sources;

use std::process::Command;

use anyhow::Result;

use crate::workspace::{cargo, output, root};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the pages that are generated from the code instead of comparing them
    #[arg(long)]
    write: bool,
}

/// What a check found: a remark when all is well, or the reason why not.
type Finding = Result<String, String>;

/// Runs every check, prints a line for each, and says whether all passed.
///
/// # Errors
/// When cargo cannot be started or the sources cannot be read.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let sources = sources::read(&root())?;
    let packages = edges::packages(&crate::workspace::metadata()?);
    let mut passed = true;
    let mut report = |name: &str, finding: Finding| match finding {
        Ok(remark) if remark.is_empty() => println!("ok      {name}"),
        Ok(remark) => println!("ok      {name}: {remark}"),
        Err(reason) => {
            println!("failed  {name}: {reason}");
            passed = false;
        }
    };

    report("formatting", cargo_check(&mut cargo(["fmt", "--all", "--check"])));
    report("layering", edges::check(&packages));
    report("no crate that is banned", edges::check_tree());
    report("file sizes", sizes::check(&sources));
    report("left-overs", leftovers::check(&sources));
    report("operations of the database", operations::check(&sources));
    let clippy =
        ["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"];
    report("lints", cargo_check(&mut cargo(clippy)));
    let doc = ["doc", "--workspace", "--all-features", "--no-deps", "--lib", "--quiet"];
    report("documentation", cargo_check(cargo(doc).env("RUSTDOCFLAGS", "-D warnings")));
    report("reference", reference::check(args.write));
    report("licences and advisories", deny());
    Ok(passed)
}

/// Runs a command; its output is the reason when it fails.
fn cargo_check(command: &mut Command) -> Finding {
    let out = output(command).map_err(|error| format!("{error:#}"))?;
    if out.status.success() {
        return Ok(String::new());
    }
    let text = [out.stdout, out.stderr].concat();
    Err(format!("\n{}", String::from_utf8_lossy(&text).trim_end()))
}

/// `cargo deny`, where it is installed; its list of advisories needs the network, so it is not asked for.
fn deny() -> Finding {
    if !output(&mut cargo(["deny", "--version"])).is_ok_and(|out| out.status.success()) {
        return Ok("not run, cargo-deny is not installed (cargo install cargo-deny)".into());
    }
    cargo_check(&mut cargo(["deny", "check", "bans", "licenses", "sources"]))
}
