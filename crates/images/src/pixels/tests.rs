use image::{ImageFormat, Rgb, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

const MAX: u64 = 4_000_000;

/// An image whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x: u32, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    RgbImage::from_fn(width, height, colour).into()
}

fn bytes_of(image: &DynamicImage, format: Format) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format.codec()).expect("an image");
    bytes.into_inner()
}

#[allow(clippy::needless_pass_by_value)] // shorter where it is called
fn make(bytes: &[u8], shape: Shape, format: Format) -> Result<Picture> {
    let checked = shape.check()?;
    super::make(Format::of_bytes(bytes)?, bytes, &shape, checked, format, MAX)
}

fn shape(width: i32, height: i32) -> Shape {
    Shape { width: Some(width), height: Some(height), ..Shape::default() }
}

fn decoded(picture: &Picture) -> RgbaImage {
    let image =
        image::load_from_memory_with_format(&picture.bytes, picture.format.codec()).expect("an image");
    assert_eq!((image.width(), image.height()), (picture.width, picture.height));
    image.into_rgba8()
}

fn is_near(pixel: Rgba<u8>, colour: [u8; 3]) -> bool {
    pixel.0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 12)
}

/// A PNG that says it has this size, and has no pixels.
fn hollow_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = bytes_of(&halves(1, 1), Format::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    png.truncate(60);
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// A JPEG with a chunk of EXIF that says how the camera was held.
fn held(orientation: u8) -> Vec<u8> {
    let image = halves(40, 20);
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    let tiff =
        [b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
    encoder.add_exif_metadata(&tiff).expect("metadata");
    encoder.encode(image.as_bytes(), 40, 20, jpeg_encoder::ColorType::Rgb).expect("an image");
    bytes
}

#[test]
fn every_format_is_made_of_every_format() {
    for from in Format::ALL {
        let bytes = bytes_of(&halves(64, 32), from);
        for to in Format::ALL {
            let picture = make(&bytes, shape(32, 0), to).expect("an image");
            assert_eq!(image::guess_format(&picture.bytes).expect("known"), to.codec());
            let image = decoded(&picture);
            assert_eq!(image.dimensions(), (32, 16));
            assert!(
                is_near(*image.get_pixel(4, 8), [255, 0, 0]),
                "{from:?} as {to:?}: {:?}",
                image.get_pixel(4, 8)
            );
            assert!(
                is_near(*image.get_pixel(28, 8), [0, 0, 255]),
                "{from:?} as {to:?}: {:?}",
                image.get_pixel(28, 8)
            );
        }
    }
}

#[test]
fn how_the_camera_was_held_is_applied_and_forgotten() {
    // Held upside down, the red half is on the right; held sideways, it is above.
    let upside_down = make(&held(3), Shape::default(), Format::Jpeg).expect("an image");
    let image = decoded(&upside_down);
    assert!(is_near(*image.get_pixel(35, 10), [255, 0, 0]) && is_near(*image.get_pixel(5, 10), [0, 0, 255]));
    let sideways = make(&held(6), shape(10, 0), Format::Jpeg).expect("an image");
    let image = decoded(&sideways);
    assert_eq!(image.dimensions(), (10, 20));
    assert!(is_near(*image.get_pixel(5, 3), [255, 0, 0]) && is_near(*image.get_pixel(5, 16), [0, 0, 255]));
    for picture in [upside_down, sideways] {
        assert!(!picture.bytes.windows(4).any(|bytes| bytes == b"Exif"));
    }
}

#[test]
fn turns_are_clockwise() {
    let bytes = bytes_of(&halves(40, 20), Format::Png);
    let turned = Shape { rotate: Some(90), ..shape(10, 0) };
    let image = decoded(&make(&bytes, turned, Format::Png).expect("an image"));
    assert_eq!(image.dimensions(), (10, 20));
    assert!(is_near(*image.get_pixel(5, 3), [255, 0, 0]));
}

#[test]
fn what_shines_through_has_the_colour_of_the_background() {
    let clear: DynamicImage = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])).into();
    let bytes = bytes_of(&clear, Format::Png);
    let white = decoded(&make(&bytes, Shape::default(), Format::Jpeg).expect("an image"));
    assert!(is_near(*white.get_pixel(4, 4), [255, 255, 255]));
    let kept = decoded(&make(&bytes, Shape::default(), Format::Webp).expect("an image"));
    assert_eq!(kept.get_pixel(4, 4).0[3], 0);
}

