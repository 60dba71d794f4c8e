//! Calls for many messages, and what became of each.

use std::ops::Range;

use aws_sdk_sqs::types::BatchResultErrorEntry;

use super::message::{LIMIT, Outgoing};
use crate::{Error, ErrorKind, Result};

/// The most messages of one call.
pub(super) const MOST: usize = 10;

/// The parts of a list that go together: of at most ten messages that are not too large together.
pub(super) fn parts(messages: &[&Outgoing]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, message) in messages.iter().enumerate() {
        if at > start && (at - start == MOST || size + message.size() > LIMIT) {
            parts.push(start..at);
            (start, size) = (at, 0);
        }
        size += message.size();
    }
    if start < messages.len() {
        parts.push(start..messages.len());
    }
    parts
}

/// What became of a message of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It was done.
    Yes,
    /// The message is no longer the taker's.
    Lost,
}

/// The answer for each message of a call, whose names there are their numbers.
pub(super) fn answers<'a>(
    count: usize,
    done: impl IntoIterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Result<Done>> {
    let silent =
        || Error::new(ErrorKind::Unavailable, "sqs did not answer for a message, please try again later");
    let mut answers: Vec<Result<Done>> = (0..count).map(|_| Err(silent())).collect();
    let mut set = |id: &str, answer: Result<Done>| {
        if let Some(place) = id.parse().ok().and_then(|at: usize| answers.get_mut(at)) {
            *place = answer;
        }
    };
    for id in done {
        set(id, Ok(Done::Yes));
    }
    for entry in failed {
        set(entry.id(), refused(entry));
    }
    answers
}

fn refused(entry: &BatchResultErrorEntry) -> Result<Done> {
    let code = entry.code();
    let is = |name: &str| code.ends_with(name);
    // A time that is over 12 hours in all is one of the parameters.
    if is("MessageNotInflight") || is("ReceiptHandleIsInvalid") || is("InvalidParameterValue") {
        return Ok(Done::Lost);
    }
    let (kind, message) = match entry.sender_fault() {
        true if is("InvalidMessageContents") => (ErrorKind::Invalid, "sqs does not take this message"),
        true if is("BatchRequestTooLong") => (ErrorKind::TooLarge, "the message is too large for sqs"),
        true => (ErrorKind::Internal, "internal error, please try again later"),
        false => (ErrorKind::Unavailable, "sqs cannot do this now, please try again later"),
    };
    Err(Error::new(kind, message).detail(format!("sqs: {code} {}", entry.message().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Message;
    use crate::queue::drivers::envelope::Envelope;

    #[test]
    fn a_call_is_neither_too_long_nor_too_large() {
        let message = |size: usize| {
            Outgoing::new(&"x".repeat(size), &Envelope::of(&Message::new(""), 0), 0).expect("fits")
        };
        let (small, large) = (message(1), message(100_000));
        let of = |all: &[&Outgoing]| parts(all);
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[&small; 21]), vec![0..10_usize, 10..20, 20..21]);
        assert_eq!(of(&[&large, &large, &large, &small]), vec![0..2_usize, 2..4]);
    }

    #[test]
    fn each_message_has_its_own_answer() {
        let entry = |id: &str, code: &str, ours: bool| {
            BatchResultErrorEntry::builder().id(id).code(code).sender_fault(ours).build().expect("complete")
        };
        let failed = [
            entry("0", "InternalError", false),
            entry("2", "AWS.SimpleQueueService.MessageNotInflight", true),
            entry("3", "InvalidMessageContents", true),
        ];
        let kinds: Vec<_> =
            answers(5, ["1"], &failed).into_iter().map(|answer| answer.map_err(|e| e.kind())).collect();
        let expected = [
            Err(ErrorKind::Unavailable),
            Ok(Done::Yes),
            Ok(Done::Lost),
            Err(ErrorKind::Invalid),
            Err(ErrorKind::Unavailable),
        ];
        assert_eq!(kinds, expected);
    }
}
