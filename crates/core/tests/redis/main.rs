//! What callers see of servers that stop, start again, or hand over to another one. Starts servers of its own.

mod chaos;
mod sentinel;
mod server;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial gives.
type Checked<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let installed = server::is_installed();
    let trial = |name: &str, run: fn() -> Checked| {
        let name = if installed { name.to_owned() } else { format!("{name} (needs redis-server)") };
        Trial::test(name, move || run().map_err(|e| Failed::from(e.to_string())))
            .with_ignored_flag(!installed)
    };
    let trials = vec![
        trial("no_acknowledged_write_is_lost_while_the_server_is_restarted", || run(chaos::restarts())),
        trial("a_server_that_comes_later_is_found", || run(chaos::comes_later())),
        trial("a_server_that_does_not_answer_is_unavailable_in_time", || run(chaos::silent())),
        trial("the_next_master_is_found_through_the_sentinel", || run(sentinel::fails_over())),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn run(trial: impl Future<Output = Checked>) -> Checked {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(trial)
}
