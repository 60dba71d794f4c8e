use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use rand::Rng as _;
use tokio::sync::OnceCell;

use super::options::DynamoDbOptions;
use crate::connect::aws::{Refusal, refusal, repeated};
use crate::schema::Table;
use crate::{Error, ErrorKind, Result};

/// How often a write is sent that the service was too busy for.
const ATTEMPTS: u32 = 8;
/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_millis(1000);

/// The way to the service; made at the first call.
pub(super) struct Connection {
    /// The settings of the pool.
    pub(super) options: DynamoDbOptions,
    clients: OnceCell<Clients>,
    closed: AtomicBool,
}

/// Two clients over the same connections.
#[derive(Clone)]
struct Clients {
    /// Sends again what may be sent twice.
    repeating: Client,
    /// Sends everything once.
    single: Client,
}

impl Connection {
    /// A connection that is not made yet.
    pub(super) fn new(options: DynamoDbOptions) -> Arc<Self> {
        Arc::new(Self { options, clients: OnceCell::new(), closed: AtomicBool::new(false) })
    }

    /// The client for reads, and for writes with a token: calls are repeated when their outcome is unknown.
    ///
    /// # Errors
    /// `Unavailable` when region and credentials cannot be looked up, and once it was closed.
    pub(super) async fn repeating(&self) -> Result<&Client> {
        Ok(&self.clients().await?.repeating)
    }

    /// The client for writes: no call is repeated.
    ///
    /// # Errors
    /// As [`repeating`](Self::repeating).
    pub(super) async fn single(&self) -> Result<&Client> {
        Ok(&self.clients().await?.single)
    }

    /// Refuses further calls, as pools of other products do; those in progress end by themselves.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    async fn clients(&self) -> Result<&Clients> {
        if self.closed.load(Ordering::Relaxed) {
            let message = "the database is not available, please try again later";
            return Err(Error::new(ErrorKind::Unavailable, message).detail("the pool was closed"));
        }
        let load = || async {
            let config = self.options.aws().load().await?;
            let single = Client::new(&config);
            let repeating = config.into_builder().retry_config(repeated()).build();
            Ok(Clients { repeating: Client::new(&repeating), single })
        };
        self.clients.get_or_try_init(load).await
    }

    /// What a table is called in the service.
    pub(super) fn table_name(&self, table: &Table) -> String {
        format!("{}{}", self.options.prefix, table.name)
    }
}

/// Sends a write again while the service says that it was too busy, which means that nothing was done.
///
/// # Errors
/// That of the last attempt.
pub(super) async fn unless_busy<T, E, R, F>(send: impl Fn() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    let mut attempt = 0;
    loop {
        match send().await {
            Err(error) if attempt < ATTEMPTS && matches!(refusal(&error), Refusal::Throttled) => {
                pause(attempt + 3).await;
            }
            done => return done,
        }
        attempt += 1;
    }
}

/// Waits before a further attempt, longer each time, by chance up to 2 ms, 4 ms, 8 ms and so on.
pub(super) async fn pause(attempt: u32) {
    let most = Duration::from_millis(2 << attempt.min(16)).min(MAX_PAUSE);
    let part = rand::rng().random_range(0.0..1.0);
    tokio::time::sleep(most.mul_f64(part)).await;
}
