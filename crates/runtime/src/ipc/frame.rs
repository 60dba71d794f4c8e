//! Frames on the wire: a length of four bytes, big endian, then JSON.
//!
//! The first frame is read and written before there is an event loop, because it carries the descriptors of the
//! listening sockets; all others go through [`codec`].

use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use tokio_util::codec::LengthDelimitedCodec;

use super::message::{Boot, Message};

/// The largest frame; a longer one is an error of the peer.
pub(crate) const MAX_FRAME: usize = 1 << 20;
/// The longest first frame: it is written before anybody reads, so it has to fit the socket's buffer.
const MAX_BOOT: usize = 1 << 16;
/// How many listening sockets can be handed over.
const MAX_SOCKETS: usize = 16;

/// The framing of everything after the first frame.
pub(crate) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().length_field_length(4).max_frame_length(MAX_FRAME).new_codec()
}

/// Writes the first frame with the listening sockets.
pub(crate) fn send_boot<'a>(
    mut to: &UnixStream,
    boot: &Boot,
    listeners: impl Iterator<Item = &'a TcpListener>,
) -> io::Result<()> {
    let body = serde_json::to_vec(boot)?;
    let fds: Vec<BorrowedFd<'_>> = listeners.map(AsFd::as_fd).collect();
    if body.len() > MAX_BOOT || fds.len() > MAX_SOCKETS {
        return Err(io::Error::other("too many arguments or addresses to hand to a process"));
    }
    let length = (body.len() as u32).to_be_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(io::Error::other("too many addresses to hand to a process"));
    }
    let sent = sendmsg(to, &[IoSlice::new(&length)], &mut control, SendFlags::empty())?;
    to.write_all(&length[sent..])?;
    to.write_all(&body)
}

/// Writes one message where there is no event loop.
pub(crate) fn send_last(mut to: &UnixStream, message: &Message) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    to.write_all(&(body.len() as u32).to_be_bytes())?;
    to.write_all(&body)
}

/// Reads the first frame and not a byte more.
pub(crate) fn receive_boot(mut from: &UnixStream) -> io::Result<(Boot, Vec<TcpListener>)> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = if cfg!(target_os = "linux") { RecvFlags::CMSG_CLOEXEC } else { RecvFlags::empty() };
    let received = recvmsg(from, &mut [IoSliceMut::new(&mut length)], &mut control, flags)?.bytes;
    let mut listeners = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            listeners.extend(fds.map(|fd: OwnedFd| TcpListener::from(fd)));
        }
    }
    from.read_exact(&mut length[received..])?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_BOOT {
        return Err(io::Error::other("the first frame is too long"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((serde_json::from_slice(&body)?, listeners))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::ipc::Parent;

    fn boot() -> Boot {
        Boot {
            role: Role::Web,
            index: 1,
            exe: "/bin/x".into(),
            args: vec!["-a".repeat(5000), "b".to_owned()],
            parent: Parent::Supervisor,
            since: 7,
            serves: Vec::new(),
        }
    }

    #[test]
    fn the_first_frame_carries_arguments_and_open_sockets() {
        let (parent, child) = UnixStream::pair().expect("a pair");
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        send_boot(&parent, &boot(), [&listener].into_iter()).expect("sends");
        (&parent).write_all(b"next").expect("writes");
        let (received, listeners) = receive_boot(&child).expect("receives");
        assert_eq!(received.args, boot().args);
        assert_eq!(listeners[0].local_addr().expect("bound"), listener.local_addr().expect("bound"));
        let mut next = [0; 4];
        (&child).read_exact(&mut next).expect("reads");
        assert_eq!(&next, b"next");
    }

    #[test]
    fn a_broken_first_frame_is_an_error() {
        let of = |bytes: &[u8]| {
            let (parent, child) = UnixStream::pair().expect("a pair");
            (&parent).write_all(bytes).expect("writes");
            drop(parent);
            receive_boot(&child).expect_err("broken")
        };
        of(b"");
        of(b"\0\0");
        of(b"\0\0\0\x10{}");
        of(b"\0\0\0\x02{}");
        of(b"\xff\xff\xff\xff{}");
    }
}
