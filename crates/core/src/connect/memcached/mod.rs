//! memcached: one server, or several among which the keys are spread.
//!
//! # Addresses
//!
//! | form | meaning |
//! | --- | --- |
//! | `memcache://host[:port]` | one server; the port is 11211 |
//! | `memcache://host[:port],host[:port]` | several; every client has to name the same ones, in any order |
//!
//! `memcached://` is the same. Servers are reached over TCP and IPv4, without TLS and without a password: that is for a
//! network of one's own.
//!
//! # How it works
//!
//! Each key belongs to one server, by rendezvous hashing: when a server is added or taken away, only the keys that come
//! to it or were its own change places. A server that is away is not stood in for, as two clients that are not of one
//! mind about it would no longer see what the other one writes: calls about its keys fail until it is back.
//!
//! A connection carries one call at a time, so that each server has up to `max` of them. One that was idle is tried
//! before it is used. After a failure to connect, further calls fail at once for half a second.

mod client;
mod error;
mod options;
mod ring;

pub use client::{Found, MemcachedClient, Mode};
pub use options::MemcachedOptions;
