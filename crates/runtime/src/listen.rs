//! The listening sockets: opened once by the server process and handed to every web process.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};

use crate::RuntimeParams;

/// The file of `var/` that tells the shell where the server listens.
const ADDRESS: &str = "server.address";
const PATIENCE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(25);

/// What is served on a listening socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serves {
    /// Requests of HTTP.
    pub http: bool,
    /// WebSockets.
    pub websockets: bool,
    /// All of it over TLS.
    pub tls: bool,
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    /// The socket, non-blocking.
    pub socket: TcpListener,
    /// What is served on it.
    pub serves: Serves,
}

/// The listening sockets of a server process, shared by what starts its children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets(Arc<Mutex<Vec<Listener>>>);

impl Sockets {
    /// Has the system take no new connection in, so that none is there to be reset when the last copy is closed.
    ///
    /// For all processes that have a copy. Those that wait can still be accepted. Whoever tries to connect now tries
    /// again after a second, and finds the next server or a closed port.
    pub(crate) fn turn_away(&self) {
        self.with(|listeners| listeners.iter().for_each(|listener| turn_away(&listener.socket)));
    }

    /// Closes this process's copies.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Further copies, to be served in this process.
    ///
    /// # Errors
    /// `Unavailable` when the system has no descriptor left.
    pub(crate) fn copies(&self) -> Result<Vec<Listener>> {
        let copy = |Listener { socket, serves }: &Listener| {
            Ok(Listener { socket: socket.try_clone()?, serves: *serves })
        };
        let copies: io::Result<Vec<_>> = self.with(|listeners| listeners.iter().map(copy).collect());
        copies.map_err(|e| Error::new(ErrorKind::Unavailable, "cannot copy a listening socket").source(e))
    }

    /// Uses the sockets that are still open.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&[Listener]) -> T) -> T {
        act(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An address to listen on, and the parameters that say so.
#[derive(Clone, Copy, Debug)]
struct Place {
    address: SocketAddr,
    serves: Serves,
    names: [&'static str; 2],
}

/// Where the parameters have a server listen. WebSockets on a port of their own are not encrypted.
fn places(params: &RuntimeParams) -> Vec<Place> {
    let on = |port| params.ws_port == port;
    let http = Place {
        address: SocketAddr::new(params.bind, params.port),
        serves: Serves { http: true, websockets: on(params.port), tls: false },
        names: ["-port", "-bind"],
    };
    let mut places = vec![http];
    if params.ssl_port != 0 {
        places.push(Place {
            address: SocketAddr::new(params.ssl_bind, params.ssl_port),
            serves: Serves { http: true, websockets: on(params.ssl_port), tls: true },
            names: ["-ssl-port", "-ssl-bind"],
        });
    }
    if params.ws_port != 0 && !places.iter().any(|place| place.serves.websockets) {
        places.push(Place {
            address: SocketAddr::new(params.ws_bind, params.ws_port),
            serves: Serves { http: false, websockets: true, tls: false },
            names: ["-ws-port", "-ws-bind"],
        });
    }
    places
}

/// Opens the listening sockets of the parameters, non-blocking.
///
/// A busy port is tried again for a second: after the death of a server its web processes need a moment
/// to let go of the port.
///
/// # Errors
/// `Unavailable` naming the address and port.
pub(crate) async fn open(params: &RuntimeParams, var: &Path) -> Result<Sockets> {
    let mut listeners = Vec::new();
    for place in places(params) {
        let socket = patiently(place.address, params.backlog).await.map_err(|e| refused(place, e))?;
        listeners.push(Listener { socket, serves: place.serves });
    }
    // Only the shell misses it.
    if let Err(error) = std::fs::write(var.join(ADDRESS), params.reachable().to_string()) {
        tracing::warn!(%error, "cannot note where this home listens");
    }
    Ok(Sockets(Arc::new(Mutex::new(listeners))))
}

/// Where the server of a home listens, or listened last; none when it never did.
pub fn listens_at(var: &Path) -> Option<SocketAddr> {
    std::fs::read_to_string(var.join(ADDRESS)).ok()?.trim().parse().ok()
}

async fn patiently(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match listen(address, backlog) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && tokio::time::Instant::now() < until => {
                tokio::time::sleep(AGAIN).await;
            }
            result => return result,
        }
    }
}

fn listen(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if let IpAddr::V6(ip) = address.ip() {
        // The unspecified address stands for every address of the machine, IPv4 included.
        socket.set_only_v6(!ip.is_unspecified())?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::from(backlog))?;
    // A blocking listener would hang the event loop of the web process that inherits it.
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Drops the first packet of each new connection; see [`Sockets::turn_away`].
#[cfg(target_os = "linux")]
fn turn_away(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};
    // A program for the kernel: the flags of the TCP header, without all but SYN and ACK; SYN alone is dropped.
    let filter = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x54, 0, 0, 0x12),
        SockFilter::new(0x15, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&filter) {
        tracing::debug!(%error, "new connections may be reset while the port is being closed");
    }
}

