//! The calls of the service.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Mutex, OnceCell};

use super::batch::{Done, MOST, answers, parts};
use super::message::{ENCODING, ENVELOPE, Incoming, Outgoing, seconds};
use super::options::SqsOptions;
use crate::connect::aws::{self, repeated};
use crate::{Error, ErrorKind, Result};

/// Calls at once of one batch.
const AT_ONCE: usize = 8;

/// The longest that the service keeps a message.
const LONGEST_KEPT: u64 = 14 * 86_400;

/// The queues that a queue consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What can be taken.
    Main,
    /// What was given up.
    Dead,
}

/// The way to the service; made at the first call.
pub(super) struct Service {
    pub(super) options: SqsOptions,
    clients: OnceCell<Clients>,
    /// The addresses of the two queues, once they are known.
    main: Mutex<Option<String>>,
    dead: Mutex<Option<String>>,
}

/// Two clients over the same connections.
struct Clients {
    /// Sends again what may be sent twice.
    repeating: Client,
    /// Sends everything once.
    single: Client,
}

impl Service {
    pub(super) fn new(options: SqsOptions) -> Self {
        let main = Mutex::new(options.url.clone());
        Self { options, clients: OnceCell::new(), main, dead: Mutex::default() }
    }

    async fn clients(&self) -> Result<&Clients> {
        let load = || async {
            let config = self.options.aws().load().await?;
            let single = Client::new(&config);
            let repeating = config.into_builder().retry_config(repeated()).build();
            Ok(Clients { repeating: Client::new(&repeating), single })
        };
        self.clients.get_or_try_init(load).await
    }

    fn known(&self, place: Place) -> &Mutex<Option<String>> {
        match place {
            Place::Main => &self.main,
            Place::Dead => &self.dead,
        }
    }

    /// The address of a queue, which is made if it is not there.
    async fn url(&self, place: Place) -> Result<String> {
        let mut known = self.known(place).lock().await;
        if let Some(url) = &*known {
            return Ok(url.clone());
        }
        let url = match self.find(place).await? {
            Some(url) => url,
            None if self.options.create => self.create(place).await?,
            None => {
                let name = self.name(place);
                return Err(Error::not_found(format!(
                    "there is no queue {name} in sqs, and it must not be made"
                )));
            }
        };
        Ok(known.insert(url).clone())
    }

    fn name(&self, place: Place) -> String {
        match place {
            Place::Main => self.options.name.clone(),
            Place::Dead => format!("{}_dead", self.options.name),
        }
    }

    async fn find(&self, place: Place) -> Result<Option<String>> {
        let asked = self.clients().await?.repeating.get_queue_url().queue_name(self.name(place));
        match asked.set_queue_owner_aws_account_id(self.options.account.clone()).send().await {
            Ok(found) => Ok(found.queue_url),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(aws::error(error, false)),
        }
    }

    async fn create(&self, place: Place) -> Result<String> {
        let (kept, hidden) = match place {
            Place::Main => (LONGEST_KEPT, self.options.visibility),
            Place::Dead => {
                (self.options.keep_failed.as_secs().clamp(60, LONGEST_KEPT), Duration::from_secs(30))
            }
        };
        let made = self.clients().await?.repeating.create_queue().queue_name(self.name(place));
        let made = made
            .attributes(QueueAttributeName::MessageRetentionPeriod, kept.to_string())
            .attributes(QueueAttributeName::VisibilityTimeout, seconds(hidden).to_string());
        match made.send().await {
            Ok(made) => made.queue_url.ok_or_else(|| Error::internal("sqs: a queue without an address")),
            // Somebody has made it meanwhile, with other times.
            Err(error)
                if code(&error).ends_with("QueueAlreadyExists")
                    || code(&error).ends_with("QueueNameExists") =>
            {
                self.find(place).await?.ok_or_else(busy)
            }
            Err(error) if code(&error).ends_with("QueueDeletedRecently") => Err(busy().source(error)),
            Err(error) => Err(aws::error(error, false)),
        }
    }

