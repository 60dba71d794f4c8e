//! A tree that root starts runs as another user. Only root can try that; for others these tests say so and end.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Process, Program, Server};

const LIMIT: Duration = Duration::from_secs(20);
const TREE: [&str; 7] =
    ["-db-create-tables", "-monitor", "-server-max-processes", "2", "-jobs-workers", "1", "-uid"];
const SIZE: usize = 6;

/// What the kernel says of a process.
struct Status(String);

impl Status {
    fn of(process: &Process) -> Result<Self> {
        Ok(Self(fs::read_to_string(format!("/proc/{}/status", process.pid))?))
    }

    fn field(&self, name: &str) -> Vec<&str> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().collect()
    }

    /// Fails when the process has anything of root, or of another user.
    fn assert_is(&self, uid: &str, gid: &str) {
        assert_eq!((self.field("Uid"), self.field("Gid")), (vec![uid; 4], vec![gid; 4]));
        assert!(!self.field("Groups").contains(&"0"), "{}", self.0);
    }

    fn has_rights(&self) -> bool {
        ["CapEff", "CapPrm", "CapInh", "CapAmb"].iter().any(|name| self.field(name) != ["0000000000000000"])
    }
}

/// A home, and the program where everybody can execute it; none when this user cannot become another one.
#[allow(clippy::print_stdout)] // why nothing was tried
fn ground() -> Result<Option<(Home, Program)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        println!("skipped: only root can run as another user");
        return Ok(None);
    }
    let home = Home::new()?;
    fs::set_permissions(home.beside(""), Permissions::from_mode(0o755))?;
    let copy = home.beside("bkjs");
    fs::copy(Program::bkjs()?.path(), &copy)?;
    Ok(Some((home, Program::at(copy, &["run"]))))
}

/// The numbers of the user `nobody`.
fn nobody() -> Result<(String, String)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let entry = users.lines().find(|line| line.starts_with("nobody:")).context("there is no user nobody")?;
    let fields: Vec<_> = entry.split(':').collect();
    Ok((fields[2].to_owned(), fields[3].to_owned()))
}

async fn whole(server: &Server) -> Result<Vec<Process>> {
    let whole = |all: &[Process]| all.len() == SIZE && all.iter().all(|process| !process.role().is_empty());
    let all = server.until_processes(LIMIT, "a whole tree", whole).await?;
    server.send_until_served(Call::get("/ping"), LIMIT).await?;
    Ok(all)
}

fn assert_owned(folder: &Path, uid: &str) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let meta = fs::symlink_metadata(&path)?;
        assert_eq!(meta.uid().to_string(), uid, "{}", path.display());
        if meta.is_dir() {
            assert_owned(&path, uid)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_process_and_no_file_is_roots() -> Result<()> {
    let Some((home, program)) = ground()? else { return Ok(()) };
    let (uid, gid) = nobody()?;
    let args = [&TREE[..], &["nobody"]].concat();
    let server = Server::spawn(&program, &home, bkjs_tests::free_port()?, &args)?;
    for role in ["web", "server", "master"] {
        let all = whole(&server).await?;
        for process in &all {
            let status = Status::of(process)?;
            status.assert_is(&uid, &gid);
            assert!(!status.has_rights(), "{process:?}");
        }
        let form = [("login", role), ("secret", "s"), ("name", "A")];
        assert_eq!(server.send(Call::post("/account/add").form(&form)).await?.status, 200);
        // What takes its place is no other user either.
        let victim = all.iter().find(|process| process.role() == role).context("no such process")?;
        victim.kill()?;
        let gone = |all: &[Process]| all.iter().all(|process| process.pid != victim.pid);
        server.until_processes(LIMIT, "the end of a process", gone).await?;
    }
    whole(&server).await?;
    assert_eq!(fs::metadata(home.path())?.uid().to_string(), uid);
    assert_owned(&home.path(), &uid)?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_low_port_is_opened_again_and_whoever_serves_it_has_no_right() -> Result<()> {
    let Some((home, program)) = ground()? else { return Ok(()) };
    let (uid, gid) = nobody()?;
    let free = (600..1024).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let port = free.context("no low port is free")?;
    let server = Server::spawn(&program, &home, port, &[&TREE[..], &[&uid, "-gid", &gid]].concat())?;
    let before = whole(&server).await?;
    let victim = before.iter().find(|process| process.role() == "server").context("no server")?;
    victim.kill()?;
    let gone = |all: &[Process]| all.iter().all(|process| process.pid != victim.pid);
    server.until_processes(LIMIT, "the end of the server", gone).await?;
    for process in whole(&server).await? {
        let status = Status::of(&process)?;
        status.assert_is(&uid, &gid);
        let serves = matches!(process.role(), "web" | "worker");
        // One right only: that to open any port.
        let rights = if serves { "0000000000000000" } else { "0000000000000400" };
        assert_eq!([status.field("CapEff"), status.field("CapPrm")], [[rights]; 2], "{process:?}");
    }
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_user_that_is_not_there_stops_the_start() -> Result<()> {
    let home = Home::new()?;
    let mut server =
        Server::spawn(&Program::bkjs()?, &home, bkjs_tests::free_port()?, &["-uid", "no-such-user"])?;
    assert_eq!(server.ended(LIMIT).await?, 1);
    assert!(server.log().contains("uid: there is no user no-such-user"), "{}", server.log());
    ensure!(!home.path().exists(), "the home was made");
    Ok(())
}

#[tokio::test]
async fn nothing_of_root_is_left_where_that_is_forced() -> Result<()> {
    let Some((home, program)) = ground()? else { return Ok(()) };
    let (uid, gid) = nobody()?;
    let mut nameless = Server::spawn(&program, &home, bkjs_tests::free_port()?, &["-force-uid"])?;
    assert_eq!(nameless.ended(LIMIT).await?, 1);
    let told = nameless.log().contains("force-uid: this is root, name another user by uid");
    assert!(told && !home.path().exists(), "{}", nameless.log());

    let args = [&TREE[..], &["nobody", "-force-uid"]].concat();
    let free = (600..1024).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut low = Server::spawn(&program, &home, free.context("no low port is free")?, &args)?;
    assert_eq!(low.ended(LIMIT).await?, 1);
    assert!(low.log().contains("Permission denied"), "{}", low.log());

    let server = Server::spawn(&program, &home, bkjs_tests::free_port()?, &args)?;
    for process in whole(&server).await? {
        let status = Status::of(&process)?;
        status.assert_is(&uid, &gid);
        assert!(!status.has_rights(), "{process:?}");
    }
    assert_eq!(server.stop().await?, 0);
    Ok(())
}