/// Elsewhere a connection made in the last moment may be reset.
#[cfg(not(target_os = "linux"))]
fn turn_away(_listener: &TcpListener) {}

fn refused(Place { address, names: [set_port, set_bind], .. }: Place, error: io::Error) -> Error {
    let (ip, port) = (address.ip(), address.port());
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} is in use on {ip}: stop the other process or set {set_port}")
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port}: not permitted to bind: set {set_port} to 1024 or more")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("port {port}: cannot bind to {ip}: not an address of this machine, set {set_bind}")
        }
        _ => format!("port {port}: cannot bind to {ip}: {error}"),
    };
    Error::new(ErrorKind::Unavailable, message).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websockets_share_a_port_or_have_their_own() {
        let serves = |ws_port, ssl_port| {
            let params = RuntimeParams { port: 8000, ws_port, ssl_port, ..Default::default() };
            let served = |place: &Place| {
                let Serves { http, websockets, tls } = place.serves;
                (place.address.port(), [http, websockets, tls].map(u8::from))
            };
            places(&params).iter().map(served).collect::<Vec<_>>()
        };
        assert_eq!(serves(0, 0), [(8000, [1, 0, 0])]);
        assert_eq!(serves(8000, 443), [(8000, [1, 1, 0]), (443, [1, 0, 1])]);
        assert_eq!(serves(443, 443), [(8000, [1, 0, 0]), (443, [1, 1, 1])]);
        assert_eq!(serves(8001, 0), [(8000, [1, 0, 0]), (8001, [0, 1, 0])]);
    }

    #[tokio::test]
    async fn a_busy_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("binds");
        let port = taken.local_addr().expect("bound").port();
        let bind = std::net::Ipv4Addr::LOCALHOST.into();
        let params = RuntimeParams { port, bind, ssl_port: 0, ..Default::default() };
        let var = tempfile::tempdir().expect("a folder");
        let error = open(&params, var.path()).await.expect_err("busy");
        assert_eq!(listens_at(var.path()), None);
        assert!(error.message().contains(&port.to_string()), "{error}");
        assert!(error.message().contains("in use"), "{error}");
    }

    #[tokio::test]
    async fn where_a_home_listens_is_noted() {
        let var = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("binds").port();
        let bind = std::net::Ipv4Addr::UNSPECIFIED.into();
        let _open = open(&RuntimeParams { port, bind, ssl_port: 0, ..Default::default() }, var.path())
            .await
            .expect("listens");
        assert_eq!(listens_at(var.path()), Some(SocketAddr::from(([127, 0, 0, 1], port))));
    }

    /// Whether a new connection is made; on the loopback that is decided before the call returns.
    #[cfg(target_os = "linux")]
    fn connects(to: SocketAddr, listener: &TcpListener) -> bool {
        let client = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
        client.set_nonblocking(true).expect("a socket");
        let _ = client.connect(&to.into());
        listener.accept().is_ok()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn whoever_comes_too_late_is_not_connected_and_whoever_waits_is() {
        let listener = listen("127.0.0.1:0".parse().expect("an address"), 16).expect("binds");
        let address = listener.local_addr().expect("bound");
        let copy = listener.try_clone().expect("copies");
        assert!(connects(address, &listener));
        let mut waits = std::net::TcpStream::connect(address).expect("connects");
        let sockets =
            Sockets(Arc::new(Mutex::new(vec![Listener { socket: copy, serves: Serves::default() }])));
        sockets.turn_away();
        let (mut accepted, _) = listener.accept().expect("was connected before");
        assert!(!connects(address, &listener));
        // What the connections carry still comes through.
        io::Write::write_all(&mut waits, b"x").expect("writes");
        io::Read::read_exact(&mut accepted, &mut [0]).expect("reads");
    }
}
