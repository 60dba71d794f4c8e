//! Where uploaded files and images are kept: bytes under paths, apart from the database.
//!
//! ```text
//! Storage (what modules call)  ->  a driver  ->  a folder, later a bucket
//! ```
//!
//! | file | is |
//! | --- | --- |
//! | `facade` | what modules call: [`Storage`] |
//! | `path` | [`ObjectPath`], which cannot name anything outside of the root |
//! | `driver` | the contract between the facade and a product |
//! | `drivers` | the products, one folder each |
//!
//! What was put is there as a whole or not at all, whenever the process dies, and once `put` has returned it stays. A
//! module that keeps records of its objects writes each object under a path of its own before the record names it, and
//! removes it after the record is gone: a failure in between leaves an object that nobody can reach, and never a record
//! of something else.

pub mod driver;
pub mod drivers;
mod facade;
mod path;

pub use driver::{ByteStream, Stat, StorageDriver, StoredObject};
pub use facade::Storage;
pub use path::ObjectPath;
