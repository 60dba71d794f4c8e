//! A DNS server that knows a few TXT records.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A DNS server on a port of the loopback, until it is dropped. It answers what is asked about TXT records.
#[derive(Debug)]
pub struct Dns {
    /// Where it listens.
    pub address: SocketAddr,
    records: Arc<Mutex<Vec<(String, String)>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    /// Starts a server with these records: name and text, at most 255 bytes, good for one second.
    ///
    /// # Errors
    /// When there is no port for it.
    pub fn start(records: &[(&str, &str)]) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").context("no port for a DNS server")?;
        // How long it takes to see that it is over.
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let address = socket.local_addr()?;
        let records = Arc::new(Mutex::new(owned(records)));
        let ended = Arc::new(AtomicBool::new(false));
        let (known, over) = (records.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            let mut question = [0; 1500];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut question) else { continue };
                let known = known.lock().map(|known| known.clone()).unwrap_or_default();
                if let Some(reply) = answer(&question[..length], &known) {
                    socket.send_to(&reply, from).ok();
                }
            }
        });
        Ok(Self { address, records, ended, thread: Some(thread) })
    }

    /// Puts other records in the place of all that it knows.
    pub fn set(&self, records: &[(&str, &str)]) {
        if let Ok(mut known) = self.records.lock() {
            *known = owned(records);
        }
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn owned(records: &[(&str, &str)]) -> Vec<(String, String)> {
    records.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The reply to a question about one name: its records, or that there is none (RFC 1035, section 4).
fn answer(question: &[u8], records: &[(String, String)]) -> Option<Vec<u8>> {
    let (mut at, mut name) = (12, Vec::new());
    loop {
        let length = usize::from(*question.get(at)?);
        if length == 0 {
            break;
        }
        name.push(String::from_utf8_lossy(question.get(at + 1..at + 1 + length)?).to_lowercase());
        at += 1 + length;
    }
    let asked = question.get(12..at + 5)?;
    let name = name.join(".");
    let texts: Vec<&String> = records.iter().filter(|(n, _)| *n == name).map(|(_, text)| text).collect();
    let refusal = if texts.is_empty() { 3 } else { 0 };
    let mut reply = question.get(..2)?.to_vec();
    reply.extend([0x81, 0x80 | refusal, 0, 1, 0, u8::try_from(texts.len()).ok()?, 0, 0, 0, 0]);
    reply.extend(asked);
    for text in texts {
        let length = u8::try_from(text.len()).ok()?;
        // The name of the question, TXT, IN, one second.
        reply.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 1]);
        reply.extend((u16::from(length) + 1).to_be_bytes());
        reply.push(length);
        reply.extend(text.as_bytes());
    }
    Some(reply)
}
