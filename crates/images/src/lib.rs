//! Images: what is common to modules that take images from people.
//!
//! ```text
//! bytes of an upload -> header, bounds -> pixels -> size, turns, colours -> encoded anew -> storage
//! ```
//!
//! | file | is |
//! | --- | --- |
//! | `images` | [`Images`], what modules call: the pool, the parameters |
//! | `picture` | [`Picture`], an image that was made here: storing and serving it |
//! | `shape` | [`Shape`], what a caller asks of an image: `_width`, `_ext` and the like |
//! | `format` | [`Format`], the formats there are |
//! | `pixels/` | the work itself, without HTTP and async |
//!
//! # What holds
//!
//! - The header is read first. What has more pixels than `api-images-max-pixels` is refused before any memory is taken
//!   for them, whatever the length of the file.
//! - The work is done off the async threads, a bounded number at a time.
//! - Nothing of an upload is stored but its pixels: they are encoded anew, so that metadata, comments, colour profiles
//!   and whatever follows the image are gone. How the camera was held is applied to the pixels before.
//! - What cannot be decoded is the caller's mistake, also where a decoder panics.

mod format;
mod images;
mod params;
mod picture;
mod pixels;
mod shape;

pub use format::Format;
pub use images::Images;
pub use params::ImageParams;
pub use picture::{Picture, serve};
pub use shape::{MAX_SIDE, Shape};
