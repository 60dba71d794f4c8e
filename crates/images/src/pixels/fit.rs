//! The size of the result, and which part of the image it shows.

/// The size of the result, and which part of the image it shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Left, top, width and height of the part.
    pub(super) crop: (f64, f64, f64, f64),
}

impl Fit {
    /// For an image of a size, and what is asked for: 0 and none leave it to the proportions, a negative number is at
    /// most so many pixels and never makes the image larger.
    pub(super) fn new(size: (u32, u32), asked: (Option<i32>, Option<i32>)) -> Self {
        let (width, height) = (size.0.max(1), size.1.max(1));
        let side = |asked: Option<i32>, side: u32| match asked.unwrap_or_default() {
            0 => None,
            pixels @ 1.. => Some(pixels.unsigned_abs()),
            pixels => Some(pixels.unsigned_abs().min(side)),
        };
        let (exact_width, exact_height) = (f64::from(width), f64::from(height));
        let (new_width, new_height) = match (side(asked.0, width), side(asked.1, height)) {
            (None, None) => (width, height),
            (Some(new), None) => (new, pixels(exact_height * f64::from(new) / exact_width)),
            (None, Some(new)) => (pixels(exact_width * f64::from(new) / exact_height), new),
            (Some(new_width), Some(new_height)) => (new_width, new_height),
        };
        // Both are given: the middle, as much of it as has these proportions. What one pixel makes up is no part.
        let wanted = f64::from(new_width) / f64::from(new_height);
        let (mut part_width, mut part_height) = (exact_width, exact_height);
        if asked.0.unwrap_or_default() != 0 && asked.1.unwrap_or_default() != 0 {
            if exact_width > exact_height * wanted {
                part_width = (exact_height * wanted).clamp(1.0, exact_width);
            } else {
                // Rounding may make it a trifle more than there is.
                part_height = (exact_width / wanted).clamp(1.0, exact_height);
            }
        }
        let crop =
            ((exact_width - part_width) / 2.0, (exact_height - part_height) / 2.0, part_width, part_height);
        Self { width: new_width, height: new_height, crop }
    }

    /// Whether it is the image as it is.
    pub(super) fn is_same(&self, width: u32, height: u32) -> bool {
        (self.width, self.height) == (width, height)
            && self.crop.2 >= f64::from(width) - 0.5
            && self.crop.3 >= f64::from(height) - 0.5
    }
}

/// A side, rounded.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Bounded: a cast of floats saturates.
fn pixels(side: f64) -> u32 {
    (side.round() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(image: (u32, u32), width: i32, height: i32) -> (u32, u32) {
        let asked = |side: i32| (side != 0).then_some(side);
        let fit = Fit::new(image, (asked(width), asked(height)));
        (fit.width, fit.height)
    }

    #[test]
    fn one_side_keeps_the_proportions() {
        assert_eq!(size((2725, 2225), 720, 0), (720, 588));
        assert_eq!(size((2725, 2225), 0, 588), (720, 588));
        assert_eq!(size((100, 50), 0, 0), (100, 50));
        assert_eq!(size((100, 50), 200, 0), (200, 100));
        assert_eq!(size((1000, 1), 10, 0), (10, 1));
    }

    #[test]
    fn a_negative_side_makes_nothing_larger() {
        assert_eq!(size((100, 50), -200, 0), (100, 50));
        assert_eq!(size((100, 50), -50, 0), (50, 25));
        assert_eq!(size((100, 50), 0, -100), (100, 50));
        assert_eq!(size((100, 50), -200, -20), (100, 20));
        assert_eq!(size((100, 50), i32::MIN, i32::MIN), (100, 50));
    }

    #[test]
    fn both_sides_show_the_middle() {
        let fit = Fit::new((200, 100), (Some(50), Some(50)));
        assert_eq!((fit.width, fit.height, fit.crop), (50, 50, (50.0, 0.0, 100.0, 100.0)));
        let fit = Fit::new((100, 200), (Some(50), Some(50)));
        assert_eq!(fit.crop, (0.0, 50.0, 100.0, 100.0));
        assert!(Fit::new((7, 9), (Some(7), Some(9))).is_same(7, 9));
        assert_eq!(Fit::new((8403, 51086), (Some(-8403), Some(-51086))).crop, (0.0, 0.0, 8403.0, 51086.0));
    }

    proptest! {
        #[test]
        fn the_part_lies_within_the_image(
            image in (1_u32..70_000, 1_u32..70_000),
            asked in (proptest::option::of(any::<i32>()), proptest::option::of(any::<i32>())),
        ) {
            let fit = Fit::new(image, asked);
            let (left, top, width, height) = fit.crop;
            prop_assert!(fit.width > 0 && fit.height > 0);
            prop_assert!(left >= 0.0 && top >= 0.0 && width > 0.0 && height > 0.0);
            prop_assert!(left + width <= f64::from(image.0) + 1e-6 && top + height <= f64::from(image.1) + 1e-6);
        }
    }
}
