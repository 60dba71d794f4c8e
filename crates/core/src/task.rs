//! Tasks with a name: the one place where work is started in the background.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

/// Starts a task that is known by `name`; a panic in it is logged with that name and survived.
///
/// Returns the task's handle. Dropping the handle does not stop the task.
#[allow(clippy::disallowed_methods)] // the one place the ban points to
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<Option<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(async move {
        match AssertUnwindSafe(future).catch_unwind().await {
            Ok(output) => Some(output),
            Err(panic) => {
                let error = panic_text(panic.as_ref());
                tracing::error!(task = name, error, "task panicked");
                None
            }
        }
    })
}

/// The text of a caught panic.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown panic")
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_panic_in_a_task_is_survived() {
        assert_eq!(super::spawn("broken", async { panic!("on purpose") }).await.expect("joins"), None::<()>);
        assert_eq!(super::spawn("fine", async { 7 }).await.expect("joins"), Some(7));
    }
}
