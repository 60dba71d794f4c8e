//! An image with as much in it as a photograph has.

use anyhow::Result;
use bytes::Bytes;
use image::RgbImage;

/// A JPEG of this size: soft shapes, with grain.
pub(crate) fn photo(width: u32, height: u32) -> Result<Bytes> {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut grain = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % 24) as f32
    };
    let image = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / 97.0, y as f32 / 61.0);
        let grain = grain();
        let level = |shift: f32| (((x + shift).sin() * (y - shift).cos() + 1.0) * 110.0 + grain) as u8;
        image::Rgb([level(0.0), level(1.3), level(2.9)])
    });
    let mut bytes = Vec::new();
    let side = |side: u32| u16::try_from(side);
    jpeg_encoder::Encoder::new(&mut bytes, 85).encode(
        &image,
        side(width)?,
        side(height)?,
        jpeg_encoder::ColorType::Rgb,
    )?;
    Ok(bytes.into())
}
