//! What a command of the command line answers, on standard output.

use std::io::{self, ErrorKind as Io, Write as _};

use bkjs_core::{Error, ErrorKind, Result};

/// Writes a text. A reader that has gone, as `head` does, wants no more and is no error.
///
/// # Errors
/// `Unavailable` when it cannot be written.
pub(crate) fn write(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != Io::BrokenPipe => {
            Err(Error::new(ErrorKind::Unavailable, format!("cannot write the answer: {error}")).source(error))
        }
        _ => Ok(()),
    }
}
