//! Giving up root: a tree that root has started runs as another user.
//!
//! The first process becomes that user before it touches anything in the home, and all others are born so: none is
//! ever root, and all files are the user's. For a port below 1024 the supervisors keep the one right that they need
//! to open it, also after the death of a server; the processes that work keep no right at all. With `force-uid` the
//! supervisors keep none either.

mod drop;
mod user;

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::Path;

use bkjs_core::{Error, ErrorKind, Result};

pub(crate) use drop::renounce;
use user::User;

use crate::RuntimeParams;

/// The first port that anybody may open.
const FREE_PORT: u16 = 1024;

/// Has this process, and all that it starts, run as the user of the parameters `uid` and `gid`, when there is one.
///
/// With `force_uid` nothing of root is left, and root itself is refused.
///
/// To be called before anything in the home is touched and before the process has a second thread. A home that is
/// missing is made first, for that user. In a process that is not root's it checks only that the user is the right
/// one.
///
/// # Errors
/// `Config` naming the parameter: there is no such user or group, this process is neither root's nor that user's, or it
/// is root's and must not be.
/// `Unavailable` when the home cannot be made or the system refuses.
pub fn become_user(params: &RuntimeParams, home: &Path) -> Result<()> {
    let now = rustix::process::geteuid();
    let Some(user) = User::named(&params.uid, &params.gid)? else {
        if params.force_uid && now.is_root() {
            let message = "force-uid: this is root, name another user by uid";
            return Err(Error::new(ErrorKind::Config, message));
        }
        return Ok(());
    };
    if now.as_raw() == user.uid {
        return Ok(());
    }
    if !now.is_root() {
        let name = &params.uid;
        let message =
            format!("uid: only root can run as {name:.80}, and this is user {now}", now = now.as_raw());
        return Err(Error::new(ErrorKind::Config, message));
    }
    make_home(home, &user)?;
    drop::become_user(&user, params.port < FREE_PORT && !params.force_uid).map_err(|e| {
        let message = format!("uid: cannot become the user {:.80}", params.uid);
        Error::new(ErrorKind::Unavailable, message).source(e)
    })
}

/// Makes a home that is missing; one that is there is left as it is.
fn make_home(home: &Path, user: &User) -> Result<()> {
    if home.exists() {
        return Ok(());
    }
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(home)
        .and_then(|()| chown(home, Some(user.uid), Some(user.gid)));
    made.map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("cannot make the home {}", home.display())).source(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn become_named(uid: &str) -> Result<()> {
        let params = RuntimeParams { uid: uid.into(), ..Default::default() };
        become_user(&params, Path::new("/"))
    }

    #[test]
    fn no_user_and_the_own_one_are_fine() {
        become_named("").expect("nobody else");
        become_named(&rustix::process::geteuid().as_raw().to_string()).expect("the same");
    }

    #[test]
    fn a_user_that_is_not_there_is_named() {
        let error = become_named("no such user").expect_err("unknown");
        assert!(error.message().contains("uid") && error.message().contains("no such user"), "{error}");
    }
}
