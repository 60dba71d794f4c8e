//! Processes that die, hang or keep dying.

use libtest_mimic::Trial;
use rustix::process::Signal;

use crate::instance::{Instance, signal, wait};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_killed_web_process_is_replaced_alone", || leaf("web")),
        trial("a_killed_worker_is_replaced_alone", || leaf("worker")),
        trial("a_killed_server_is_replaced_with_its_children", || supervisor("server")),
        trial("a_killed_master_is_replaced_with_its_children", || supervisor("master")),
        trial("all_children_killed_at_once_come_back", all_children),
        trial("nothing_outlives_a_killed_monitor", monitor),
        trial("a_tree_can_follow_a_killed_one_at_once", at_once),
        trial("a_stopped_web_process_is_replaced", || stopped("web")),
        trial("a_stopped_server_is_replaced", || stopped("server")),
        trial("a_web_process_with_a_blocked_thread_is_replaced", blocked),
        trial("web_processes_that_keep_dying_leave_the_supervisors_alone", crash_loop),
    ]
}

const FULL: &[&str] = &["monitor", "processes=2", "workers=2"];
const SIZE: usize = 7;

/// Kills one of a role; all others stay.
fn leaf(role: &str) {
    let tree = Instance::started(FULL, SIZE);
    for _ in 0..2 {
        let mut keep: Vec<_> = tree.procs();
        let victim = *tree.pids(role).first().expect("one");
        signal(victim, Signal::KILL);
        keep.retain(|p| p.pid != victim);
        let now = tree.recovered(&[victim], SIZE);
        assert!(keep.iter().all(|p| now.contains(p)), "{keep:?} then {now:?}");
    }
}

/// Kills a supervisor; what is above it stays.
fn supervisor(role: &str) {
    let tree = Instance::started(FULL, SIZE);
    for _ in 0..2 {
        let victim = tree.pid(role);
        signal(victim, Signal::KILL);
        tree.recovered(&[victim], SIZE);
        assert_eq!(tree.pid("monitor"), tree.top_pid());
        wait("the pid files", || {
            ["master", "server"].iter().all(|r| tree.pid_file(r) == Some(tree.pid(r))).then_some(())
        });
    }
}

fn all_children() {
    let tree = Instance::started(FULL, SIZE);
    let victims: Vec<_> = tree.procs().iter().map(|p| p.pid).filter(|pid| *pid != tree.top_pid()).collect();
    for pid in &victims {
        signal(*pid, Signal::KILL);
    }
    tree.recovered(&victims, SIZE);
}

fn monitor() {
    let mut tree = Instance::started(FULL, SIZE);
    signal(tree.top_pid(), Signal::KILL);
    tree.gone();
    assert!(tree.send("pid").is_none(), "the port is free");
    tree.start();
    tree.complete(SIZE);
    assert_eq!(tree.pid_file("monitor"), Some(tree.top_pid()));
}

/// What a service manager does that restarts a service when its process has died.
fn at_once() {
    let mut tree = Instance::started(FULL, SIZE);
    let old: Vec<_> = tree.procs().iter().map(|p| p.pid).collect();
    for _ in 0..3 {
        let mut killed = tree.top.take().expect("started");
        killed.kill().expect("kills");
        tree.start();
        tree.recovered(&old, SIZE);
        assert_eq!(tree.pid_file("monitor"), Some(tree.top_pid()));
        killed.wait().expect("ends");
    }
}

fn stopped(role: &str) {
    let tree = Instance::started(FULL, SIZE);
    let victim = *tree.pids(role).first().expect("one");
    signal(victim, Signal::STOP);
    tree.recovered(&[victim], SIZE);
}

fn blocked() {
    let tree = Instance::started(FULL, SIZE);
    let before = tree.pids("web");
    let _blocked = tree.send("block").expect("serves");
    wait("one replacement", || (tree.pids("web").intersection(&before).count() == 1).then_some(()));
    tree.complete(SIZE);
}

fn crash_loop() {
    let tree = Instance::started(FULL, SIZE);
    let keep = ["monitor", "master", "server"].map(|role| tree.pid(role));
    tree.tell("web-crashes");
    for pid in tree.pids("web") {
        signal(pid, Signal::KILL);
    }
    wait("a few deaths", || (tree.births("web") >= 8).then_some(()));
    tree.untell("web-crashes");
    tree.complete(SIZE);
    assert_eq!(keep, ["monitor", "master", "server"].map(|role| tree.pid(role)));
}
