//! Objects as files in a folder of this host, which several hosts may mount.
//!
//! An object is written to a draft, synced to disk, and renamed to its place, so that it is there as a whole or not at
//! all. Drafts are in the folder `.drafts` of the root; those of processes that died are removed after an hour.
//!
//! Folders are entered one by one from the root, and no link is followed: not even somebody who can make links in the
//! folder makes the server read or write outside of it.

mod draft;
mod driver;
mod error;
mod folder;

pub use driver::LocalStorage;
