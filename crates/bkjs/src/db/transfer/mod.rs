//! `bkjs db export`, `import` and `copy`: the records of whole tables between pools and files of lines of JSON.
//!
//! Records move as they are stored, so that a copy equals what it was made of. All three go through a table in batches
//! by its key, or through a file by its lines, and note after each batch how far they are: a run that was cut off goes
//! on there. A batch whose note is missing is written again, and as every write names its record by its key, that
//! neither loses nor doubles one. At the end the records are counted.

mod checkpoint;
mod copy;
mod export;
mod file;
mod import;
mod lines;
mod progress;
mod read;
mod retry;
mod scope;
mod tally;
mod write;

pub(super) use copy::run as copy;
pub(super) use export::run as export;
pub(super) use import::run as import;

/// Records in a batch when nothing is said.
const BATCH: u64 = 1000;
