//! Processes as `/proc` shows them.

use std::fs;

/// The environment variable that marks the processes of one instance.
pub(crate) const MARK: &str = "TREE_TEST_HOME";

/// One living process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proc {
    pub pid: u32,
    pub parent: u32,
    /// The whole command line, arguments separated by spaces.
    pub title: String,
    pub comm: String,
}

/// The living processes that carry the mark with this value.
pub(crate) fn marked(value: &str) -> Vec<Proc> {
    let mark = format!("{MARK}={value}\0");
    let pids = fs::read_dir("/proc")
        .expect("proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.windows(mark.len()).any(|part| part == mark.as_bytes())
    })
    .filter_map(read)
    .collect()
}

fn read(pid: u32) -> Option<Proc> {
    let text = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let stat = text("stat")?;
    let mut fields = stat[stat.rfind(')')? + 2..].split(' ');
    let (state, parent) = (fields.next()?, fields.next()?);
    let title = text("cmdline")?.trim_end_matches('\0').replace('\0', " ");
    (!"ZX".contains(state) && !title.is_empty()).then(|| Proc {
        pid,
        parent: parent.parse().unwrap_or_default(),
        title,
        comm: text("comm").unwrap_or_default().trim().to_owned(),
    })
}