#[test]
fn brightness_and_contrast_change_colours() {
    let grey: DynamicImage = RgbImage::from_pixel(8, 8, Rgb([100, 100, 100])).into();
    let bytes = bytes_of(&grey, Format::Png);
    let red =
        |shape: Shape| decoded(&make(&bytes, shape, Format::Png).expect("an image")).get_pixel(4, 4).0[0];
    assert_eq!(red(Shape { brightness: Some(20), ..Shape::default() }), 151);
    assert!(red(Shape { contrast: Some(50), ..Shape::default() }) < 100);
}

#[test]
fn an_image_of_ten_thousand_million_pixels_is_refused_by_its_header() {
    let bomb = hollow_png(100_000, 100_000);
    assert!(bomb.len() < 70);
    let error = make(&bomb, shape(10, 10), Format::Jpeg).expect_err("too large");
    assert_eq!(error.status(), 413, "{error}");
    assert!(error.message().contains("100000 x 100000"), "{error}");
    // So is one that is to be made: one pixel high, and ten million when it is as wide.
    let bytes = bytes_of(&halves(1000, 1), Format::Png);
    assert_eq!(make(&bytes, shape(0, 16_000), Format::Jpeg).expect_err("too large").status(), 413);
}

#[test]
fn what_is_no_image_is_the_callers_mistake() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let corpus: [&[u8]; 9] = [
        b"",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBPVP8 ",
        svg,
        b"BM\0\0\0\0",
        b"II*\0",
        &[0; 64],
    ];
    for bytes in corpus {
        let error = make(bytes, Shape::default(), Format::Jpeg).expect_err("no image");
        assert_eq!(error.status(), 400, "{bytes:?}: {error}");
    }
    assert_eq!(make(&hollow_png(0, 0), Shape::default(), Format::Jpeg).expect_err("empty").status(), 400);
}

#[test]
fn a_wrong_magic_is_refused() {
    let mut png = bytes_of(&halves(8, 8), Format::Png);
    png[..3].copy_from_slice(b"\xff\xd8\xff");
    assert_eq!(make(&png, Shape::default(), Format::Jpeg).expect_err("a liar").status(), 400);
}

#[test]
fn images_that_were_cut_off_are_an_image_or_a_mistake_of_the_caller() {
    for format in Format::ALL {
        let bytes = bytes_of(&halves(64, 64), format);
        for length in (0..bytes.len()).step_by(7) {
            match make(&bytes[..length], Shape::default(), Format::Jpeg) {
                Ok(picture) => drop(decoded(&picture)),
                Err(error) => assert_eq!(error.status(), 400, "{format:?} of {length}: {error}"),
            }
        }
    }
}

#[test]
fn what_follows_an_image_is_not_kept() {
    for format in Format::ALL {
        let mut bytes = bytes_of(&halves(8, 8), format);
        bytes.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
        if let Ok(picture) = make(&bytes, Shape::default(), format) {
            assert!(!picture.bytes.windows(7).any(|bytes| bytes == b"<script"), "{format:?}");
        }
    }
}

#[test]
fn formats_that_are_not_built_in_are_named_as_unknown() {
    assert!(Format::of_bytes(b"\0\0\0\x0cjP  \r\n\x87\n").is_err());
    assert_eq!(ImageFormat::Png, Format::Png.codec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_header_panics_or_is_our_mistake(
        format in 0_usize..4,
        changes in proptest::collection::vec((0_usize..200, any::<u8>()), 1..12),
        length in 0_usize..2000,
    ) {
        let mut bytes = bytes_of(&halves(16, 16), Format::ALL[format]);
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(length.max(8));
        if let Err(error) = make(&bytes, Shape::default(), Format::Jpeg) {
            prop_assert!(matches!(error.status(), 400 | 413), "{error}");
        }
    }
}
