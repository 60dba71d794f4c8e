//! What the system has to be told.

use std::io;

use super::User;

/// Gives up the rights of root for good, but for that to open any port.
#[cfg(target_os = "linux")]
pub(crate) fn become_user(user: &User, opens_any_port: bool) -> io::Result<()> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{
        CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, set_capabilities,
        set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    };
    // Linux has users by thread: another one would stay root's.
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("the process has other threads already"));
    }
    if user.uid == u32::MAX || user.gid == u32::MAX {
        return Err(io::Error::other("the number is reserved"));
    }
    let groups: Vec<Gid> = user.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_keep_capabilities(opens_any_port)?;
    set_thread_groups(&groups)?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    if opens_any_port {
        let right = CapabilitySet::NET_BIND_SERVICE;
        set_capabilities(None, CapabilitySets { effective: right, permitted: right, inheritable: right })?;
        // So it survives the execution of the programs that follow.
        configure_capability_in_ambient_set(right, true)?;
        set_keep_capabilities(false)?;
    }
    Ok(())
}

/// Elsewhere this is not tried.
#[cfg(not(target_os = "linux"))]
pub(crate) fn become_user(_user: &User, _opens_any_port: bool) -> io::Result<()> {
    Err(io::Error::other("this works on Linux only: start as that user"))
}

/// Gives up what a process of another user than root still has of root's rights; this thread's, and those of
/// threads that it starts later.
#[cfg(target_os = "linux")]
pub(crate) fn renounce() -> io::Result<()> {
    use rustix::thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, set_capabilities,
    };
    let none = CapabilitySet::empty();
    if rustix::process::geteuid().is_root() || capabilities(None)?.permitted == none {
        return Ok(());
    }
    clear_ambient_capability_set()?;
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}

/// Elsewhere there is nothing that could be left.
#[cfg(not(target_os = "linux"))]
pub(crate) fn renounce() -> io::Result<()> {
    Ok(())
}
