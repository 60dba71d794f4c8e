//! How trees come up, or do not.

use std::fs;
use std::net::TcpListener;

use libtest_mimic::Trial;
use rustix::process::Signal;

use crate::instance::{Instance, signal, wait};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_tree_has_its_shape_titles_and_pid_files", shape),
        trial("a_tree_without_monitor_has_the_master_on_top", no_monitor),
        trial("a_server_can_be_on_top", no_master),
        trial("a_master_without_server_keeps_workers_only", no_web),
        trial("one_process_serves_alone", alone),
        trial("a_busy_port_ends_the_start_with_one_message", busy_port),
        trial("a_second_tree_on_a_home_is_refused_by_name_and_leaves_the_first_alone", second_tree),
        trial("a_home_may_have_its_master_and_its_server_in_trees_of_their_own", split_tree),
        trial("what_a_killed_tree_left_behind_blocks_no_start", left_behind),
        trial("a_number_in_a_pid_file_that_is_used_again_blocks_no_start", number_used_again),
        trial("a_failing_preparation_ends_the_start", prepare_fails),
        trial("a_failing_web_process_ends_the_start", web_fails),
        trial("a_daemon_returns_when_it_serves", daemon),
        trial("a_daemon_that_cannot_start_says_why", daemon_fails),
        trial("the_answers_of_the_server_are_shared", shared_answers),
        trial("a_title_of_ours_without_a_supervisor_is_refused", no_supervisor),
    ]
}

const FULL: &[&str] = &["monitor", "processes=2", "workers=2", "secret=hush"];

fn shape() {
    let tree = Instance::started(FULL, 7);
    let procs = tree.procs();
    for (role, above, count) in [
        ("monitor", "", 1),
        ("master", "monitor", 1),
        ("server", "master", 1),
        ("web", "server", 2),
        ("worker", "master", 2),
    ] {
        let title = format!("bkjs: {role}");
        let of_role: Vec<_> = procs.iter().filter(|p| p.title == title).collect();
        assert_eq!(of_role.len(), count, "{procs:?}");
        for proc in of_role {
            assert_eq!(proc.comm, title);
            if !above.is_empty() {
                assert_eq!(proc.parent, tree.pid(above), "{proc:?}");
            }
        }
    }
    assert_eq!(tree.pid("monitor"), tree.top_pid());
    for role in ["monitor", "master", "server"] {
        assert_eq!(tree.pid_file(role), Some(tree.pid(role)));
    }
    assert_eq!(fs::read_to_string(tree.path("prepared")).expect("prepared"), "master");
    for proc in procs {
        let environ = fs::read(format!("/proc/{}/environ", proc.pid)).expect("reads");
        // The top process has the environment it was given.
        assert!(!String::from_utf8_lossy(&environ).contains("hush"), "{proc:?}");
    }
}

fn no_monitor() {
    let tree = Instance::started(&["processes=1"], 3);
    assert_eq!(tree.pid("master"), tree.top_pid());
}

fn no_master() {
    let tree = Instance::started(&["processes=2", "no-master"], 3);
    assert_eq!(tree.pid("server"), tree.top_pid());
    assert_eq!(fs::read_to_string(tree.path("prepared")).expect("prepared"), "server");
}

fn no_web() {
    let mut tree = Instance::new(&["no-web", "workers=2"]);
    tree.tell("no-port");
    tree.start();
    tree.complete(3);
    signal(tree.top_pid(), Signal::TERM);
    assert_eq!(tree.gone(), Some(0));
}

fn alone() {
    let mut tree = Instance::started(&["web"], 1);
    assert_eq!(tree.ask("pid"), Some(tree.top_pid().to_string()));
    assert_eq!(tree.pid_file("web"), Some(tree.top_pid()));
    assert_eq!((tree.ask("count"), tree.ask("count")), (Some("1".to_owned()), Some("2".to_owned())));
    let _slow = tree.slow();
    signal(tree.top_pid(), Signal::TERM);
    wait("the listener to close", || tree.send("pid").is_none().then_some(()));
    tree.tell("release");
    assert_eq!(tree.gone(), Some(0));
    assert!(!tree.has("var/web.pid"));
}

