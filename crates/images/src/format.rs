//! The formats there are.

use std::str::FromStr;

use bkjs_api::Gives;
use bkjs_core::{Error, Result};
use image::ImageFormat;

/// A format that images are taken in and made in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JPEG, without transparency.
    #[default]
    Jpeg,
    /// PNG.
    Png,
    /// GIF, of which the first picture counts.
    Gif,
    /// WebP; made without loss.
    Webp,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp];

    /// The ending of file names.
    pub const fn ext(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// The type that HTTP calls it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// The format that an ending stands for, in letters of any case.
    pub fn of_ext(ext: &str) -> Option<Self> {
        let known = |format: &Self| format.ext().eq_ignore_ascii_case(ext);
        if ext.eq_ignore_ascii_case("jpeg") { Some(Self::Jpeg) } else { Self::ALL.into_iter().find(known) }
    }

    /// What an endpoint gives that answers with an image.
    pub fn given() -> Gives {
        let [first, others @ ..] = Self::ALL.map(|format| Gives::file(format.content_type()));
        others.into_iter().fold(first, Gives::or)
    }

    /// The format of an image by its first bytes.
    ///
    /// # Errors
    /// `Invalid` when it is none of these.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self> {
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(ImageFormat::Png) => Ok(Self::Png),
            Ok(ImageFormat::Gif) => Ok(Self::Gif),
            Ok(ImageFormat::WebP) => Ok(Self::Webp),
            _ => Err(Error::invalid("the image is neither JPEG, PNG, GIF nor WebP")),
        }
    }

    pub(crate) fn codec(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Gif => ImageFormat::Gif,
            Self::Webp => ImageFormat::WebP,
        }
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(ext: &str) -> Result<Self, Self::Err> {
        match Self::of_ext(ext.strip_prefix('.').unwrap_or(ext)) {
            Some(format) => Ok(format),
            None if ext.eq_ignore_ascii_case("jp2") => {
                Err("jp2 (JPEG 2000) is not made here: there is jpg, png, gif and webp")
            }
            None => Err("there is jpg, png, gif and webp"),
        }
    }
}

bkjs_core::param_from_str!(Format, "an image format");
