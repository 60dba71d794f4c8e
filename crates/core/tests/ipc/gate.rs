//! A way to a server that can be closed: what a client sees of a server that dies and comes back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bkjs_core::task;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::check::{Checked, Problem, until};

/// Passes connections on to a server while it is open.
pub(crate) struct Gate {
    server: String,
    address: SocketAddr,
    /// The tasks that pass something on.
    open: Arc<Mutex<Vec<JoinHandle<Option<()>>>>>,
}

impl Gate {
    /// An open gate before the server of a URL, and the URL through it.
    pub(crate) async fn before(url: &str) -> Checked<(Self, String)> {
        let (_, rest) = url.split_once("://").ok_or_else(|| Problem::new("not a url"))?;
        let rest = rest.split(['/', '?']).next().unwrap_or(rest);
        let server = rest.rsplit('@').next().unwrap_or(rest).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gate = Self { server, address: listener.local_addr()?, open: Arc::default() };
        gate.serve(listener);
        let url = url.replace(&gate.server, &gate.address.to_string());
        Ok((gate, url))
    }

    /// Ends all connections and lets none through.
    pub(crate) async fn close(&self) -> Checked {
        let tasks = std::mem::take(&mut *self.tasks());
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        Ok(())
    }

    /// Lets connections through again, at the same address.
    pub(crate) async fn open(&self) -> Checked {
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(self.address)?;
            socket.listen(64)
        };
        let listener = Mutex::new(None);
        until("the gate is open", async || {
            let bound = bind().ok();
            let done = bound.is_some();
            *listener.lock().unwrap_or_else(PoisonError::into_inner) = bound;
            Ok(done)
        })
        .await?;
        let listener = listener.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.serve(listener.ok_or_else(|| Problem::new("no listener"))?);
        Ok(())
    }

    fn serve(&self, listener: TcpListener) {
        let (server, open) = (self.server.clone(), self.open.clone());
        let accept = task::spawn("gate", async move {
            while let Ok((near, _)) = listener.accept().await {
                let server = server.clone();
                let pass = task::spawn("gate", async move { drop(pass(near, &server).await) });
                open.lock().unwrap_or_else(PoisonError::into_inner).push(pass);
            }
        });
        self.tasks().push(accept);
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<Option<()>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(mut near: TcpStream, server: &str) -> std::io::Result<()> {
    let mut far = TcpStream::connect(server).await?;
    tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.tasks().iter().for_each(JoinHandle::abort);
    }
}
