//! Waiting for conditions.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks again and again until the answer is there.
///
/// `what` completes the sentence "timed out waiting for ...".
///
/// # Errors
/// When there is no answer within `limit`.
pub async fn until<T, F>(limit: Duration, what: &str, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if begun.elapsed() > limit {
            bail!("timed out after {} ms waiting for {what}", begun.elapsed().as_millis());
        }
        // Only a pause between two questions: no test counts on its length.
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
