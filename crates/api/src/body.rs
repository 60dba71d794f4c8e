//! Reading the body of a request, within its bounds.

use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::time::timeout;

/// How much of a body that is too large is still read, so that the client, which writes before it reads,
/// gets to see why it was refused.
const DISCARD: usize = 64 << 20;

/// How long a body that is announced to be too large may stop before that is said.
const LATE: Duration = Duration::from_millis(500);

/// Reads the whole body.
///
/// # Errors
/// `TooLarge` over `limit` bytes; 408 when nothing arrives for `stall`; `Invalid` when it is cut off.
pub(crate) async fn read<B>(mut body: B, headers: &HeaderMap, limit: usize, stall: Duration) -> Result<Bytes>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let declared = body.size_hint().exact();
    if declared.is_some_and(|n| n > limit as u64) && headers.contains_key(header::EXPECT) {
        // The client waits for our word before it sends anything.
        return Err(too_large(limit));
    }
    let announced_too_large = declared.is_some_and(|n| n > limit as u64);
    let patience = if announced_too_large { stall.min(LATE) } else { stall };
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut seen = 0usize;
    let late = || if announced_too_large { too_large(limit) } else { stalled() };
    while let Some(frame) = timeout(patience, body.frame()).await.map_err(|_| late())? {
        let frame = frame.map_err(|e| Error::invalid("the body was cut off").source(e))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > limit {
            first = None;
            rest = BytesMut::new();
            if seen > limit.saturating_add(DISCARD) {
                break;
            }
            continue;
        }
        // A body of one frame, which most are, is not copied.
        match &first {
            None if rest.is_empty() => first = Some(data),
            Some(known) => {
                // What a client declares is only its word: it must not make us take memory beyond the limit.
                let room = declared.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
                rest.reserve(room.min(limit).max(known.len() + data.len()));
                rest.extend_from_slice(known);
                rest.extend_from_slice(&data);
                first = None;
            }
            None => rest.extend_from_slice(&data),
        }
    }
    if seen > limit { Err(too_large(limit)) } else { Ok(first.unwrap_or_else(|| rest.freeze())) }
}

fn too_large(limit: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("cannot process the request, it is too large: the body may have {limit} bytes"),
    )
}

fn stalled() -> Error {
    Error::new(ErrorKind::Timeout, "the body stopped arriving").with_status(408)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    async fn check(pieces: &[&'static str], limit: usize) -> Result<Bytes> {
        let frames: Vec<_> = pieces
            .iter()
            .map(|p| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(p.as_bytes()))))
            .collect();
        let body = StreamBody::new(futures_util::stream::iter(frames));
        read(body, &HeaderMap::new(), limit, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn frames_are_put_together() {
        assert_eq!(check(&["ab", "cd", "e"], 5).await.expect("fits"), "abcde");
        assert_eq!(check(&["ab"], 5).await.expect("fits"), "ab");
        assert_eq!(check(&[], 5).await.expect("fits"), "");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        assert_eq!(check(&["ab", "cd", "ef"], 5).await.expect_err("too large").status(), 413);
    }

    #[tokio::test]
    async fn a_declared_length_takes_no_memory_by_itself() {
        /// Two frames, and a word about ever so many more.
        struct Boasting(Vec<&'static str>);

        impl Body for Boasting {
            type Data = Bytes;
            type Error = std::io::Error;

            fn poll_frame(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<std::io::Result<Frame<Bytes>>>> {
                let piece = self.0.pop();
                std::task::Poll::Ready(piece.map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
            }

            fn size_hint(&self) -> hyper::body::SizeHint {
                hyper::body::SizeHint::with_exact(u64::MAX)
            }
        }

        let body = Boasting(vec!["b", "a"]);
        let read = read(body, &HeaderMap::new(), 5, Duration::from_secs(5)).await;
        assert_eq!(read.expect("fits"), "ab");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up() {
        let body = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
        let error = read(body, &HeaderMap::new(), 5, Duration::from_secs(5)).await.expect_err("stalled");
        assert_eq!(error.status(), 408);
    }
}