    /// What a failed call means; the address of a queue that is not there is looked up anew the next time.
    async fn failed<E, R>(&self, place: Place, error: SdkError<E, R>, writes: bool) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        if !is_missing(&error) {
            return aws::error(error, writes);
        }
        if place == Place::Dead || self.options.url.is_none() {
            *self.known(place).lock().await = None;
        }
        busy().source(error)
    }

    /// Sends messages; what became of each, in order.
    pub(super) async fn send(&self, place: Place, messages: &[&Outgoing]) -> Vec<Result<()>> {
        let sent = stream::iter(parts(messages)).map(|part| self.send_part(place, &messages[part]));
        let sent: Vec<Vec<Result<Done>>> = sent.buffered(AT_ONCE).collect().await;
        sent.into_iter().flatten().map(|one| one.map(drop)).collect()
    }

    async fn send_part(&self, place: Place, messages: &[&Outgoing]) -> Vec<Result<Done>> {
        let work = async {
            let url = self.url(place).await?;
            let entries = messages.iter().enumerate().map(|(at, message)| {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .message_body(&message.body)
                    .delay_seconds(message.delay)
                    .set_message_attributes(Some(message.attributes()?.into_iter().collect()));
                entry.build().map_err(incomplete)
            });
            let entries = entries.collect::<Result<Vec<_>>>()?;
            let call = self.clients().await?.single.send_message_batch().queue_url(url);
            match call.set_entries(Some(entries)).send().await {
                Ok(done) => {
                    let ids = done.successful().iter().map(|one| one.id());
                    Ok(answers(messages.len(), ids, done.failed()))
                }
                Err(error) => Err(self.failed(place, error, true).await),
            }
        };
        each(messages.len(), work.await)
    }

    /// What is there now, or comes within whole seconds: at most ten.
    pub(super) async fn receive(
        &self,
        max: usize,
        visibility: Duration,
        wait: Duration,
    ) -> Result<Vec<Incoming>> {
        let url = self.url(Place::Main).await?;
        // Not sent again when it is not known whether it arrived: what it found is hidden.
        let call = self.clients().await?.single.receive_message().queue_url(url);
        let call = call
            .max_number_of_messages(i32::try_from(max.clamp(1, MOST)).unwrap_or(1))
            .visibility_timeout(seconds(visibility))
            .wait_time_seconds(seconds(wait))
            .message_attribute_names(ENVELOPE)
            .message_attribute_names(ENCODING)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        match call.send().await {
            Ok(found) => Ok(found
                .messages()
                .iter()
                .map(|native| Incoming::of(native, self.options.attempts))
                .collect()),
            Err(error) => Err(self.failed(Place::Main, error, false).await),
        }
    }

    /// Removes messages that were taken.
    pub(super) async fn delete(&self, handles: Vec<String>) -> Vec<Result<Done>> {
        let done = stream::iter(in_calls(handles))
            .map(|part| async move { each(part.len(), self.delete_part(part).await) });
        let done: Vec<Vec<Result<Done>>> = done.buffered(AT_ONCE).collect().await;
        done.into_iter().flatten().collect()
    }

    async fn delete_part(&self, part: Vec<String>) -> Result<Vec<Result<Done>>> {
        let count = part.len();
        let entries = part.into_iter().enumerate().map(|(at, handle)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(handle).build().map_err(incomplete)
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        let url = self.url(Place::Main).await?;
        let call = self.clients().await?.repeating.delete_message_batch().queue_url(url);
        match call.set_entries(Some(entries)).send().await {
            Ok(done) => Ok(answers(count, done.successful().iter().map(|one| one.id()), done.failed())),
            Err(error) => Err(self.failed(Place::Main, error, true).await),
        }
    }

    /// Hides messages that were taken for so much longer from now on.
    pub(super) async fn hide(&self, hidden: Vec<(String, Duration)>) -> Vec<Result<Done>> {
        let done = stream::iter(in_calls(hidden))
            .map(|part| async move { each(part.len(), self.hide_part(part).await) });
        let done: Vec<Vec<Result<Done>>> = done.buffered(AT_ONCE).collect().await;
        done.into_iter().flatten().collect()
    }

    async fn hide_part(&self, part: Vec<(String, Duration)>) -> Result<Vec<Result<Done>>> {
        let count = part.len();
        let entries = part.into_iter().enumerate().map(|(at, (handle, time))| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(handle).visibility_timeout(seconds(time)).build().map_err(incomplete)
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        let url = self.url(Place::Main).await?;
        let call = self.clients().await?.repeating.change_message_visibility_batch().queue_url(url);
        match call.set_entries(Some(entries)).send().await {
            Ok(done) => Ok(answers(count, done.successful().iter().map(|one| one.id()), done.failed())),
            Err(error) => Err(self.failed(Place::Main, error, true).await),
        }
    }

    /// How many messages of a queue wait, are hidden, and are delayed; the service counts roughly.
    pub(super) async fn counts(&self, place: Place) -> Result<[u64; 3]> {
        const NAMES: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let url = self.url(place).await?;
        let call = self.clients().await?.repeating.get_queue_attributes().queue_url(url);
        match call.set_attribute_names(Some(NAMES.to_vec())).send().await {
            Ok(found) => {
                let count = |name| found.attributes()?.get(&name)?.parse().ok();
                Ok(NAMES.map(|name| count(name).unwrap_or_default()))
            }
            Err(error) => Err(self.failed(place, error, false).await),
        }
    }

    /// Removes what is in a queue, if that is there.
    pub(super) async fn purge(&self, place: Place) -> Result<()> {
        let known = self.known(place).lock().await.clone();
        let url = match known {
            Some(url) => url,
            None => match self.find(place).await? {
                Some(url) => url,
                None => return Ok(()),
            },
        };
        match self.clients().await?.repeating.purge_queue().queue_url(url).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error).ends_with("PurgeQueueInProgress") => {
                let message = "the queue was purged less than a minute ago, please try again later";
                Err(Error::new(ErrorKind::OverCapacity, message).source(error))
            }
            Err(error) => Err(self.failed(place, error, true).await),
        }
    }
}

/// As many as a call takes, and so on.
fn in_calls<T>(all: Vec<T>) -> Vec<Vec<T>> {
    let mut all = all.into_iter();
    std::iter::from_fn(|| Some(all.by_ref().take(MOST).collect::<Vec<_>>()).filter(|part| !part.is_empty()))
        .collect()
}

/// The answers of a call, or its error for each.
fn each(count: usize, done: Result<Vec<Result<Done>>>) -> Vec<Result<Done>> {
    done.unwrap_or_else(|error| (0..count).map(|_| Err(error.duplicate())).collect())
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    match error {
        SdkError::ServiceError(failure) => failure.err().meta().code().unwrap_or_default(),
        _ => "",
    }
}

/// There is no such queue, in either of the service's spellings.
fn is_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let code = code(error);
    code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue")
}

fn busy() -> Error {
    Error::new(ErrorKind::Unavailable, "the queue is not there in sqs now, please try again later")
}

fn incomplete(error: aws_sdk_sqs::error::BuildError) -> Error {
    Error::internal("sqs: a call without a part").source(error)
}
