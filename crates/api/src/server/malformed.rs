//! Replies to what is no HTTP.
//!
//! hyper answers requests that it cannot read by itself, with a status and no body, before there is a request
//! that could be handed on, and has no hook for that. Clients of this server are promised JSON with every error:
//! this layer between hyper and the socket knows that one reply by its bytes and puts ours in its place.

use std::io::{IoSlice, Result};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

/// What every reply of hyper's own holds behind its status line, its date apart.
const BARE: &[u8] = b"connection: close\r\ncontent-length: 0\r\ndate: ";
/// How long such a reply can be.
const LENGTHS: Range<usize> = 90..160;

/// A connection on which replies without a body to malformed requests get one.
pub(super) struct Explaining<S> {
    io: S,
    /// Nothing has been written since bytes were read. What follows then is the beginning of a reply, not the
    /// rest of a body that happens to look like one.
    fresh: bool,
    /// What is written in place of the reply at hand.
    instead: Option<Bytes>,
}

impl<S> Explaining<S> {
    pub(super) fn new(io: S) -> Self {
        Self { io, fresh: true, instead: None }
    }
}

impl<S: Read + Unpin> Read for Explaining<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<Result<()>> {
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        self.fresh = true;
        Poll::Ready(read)
    }
}

impl<S: Write + Unpin> Explaining<S> {
    /// Writes what stands in place of `reply`, to the end.
    fn poll_instead(&mut self, cx: &mut Context<'_>, reply: &[u8]) -> Poll<Result<usize>> {
        while let Some(left) = self.instead.as_mut().filter(|left| left.has_remaining()) {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, left))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            left.advance(written);
        }
        self.instead = None;
        self.fresh = false;
        Poll::Ready(Ok(reply.len()))
    }

    /// Whether something else is written than `piece`.
    fn replaces(&mut self, piece: &[u8]) -> bool {
        if self.instead.is_none() && self.fresh {
            self.instead = explained(piece);
        }
        self.instead.is_some()
    }
}

impl<S: Write + Unpin> Write for Explaining<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if self.replaces(buf) {
            return self.poll_instead(cx, buf);
        }
        self.fresh = false;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        if let [one] = bufs
            && self.replaces(one)
        {
            return self.poll_instead(cx, one);
        }
        self.fresh = false;
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Our reply in place of one of hyper's own; none in place of any other.
fn explained(reply: &[u8]) -> Option<Bytes> {
    if !LENGTHS.contains(&reply.len()) || !reply.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let text = std::str::from_utf8(reply).ok()?;
    let (line, rest) = text.split_once("\r\n")?;
    let date = rest.as_bytes().strip_prefix(BARE)?;
    let date = std::str::from_utf8(date).ok()?.strip_suffix("\r\n\r\n")?;
    let (status, message) = match line.get(9..12)? {
        "400" => (400, "the request is malformed"),
        "414" => (414, "the address is too long"),
        "431" => (431, "the head of the request is too long"),
        _ => return None,
    };
    let body = format!(r#"{{"status":{status},"message":"{message}"}}"#);
    let length = body.len();
    let head = format!(
        "{line}\r\nconnection: close\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
         content-length: {length}\r\ndate: {date}\r\n\r\n"
    );
    Some((head + &body).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_reply_of_hypers_own_is_replaced() {
        let bare = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
                    date: Sat, 22 Nov 2025 01:00:00 GMT\r\n\r\n";
        let ours = explained(bare.as_bytes()).expect("a reply");
        let ours = std::str::from_utf8(&ours).expect("text");
        assert!(
            ours.ends_with("\r\n\r\n{\"status\":400,\"message\":\"the request is malformed\"}"),
            "{ours}"
        );
        assert!(ours.contains("content-length: 51\r\ndate: Sat, 22 Nov 2025 01:00:00 GMT\r\n"), "{ours}");
        for other in [
            bare.replace("content-length: 0", "content-length: 7"),
            bare.replace("connection: close\r\n", ""),
            bare.replace("400 Bad Request", "200 OK"),
            bare.replace("\r\n\r\n", "\r\n"),
            format!("{bare}{bare}"),
            format!("x{bare}"),
        ] {
            assert!(explained(other.as_bytes()).is_none(), "{other}");
        }
    }
}