fn busy_port() {
    for args in [FULL, &["web"]] {
        let mut tree = Instance::new(args);
        let _taken = TcpListener::bind(("127.0.0.1", tree.port)).expect("free");
        tree.start();
        assert_eq!(tree.gone(), Some(1));
        let output = tree.output();
        assert!(output.contains(&format!("port {} is in use", tree.port)), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
        assert!(fs::read_dir(tree.path("var")).is_ok_and(|mut files| files.next().is_none()));
    }
}

fn second_tree() {
    for (first, top, size) in [(FULL, "monitor", 7), (&["processes=1"], "master", 3)] {
        let tree = Instance::started(first, size);
        let before = tree.procs();
        for second in [FULL, &["monitor", "daemon"], &["processes=1"], &["no-master"]] {
            // On another port: it is the home that is in use.
            let ended = tree.beside(second).wait_with_output().expect("ends");
            let output = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(1), "{output}");
            let (home, pid) = (tree.path(""), tree.pid(top));
            assert!(output.contains(home.to_str().expect("a path").trim_end_matches('/')), "{output}");
            assert!(output.contains(&format!("process {pid}:")), "{output}");
            assert_eq!(output.lines().count(), 1, "{output}");
        }
        wait("its processes to end", || (tree.procs() == before).then_some(()));
        for role in ["master", "server"] {
            assert_eq!(tree.pid_file(role), Some(tree.pid(role)), "{role}");
        }
        assert!(tree.ask("pid").is_some());
    }
}

fn split_tree() {
    let tree = Instance::started(&["no-master", "processes=1"], 2);
    let mut master = tree.beside(&["no-web", "workers=1"]);
    tree.complete(4);
    assert_eq!(tree.pid_file("master"), Some(master.id()));
    signal(master.id(), Signal::TERM);
    assert_eq!(master.wait().expect("ends").code(), Some(0));
    tree.complete(2);
}

fn left_behind() {
    let mut tree = Instance::started(FULL, 7);
    let old = tree.top_pid();
    for proc in tree.procs() {
        signal(proc.pid, Signal::KILL);
    }
    tree.gone();
    assert_eq!(tree.pid_file("monitor"), Some(old));
    tree.start();
    tree.complete(7);
    assert_eq!(tree.pid_file("monitor"), Some(tree.top_pid()));
}

/// A tree that was killed left its files, and its numbers are by now those of a tree on another home.
fn number_used_again() {
    let other = Instance::started(FULL, 7);
    let mut tree = Instance::new(FULL);
    fs::create_dir(tree.path("var")).expect("a folder");
    for role in ["monitor", "master", "server"] {
        for kind in ["pid", "lock"] {
            let file = tree.path(&format!("var/{role}.{kind}"));
            fs::write(file, other.pid(role).to_string()).expect("writes");
        }
    }
    tree.start();
    tree.complete(7);
    assert_eq!(tree.pid_file("monitor"), Some(tree.top_pid()));
}

fn prepare_fails() {
    let mut tree = Instance::new(FULL);
    tree.tell("prepare-fails");
    tree.start();
    assert_eq!(tree.gone(), Some(1));
    assert_eq!(tree.output().trim(), "bkjs: no tables today");
}

fn web_fails() {
    let mut tree = Instance::new(FULL);
    tree.tell("web-fails");
    tree.start();
    assert_eq!(tree.gone(), Some(1));
    assert_eq!(tree.output().trim(), "bkjs: no database today");
}

fn daemon() {
    let mut tree = Instance::new(&["monitor", "processes=2", "daemon"]);
    tree.start();
    let status = tree.top.take().expect("started").wait().expect("waits");
    assert_eq!(status.code(), Some(0), "{}", tree.output());
    // It serves from the moment the command returns.
    assert!(tree.ask("pid").is_some());
    let monitor = tree.complete(5).into_iter().find(|p| p.title == "bkjs: monitor").expect("a monitor");
    assert_eq!(tree.pid_file("monitor"), Some(monitor.pid));
    signal(monitor.pid, Signal::TERM);
    assert_eq!(tree.gone(), None);
    assert!(!tree.has("var/monitor.pid"));
}

fn daemon_fails() {
    let mut tree = Instance::new(&["monitor", "daemon"]);
    let _taken = TcpListener::bind(("127.0.0.1", tree.port)).expect("free");
    tree.start();
    assert_eq!(tree.gone(), Some(1));
    assert!(tree.output().contains(&format!("port {} is in use", tree.port)), "{}", tree.output());
}

fn shared_answers() {
    let tree = Instance::started(&["processes=3", "workers=1"], 6);
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    // The worker asks through the master.
    wait("the worker", || number(fs::read_to_string(tree.path("worker-count")).ok()).filter(|n| *n == 1));
    let numbers: Vec<_> = (0..20).map(|_| number(tree.ask("count")).expect("a number")).collect();
    assert_eq!(numbers, (2..=21).collect::<Vec<_>>());
}

fn no_supervisor() {
    use std::os::unix::process::CommandExt as _;
    let output = std::process::Command::new(std::env::current_exe().expect("own path"))
        .arg0("bkjs: web")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by bkjs only"));
}
