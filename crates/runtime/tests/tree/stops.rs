//! How trees end and are renewed.

use std::io::Read as _;
use std::net::TcpStream;

use libtest_mimic::Trial;
use rustix::process::Signal;

use crate::instance::{Instance, signal, wait};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_request_in_flight_ends_before_the_tree", graceful),
        trial("an_interrupt_of_all_processes_drains_like_one_of_the_top", interrupt),
        trial("a_second_signal_ends_everything", forced),
        trial("a_start_can_be_broken_off", broken_off),
        trial("the_time_to_drain_is_bounded", bounded),
        trial("a_drained_master_is_replaced_by_its_monitor", master_only),
        trial("web_processes_are_replaced_without_a_refused_connection", || {
            rolling(|tree| {
                signal(tree.pid("server"), Signal::USR2);
            })
        }),
        trial("a_web_process_can_ask_for_the_replacement", || {
            rolling(|tree| {
                tree.ask("restart").expect("serves");
            })
        }),
        trial("the_monitor_passes_the_replacement_down", || {
            rolling(|tree| signal(tree.pid("monitor"), Signal::USR2))
        }),
        trial("the_master_replaces_its_workers", workers),
        trial("a_replacement_that_fails_leaves_the_old_process", failed_replacement),
    ]
}

const FULL: &[&str] = &["monitor", "processes=2", "workers=2"];
const SIZE: usize = 7;

fn reply(mut slow: TcpStream) -> String {
    let mut text = String::new();
    let _ = slow.read_to_string(&mut text);
    text
}

fn refused(tree: &Instance) {
    wait("the listener to close", || tree.send("pid").is_none().then_some(()));
}

fn graceful() {
    let mut tree = Instance::started(FULL, SIZE);
    let slow = tree.slow();
    signal(tree.top_pid(), Signal::TERM);
    refused(&tree);
    tree.tell("release");
    assert_eq!(reply(slow), "done");
    assert_eq!(tree.gone(), Some(0));
    let left =
        std::fs::read_dir(tree.path("var")).expect("var").map(|file| file.expect("a file").file_name());
    // Where the home listened last stays known.
    assert_eq!(left.collect::<Vec<_>>(), ["server.address"]);
}

/// What Ctrl-C in a terminal does.
fn interrupt() {
    let mut tree = Instance::started(FULL, SIZE);
    let slow = tree.slow();
    for proc in tree.procs() {
        signal(proc.pid, Signal::INT);
    }
    refused(&tree);
    tree.tell("release");
    assert_eq!(reply(slow), "done");
    assert_eq!(tree.gone(), Some(0));
}

fn forced() {
    let mut tree = Instance::started(FULL, SIZE);
    let slow = tree.slow();
    signal(tree.top_pid(), Signal::TERM);
    refused(&tree);
    signal(tree.top_pid(), Signal::TERM);
    assert_eq!(tree.gone(), Some(3));
    assert_eq!(reply(slow), "");
    assert!(!tree.has("var/monitor.pid") && !tree.has("var/master.pid") && !tree.has("var/server.pid"));
}

fn broken_off() {
    let mut tree = Instance::new(FULL);
    tree.tell("prepare-waits");
    tree.start();
    wait("the preparation", || tree.has("preparing").then_some(()));
    signal(tree.top_pid(), Signal::TERM);
    assert_eq!(tree.gone(), Some(0));
    assert!(!tree.has("var/monitor.pid") && !tree.has("var/master.pid"));
}

fn bounded() {
    let mut tree = Instance::started(&["monitor", "processes=2", "shutdown=300"], 5);
    let _slow = tree.slow();
    signal(tree.top_pid(), Signal::TERM);
    assert_eq!(tree.gone(), Some(3));
}

fn master_only() {
    let tree = Instance::started(FULL, SIZE);
    let old: Vec<_> = tree.procs().iter().map(|p| p.pid).filter(|pid| *pid != tree.top_pid()).collect();
    signal(tree.pid("master"), Signal::TERM);
    tree.recovered(&old, SIZE);
}

fn rolling(trigger: fn(&Instance)) {
    let tree = Instance::started(FULL, SIZE);
    let fixed = ["monitor", "master", "server"].map(|role| tree.pid(role));
    for _ in 0..2 {
        let old = tree.pids("web");
        trigger(&tree);
        wait("new web processes", || {
            // Each new connection is served while processes come and go.
            assert!(tree.ask("pid").is_some(), "a connection was refused or cut");
            (tree.pids("web").is_disjoint(&old) && tree.procs().len() == SIZE).then_some(())
        });
    }
    assert_eq!(fixed, ["monitor", "master", "server"].map(|role| tree.pid(role)));
}

fn workers() {
    let tree = Instance::started(FULL, SIZE);
    let (old, web) = (tree.pids("worker"), tree.pids("web"));
    signal(tree.pid("master"), Signal::USR2);
    wait("new workers", || {
        (tree.pids("worker").is_disjoint(&old) && tree.procs().len() == SIZE).then_some(())
    });
    assert_eq!(tree.pids("web"), web);
}

fn failed_replacement() {
    let tree = Instance::started(FULL, SIZE);
    let old = tree.pids("web");
    tree.tell("web-fails");
    signal(tree.pid("server"), Signal::USR2);
    wait("an attempt", || (tree.births("web") == 3).then_some(()));
    wait("its end", || (tree.pids("web") == old).then_some(()));
    tree.untell("web-fails");
    signal(tree.pid("server"), Signal::USR2);
    wait("new web processes", || {
        (tree.pids("web").is_disjoint(&old) && tree.procs().len() == SIZE).then_some(())
    });
}
