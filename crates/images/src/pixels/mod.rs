//! The work on pixels.

mod decode;
mod encode;
mod fit;

pub(crate) use decode::damaged;

use bkjs_core::{Error, ErrorKind, Result};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::{DynamicImage, RgbImage, RgbaImage};

use crate::shape::Checked;
use crate::{Format, Picture, Shape};
use fit::Fit;

/// Makes an image of the bytes of one. Takes its time on the calling thread.
pub(crate) fn make(
    source: Format,
    bytes: &[u8],
    shape: &Shape,
    checked: Checked,
    format: Format,
    max_pixels: u64,
) -> Result<Picture> {
    let decode::Decoded { image, orientation } = decode::decode(source, bytes, max_pixels)?;
    // Sizes are meant of the result; the pixels are turned last, when there are fewer of them.
    let lies = decode::lies(orientation) != (checked.turns % 2 == 1);
    let (mut width, mut height) = (shape.width, shape.height);
    if lies {
        std::mem::swap(&mut width, &mut height);
    }
    let fit = Fit::new((image.width(), image.height()), (width, height));
    if u64::from(fit.width) * u64::from(fit.height) > max_pixels {
        return Err(too_many(fit.width, fit.height, max_pixels));
    }
    let mut image = resize(image, &fit)?;
    image.apply_orientation(orientation);
    let mut image = match checked.turns {
        1 => image.rotate90(),
        2 => image.rotate180(),
        3 => image.rotate270(),
        _ => image,
    };
    if let Some(percent) = shape.brightness.filter(|percent| *percent != 0) {
        image = image.brighten(percent * 255 / 100);
    }
    if let Some(percent) = shape.contrast.filter(|percent| *percent != 0) {
        image = image.adjust_contrast(percent as f32);
    }
    let (width, height) = (image.width(), image.height());
    let bytes = encode::encode(image, format, checked)?.into();
    Ok(Picture { bytes, format, width, height })
}

/// Brings an image to its size.
fn resize(image: DynamicImage, fit: &Fit) -> Result<DynamicImage> {
    if fit.is_same(image.width(), image.height()) {
        return Ok(image);
    }
    let kind = if image.color().has_alpha() { PixelType::U8x4 } else { PixelType::U8x3 };
    let failed = |what: &'static str| {
        move |e: Box<dyn std::error::Error + Send + Sync>| Error::internal(what).source(e)
    };
    let source = ImageRef::new(image.width(), image.height(), image.as_bytes(), kind)
        .map_err(|e| failed("pixels of another size")(e.into()))?;
    let mut resized = Image::new(fit.width, fit.height, kind);
    let options = ResizeOptions::new().crop(fit.crop.0, fit.crop.1, fit.crop.2, fit.crop.3);
    Resizer::new()
        .resize(&source, &mut resized, &options)
        .map_err(|e| failed("an image was not resized")(e.into()))?;
    let pixels = resized.into_vec();
    let image = match kind {
        PixelType::U8x4 => RgbaImage::from_raw(fit.width, fit.height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(fit.width, fit.height, pixels).map(DynamicImage::from),
    };
    image.ok_or_else(|| Error::internal("pixels of another size"))
}

fn too_many(width: u32, height: u32, max: u64) -> Error {
    let text = format!("the image is too large: {width} x {height} pixels, at most {max} are taken");
    Error::new(ErrorKind::TooLarge, text)
}

#[cfg(test)]
mod tests;
