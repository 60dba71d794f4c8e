//! The parameters of images.

use bkjs_core::config::Params;

use crate::Format;

/// Images: icons of accounts, images of messages.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api-images")]
pub struct ImageParams {
    /// The format in which images are stored when a request asks for none: jpg, png, gif or webp.
    #[param(default = "jpg", live)]
    pub ext: Format,
    /// Most pixels of an image that is taken, and of one that is made; each takes up to 8 bytes while it is worked on.
    #[param(default = "40000000", min = "1", max = "400000000", live)]
    pub max_pixels: u64,
}
