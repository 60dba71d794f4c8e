//! The name of a process in `ps`, `top` and `/proc`.

use crate::Role;

/// The beginning of every title, and the mark by which a process knows that it was started by us.
pub(crate) const PREFIX: &str = "bkjs: ";

/// The title of a role, given as the first argument of the new process.
pub(crate) fn of(role: Role) -> String {
    format!("{PREFIX}{role}")
}

/// Whether a first argument is one of ours.
pub(crate) fn is_ours(first: &str) -> bool {
    first.starts_with(PREFIX)
}

/// Gives the running process its short name, which is otherwise that of the executable.
#[cfg(target_os = "linux")]
pub(crate) fn set(role: Role) {
    if let Ok(name) = std::ffi::CString::new(of(role)) {
        // Cosmetic: the title in the command line is already right.
        let _ = rustix::thread::set_name(&name);
    }
}

/// Other systems take the name from the command line.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set(_role: Role) {}
