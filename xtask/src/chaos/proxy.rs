//! The way to a server, which can be cut.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A port of the loopback whose connections are passed on to another one.
pub(super) struct Proxy {
    port: u16,
    to: u16,
    door: Option<Door>,
}

/// The port while it is open.
struct Door {
    closed: Arc<AtomicBool>,
    /// Both ends of every connection, to be able to end them.
    ends: Arc<Mutex<Vec<TcpStream>>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Passes the connections to a port of its own on to the port `to`.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) fn new(to: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok(Self { port, to, door: Some(Door::open(listener, to)) })
    }

    /// The port to connect to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections, with what is on its way in them, and refuses new ones.
    pub(super) fn cut(&mut self) {
        if let Some(door) = self.door.take() {
            door.close(self.port);
        }
    }

    /// Takes connections again.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub(super) fn mend(&mut self) -> io::Result<()> {
        self.cut();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        self.door = Some(Door::open(listener, self.to));
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Door {
    fn open(listener: TcpListener, to: u16) -> Self {
        let closed = Arc::new(AtomicBool::new(false));
        let ends = Arc::new(Mutex::new(Vec::new()));
        let accepting = thread::spawn({
            let (closed, ends) = (closed.clone(), ends.clone());
            move || {
                for caller in listener.incoming() {
                    if closed.load(Ordering::SeqCst) {
                        break;
                    }
                    // Without a server behind it, the connection ends at once.
                    let _ = caller.and_then(|caller| connect(caller, to, &ends));
                }
            }
        });
        Self { closed, ends, accepting }
    }

    fn close(self, port: u16) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the one that accepts.
        let _ = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let _ = self.accepting.join();
        for end in self.ends.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// Passes on what both sides say until one of them ends.
fn connect(caller: TcpStream, to: u16, ends: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let server = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, to)))?;
    caller.set_nodelay(true)?;
    server.set_nodelay(true)?;
    for (from, to) in [(&caller, &server), (&server, &caller)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    ends.lock().unwrap_or_else(PoisonError::into_inner).extend([caller, server]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::Proxy;

    /// Says back what it is told, to every caller.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for caller in listener.incoming() {
                let caller = caller.unwrap();
                std::thread::spawn(move || std::io::copy(&mut &caller, &mut &caller));
            }
        });
        port
    }

    fn call(port: u16) -> std::io::Result<TcpStream> {
        let mut caller = TcpStream::connect(("127.0.0.1", port))?;
        caller.write_all(b"hello")?;
        let mut said = [0; 5];
        caller.read_exact(&mut said)?;
        assert_eq!(&said, b"hello");
        Ok(caller)
    }

    #[test]
    fn a_cut_ends_connections_and_refuses_new_ones_until_it_is_mended() {
        let mut proxy = Proxy::new(echo()).unwrap();
        let mut caller = call(proxy.port()).unwrap();
        proxy.cut();
        assert!(matches!(caller.read(&mut [0; 1]), Ok(0) | Err(_)), "the connection lives");
        assert!(call(proxy.port()).is_err(), "a new one was taken");
        proxy.mend().unwrap();
        call(proxy.port()).unwrap();
    }
}
