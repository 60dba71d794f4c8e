//! From bytes to pixels, within bounds.

use std::io::Cursor;

use bkjs_core::{Error, Result};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::too_many;
use crate::Format;

/// The most bytes of a pixel: what has more, as 16 bits a channel, may have fewer pixels.
const BYTES: u64 = 4;

/// What a decoder may take beside the pixels.
const SPARE: u64 = 16 << 20;

/// The pixels of an image: three or four bytes each.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    /// How it was held: still to be applied.
    pub(super) orientation: Orientation,
}

/// Reads the header, and then the pixels if they are not too many.
pub(super) fn decode(format: Format, bytes: &[u8], max_pixels: u64) -> Result<Decoded> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.codec());
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(max_pixels.saturating_mul(BYTES).saturating_add(SPARE));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let total = decoder.total_bytes();
    if u64::from(width) * u64::from(height) > max_pixels || total > max_pixels.saturating_mul(BYTES) {
        return Err(too_many(width, height, max_pixels));
    }
    if total == 0 {
        return Err(damaged());
    }
    // Metadata that cannot be read is as good as none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let image = match image.color().has_alpha() {
        true => image.into_rgba8().into(),
        false => image.into_rgb8().into(),
    };
    Ok(Decoded { image, orientation })
}

/// Whether width and height change places.
pub(super) fn lies(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn refused(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => {
            Error::new(bkjs_core::ErrorKind::TooLarge, "the image is too large to be decoded").source(error)
        }
        error => damaged().source(error),
    }
}

/// What cannot be decoded.
pub(crate) fn damaged() -> Error {
    Error::invalid("the image is damaged, or of a kind that is not known")
}
