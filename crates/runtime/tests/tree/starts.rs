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
        trial("a_second_instance_leaves_the_pid_files_of_the_first", second_instance),
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

fn second_instance() {
    let tree = Instance::started(FULL, 7);
    let before = tree.procs();
    let mut second = tree.spawn();
    assert_eq!(wait("the second to give up", || second.try_wait().expect("waits")).code(), Some(1));
    wait("its processes to end", || (tree.procs() == before).then_some(()));
    for role in ["monitor", "master", "server"] {
        assert_eq!(tree.pid_file(role), Some(tree.pid(role)), "{role}");
    }
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
