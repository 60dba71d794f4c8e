//! Finds out whether a server answers in its own protocol: an open port alone proves too little.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// What to say, and what a ready server says back.
pub(super) struct Probe {
    pub(super) send: &'static [u8],
    /// How many bytes of the reply to pass over.
    pub(super) skip: usize,
    pub(super) expect: &'static [u8],
}

/// Whether the server on this port of the loopback answers as it should, within a second.
pub(super) fn answers(port: u16, probe: &Probe) -> bool {
    ask(port, probe).unwrap_or(false)
}

fn ask(port: u16, probe: &Probe) -> std::io::Result<bool> {
    let limit = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(probe.send)?;
    let mut reply = vec![0; probe.skip + probe.expect.len()];
    stream.read_exact(&mut reply)?;
    Ok(reply.get(probe.skip..) == Some(probe.expect))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::{Probe, answers};

    fn check(reply: &'static [u8], expected: bool) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(reply));
        assert_eq!(answers(port, &Probe { send: b"", skip: 2, expect: b"ok" }), expected);
        server.join().unwrap().unwrap();
    }

    #[test]
    fn only_the_right_answer_counts() {
        check(b"  ok and more", true);
        check(b"  no", false);
        check(b" ", false);
    }

    #[test]
    fn a_closed_port_does_not_answer() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(!answers(port, &Probe { send: b"", skip: 0, expect: b"ok" }));
    }
}
