//! The web site that is built into every application.

use rust_embed::RustEmbed;

/// The files of `web/`.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web"]
pub(crate) struct Web;
