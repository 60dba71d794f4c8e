//! Writers in other processes, which are killed: the test program, started again, is the other one.
//!
//! For drivers whose database is a file of this machine. A test begins with [`writer`] and goes on with
//! [`kill_writers`] and [`assert_kept`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Driver, Get, Verb, Write};
use bkjs_core::schema::Table;
use bkjs_core::value::Row;

/// The variable that makes a test a writer, and says on which file.
const FILE: &str = "BKJS_TEST_WRITER_FILE";

/// The file to write to, when this process is a writer.
pub(crate) fn writer() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Adds records without end, several at a time, and prints the id of each that was acknowledged.
///
/// The table has the columns `id`, its key, and `txt`, which gets this text.
#[allow(clippy::print_stdout)] // the parent reads it
pub(crate) async fn write_without_end(driver: impl Driver, table: Arc<Table>, text: String) {
    let (driver, pid) = (Arc::new(driver), std::process::id());
    let lanes: Vec<_> = (0..4)
        .map(|lane| {
            let (driver, table, text) = (driver.clone(), table.clone(), text.clone());
            bkjs_core::task::spawn("lane", async move {
                for n in 0_u64.. {
                    let id = format!("{pid}-{lane}-{n}");
                    let row = Row::new().with("id", id.as_str()).with("txt", text.as_str());
                    let verb = Verb::Add { row, do_nothing: false };
                    let write = Write { table: table.clone(), verb, returning: Returning::Nothing };
                    match driver.write(write).await {
                        Ok(_) => println!("ack {id}"),
                        Err(error) => println!("error {error:?}"),
                    }
                    std::io::stdout().flush().expect("flushes");
                }
            })
        })
        .collect();
    futures_util::future::join_all(lanes).await;
}

/// Has two writers run this test on a file, kills each once it has told of `enough` records, and returns the ids of
/// all that were acknowledged.
pub(crate) fn kill_writers(test: &str, file: &Path, enough: usize) -> Vec<String> {
    let mut writers = [start(test, file), start(test, file)];
    let mut acknowledged = Vec::new();
    for writer in &mut writers {
        let lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            assert!(!line.contains("error "), "{line}");
            // The test harness prints its own lines, and may do so without an end.
            let Some((_, id)) = line.split_once("ack ") else { continue };
            acknowledged.push(id.to_owned());
            seen += 1;
            if seen == enough {
                writer.kill().expect("kills");
            }
        }
    }
    for writer in &mut writers {
        writer.wait().expect("ends");
    }
    assert!(acknowledged.len() >= 2 * enough, "only {} were acknowledged", acknowledged.len());
    acknowledged
}

fn start(test: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts")
}

/// Fails for a record that was acknowledged and is not there.
pub(crate) async fn assert_kept(driver: &impl Driver, table: &Arc<Table>, acknowledged: &[String]) {
    for id in acknowledged {
        let key = vec![id.as_str().into()];
        let get = Get { table: table.clone(), key, filter: None, select: Vec::new() };
        assert!(driver.get(get).await.expect("reads").is_some(), "{id} was acknowledged and is lost");
    }
}
