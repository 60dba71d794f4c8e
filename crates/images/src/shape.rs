//! What a caller asks of an image.

use bkjs_core::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Format;

/// The longest side of an image that is made, in pixels.
pub const MAX_SIDE: u32 = 16_384;

/// What a request asks of an image, by its control parameters; by default it stays as it is.
///
/// | control | meaning |
/// |---|---|
/// | `_width`, `_height` | pixels; one of them keeps the proportions, both cut what does not fit; negative: at most so many |
/// | `_ext` | the format: jpg, png, gif or webp |
/// | `_quality` | 1 to 100, for jpg |
/// | `_rotate` | degrees clockwise: a multiple of 90 |
/// | `_brightness`, `_contrast` | -100 to 100 |
/// | `_bgcolor` | what shines through in a format without transparency, as `ffcc00` |
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Shape {
    /// Width in pixels; alone it keeps the proportions, negative it is at most so many.
    #[serde(rename = "_width")]
    #[schemars(range(min = -16384, max = 16384))]
    pub(crate) width: Option<i32>,
    /// Height in pixels, as the width.
    #[serde(rename = "_height")]
    #[schemars(range(min = -16384, max = 16384))]
    pub(crate) height: Option<i32>,
    /// The format: jpg, png, gif or webp.
    #[serde(rename = "_ext")]
    pub(crate) ext: Option<String>,
    /// 1 to 100, for jpg.
    #[serde(rename = "_quality")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) quality: Option<u8>,
    /// Degrees clockwise, a multiple of 90.
    #[serde(rename = "_rotate")]
    pub(crate) rotate: Option<i32>,
    /// -100 to 100.
    #[serde(rename = "_brightness")]
    #[schemars(range(min = -100, max = 100))]
    pub(crate) brightness: Option<i32>,
    /// -100 to 100.
    #[serde(rename = "_contrast")]
    #[schemars(range(min = -100, max = 100))]
    pub(crate) contrast: Option<i32>,
    /// What shines through in a format without transparency, as ffcc00.
    #[serde(rename = "_bgcolor")]
    pub(crate) bgcolor: Option<String>,
}

/// The quality of JPEG when none is asked for.
const QUALITY: u8 = 85;

impl Shape {
    /// At most this size, in a format.
    pub fn at_most(width: u32, height: u32, format: Format) -> Self {
        let negative = |side: u32| i32::try_from(side).ok().map(|side| -side);
        let ext = Some(format.ext().to_owned());
        Self { width: negative(width), height: negative(height), ext, ..Self::default() }
    }

    /// The format that is asked for.
    ///
    /// # Errors
    /// `Invalid` for one that is not made.
    pub fn format(&self) -> Result<Option<Format>> {
        let parsed = self.ext.as_deref().map(str::parse::<Format>).transpose();
        parsed.map_err(|why| Error::invalid(format!("_ext: {why}")))
    }

    /// Refuses what no image can be.
    ///
    /// # Errors
    /// `Invalid`, naming the control.
    pub(crate) fn check(&self) -> Result<Checked> {
        for (name, side) in [("_width", self.width), ("_height", self.height)] {
            if side.is_some_and(|side| side.unsigned_abs() > MAX_SIDE) {
                return Err(Error::invalid(format!("{name} must be from -{MAX_SIDE} to {MAX_SIDE}")));
            }
        }
        for (name, value) in [("_brightness", self.brightness), ("_contrast", self.contrast)] {
            if value.is_some_and(|value| !(-100..=100).contains(&value)) {
                return Err(Error::invalid(format!("{name} must be from -100 to 100")));
            }
        }
        let quality = self.quality.unwrap_or(QUALITY);
        if !(1..=100).contains(&quality) {
            return Err(Error::invalid("_quality must be from 1 to 100"));
        }
        let turns = match self.rotate.unwrap_or_default() {
            degrees if degrees % 90 == 0 => (degrees / 90).rem_euclid(4),
            _ => return Err(Error::invalid("_rotate must be a multiple of 90")),
        };
        let background = self.bgcolor.as_deref().map_or(Some([0xff; 3]), color);
        let background =
            background.ok_or_else(|| Error::invalid("_bgcolor must be six hexadecimal digits, as ffcc00"))?;
        Ok(Checked { quality, turns: turns.unsigned_abs(), background })
    }
}

/// What was checked of a shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    pub(crate) quality: u8,
    /// Quarter turns, clockwise.
    pub(crate) turns: u32,
    pub(crate) background: [u8; 3],
}

fn color(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_image_can_be_is_refused_by_name() {
        for (shape, name) in [
            (Shape { width: Some(20_000), ..Shape::default() }, "_width"),
            (Shape { height: Some(i32::MIN), ..Shape::default() }, "_height"),
            (Shape { quality: Some(0), ..Shape::default() }, "_quality"),
            (Shape { rotate: Some(45), ..Shape::default() }, "_rotate"),
            (Shape { brightness: Some(101), ..Shape::default() }, "_brightness"),
            (Shape { contrast: Some(-101), ..Shape::default() }, "_contrast"),
            (Shape { bgcolor: Some("no".into()), ..Shape::default() }, "_bgcolor"),
        ] {
            let error = shape.check().expect_err(name);
            assert!(error.message().starts_with(name), "{name}: {error}");
        }
        let ext = |ext: &str| Shape { ext: Some(ext.into()), ..Shape::default() }.format();
        assert_eq!(ext("JPEG").expect("known"), Some(Format::Jpeg));
        assert_eq!(ext(".png").expect("known"), Some(Format::Png));
        assert!(ext("jp2").expect_err("not made").message().contains("jp2"));
        assert!(ext("tiff").is_err());
    }

    #[test]
    fn colours_and_turns_are_read() {
        let turns = |degrees| Shape { rotate: Some(degrees), ..Shape::default() }.check().map(|c| c.turns);
        assert_eq!([0, 90, -90, 450, -720].map(|degrees| turns(degrees).expect("a turn")), [0, 1, 3, 1, 0]);
        assert_eq!((color("#ffcc00"), color("+fcc00")), (Some([255, 204, 0]), None));
    }
}
