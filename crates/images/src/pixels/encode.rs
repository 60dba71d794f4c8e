//! From pixels to bytes, without anything else.

use std::io::Cursor;

use bkjs_core::{Error, Result};
use image::codecs::gif::GifEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _};
use jpeg_encoder::ColorType;

use crate::Format;
use crate::shape::Checked;

/// How much GIF looks for colours: 1 is the most, 30 the least.
const GIF_SPEED: i32 = 10;

pub(super) fn encode(image: DynamicImage, format: Format, checked: Checked) -> Result<Vec<u8>> {
    let (width, height) = (image.width(), image.height());
    let kind = if image.color().has_alpha() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Cursor::new(Vec::new());
    let done = match format {
        Format::Jpeg => return jpeg(&opaque(image, checked.background), checked.quality),
        Format::Png => PngEncoder::new(&mut bytes).write_image(image.as_bytes(), width, height, kind),
        Format::Webp => {
            WebPEncoder::new_lossless(&mut bytes).write_image(image.as_bytes(), width, height, kind)
        }
        Format::Gif => {
            let pixels = image.into_rgba8();
            let mut encoder = GifEncoder::new_with_speed(&mut bytes, GIF_SPEED);
            encoder.encode(&pixels, width, height, ExtendedColorType::Rgba8)
        }
    };
    done.map_err(|e| {
        Error::invalid(format!("the image cannot be made as {}: {width} x {height} pixels", format.ext()))
            .source(e)
    })?;
    Ok(bytes.into_inner())
}

fn jpeg(image: &DynamicImage, quality: u8) -> Result<Vec<u8>> {
    let (width, height) = (image.width(), image.height());
    let side = |side: u32| {
        let text = "an image of jpg has at most 65535 pixels a side";
        u16::try_from(side).map_err(|_| Error::invalid(text))
    };
    // About as long as such images are, so that it is rarely moved.
    let mut bytes = Vec::with_capacity(width as usize * height as usize / 4 + 1024);
    jpeg_encoder::Encoder::new(&mut bytes, quality)
        .encode(image.as_bytes(), side(width)?, side(height)?, ColorType::Rgb)
        .map_err(|e| Error::internal("an image was not encoded").source(e))?;
    Ok(bytes)
}

/// The image before a background of one colour.
fn opaque(image: DynamicImage, background: [u8; 3]) -> DynamicImage {
    let DynamicImage::ImageRgba8(image) = image else { return image.into_rgb8().into() };
    let (width, height) = image.dimensions();
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    for [red, green, blue, alpha] in image.pixels().map(|pixel| pixel.0) {
        let alpha = u32::from(alpha);
        for (front, back) in [red, green, blue].into_iter().zip(background) {
            let mixed = (u32::from(front) * alpha + u32::from(back) * (255 - alpha) + 127) / 255;
            pixels.push(u8::try_from(mixed).unwrap_or(u8::MAX));
        }
    }
    image::RgbImage::from_raw(width, height, pixels).unwrap_or_default().into()
}
