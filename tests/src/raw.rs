//! Bytes on a socket, for requests that no client would send.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the server did with the bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// A reply with this status; the first one, if there were several.
    Status(u16),
    /// The connection was closed without a reply.
    Closed,
    /// Neither, as long as was waited.
    Silent,
}

impl Answer {
    /// Whether a server may answer so, whatever was sent: anything but a failure of its own, or no end.
    pub fn is_sane(&self) -> bool {
        match self {
            Self::Status(status) => *status < 500,
            Self::Closed => true,
            Self::Silent => false,
        }
    }
}

/// Sends bytes and nothing after them, keeps the connection open, and reads for up to `patience`.
///
/// # Errors
/// When there is no connection.
pub async fn send(port: u16, bytes: &[u8], patience: Duration) -> Result<Answer> {
    send_in_pieces(port, &[bytes], patience).await
}

/// Like [`send`], with a pause between the pieces, so that the server reads them one by one.
///
/// # Errors
/// When there is no connection.
pub async fn send_in_pieces(port: u16, pieces: &[&[u8]], patience: Duration) -> Result<Answer> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.context("no connection")?;
    let (mut reader, mut writer) = stream.into_split();
    let mut reply = Vec::new();
    let read = async {
        let mut piece = [0; 4096];
        loop {
            match reader.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(length) => reply.extend_from_slice(piece.get(..length).unwrap_or_default()),
            }
            // The status is in the first line: no need to wait until the connection is closed.
            if reply.windows(4).any(|end| end == b"\r\n\r\n") {
                return;
            }
        }
    };
    // The server may refuse, and close, before it has read everything: that is no failure.
    let write = async {
        for piece in pieces {
            writer.write_all(piece).await.ok();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        std::future::pending::<()>().await;
    };
    let both = async {
        tokio::select! {
            () = write => {}
            () = read => {}
        }
    };
    let in_time = tokio::time::timeout(patience, both).await.is_ok();
    Ok(match status(&reply) {
        Some(status) => Answer::Status(status),
        None if in_time => Answer::Closed,
        None => Answer::Silent,
    })
}

/// Sends bytes and reads all that comes back until the server closes the connection, for up to `patience`.
///
/// # Errors
/// When there is no connection, or it is not closed in time.
pub async fn text(port: u16, bytes: &[u8], patience: Duration) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.context("no connection")?;
    stream.write_all(bytes).await?;
    let mut reply = Vec::new();
    let ended = tokio::time::timeout(patience, stream.read_to_end(&mut reply)).await;
    ended.context("the connection is not closed")??;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

fn status(reply: &[u8]) -> Option<u16> {
    let line = reply.split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 404 Not Found\r\n\r\n"), Some(404));
        assert_eq!(status(b"HTTP/1.0 200\r\n"), Some(200));
        assert_eq!(status(b"nonsense"), None);
        assert_eq!(status(b""), None);
    }
}
