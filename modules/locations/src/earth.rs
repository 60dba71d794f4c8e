//! Points on the earth and how far they are from each other.

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};

/// The mean radius of the earth. A sphere is within half a percent of its true shape.
pub(crate) const RADIUS_KM: f64 = 6371.0088;

/// The crate that encodes takes the pole for the other one; a centimetre from it there is no such doubt.
const ALMOST_POLE: f64 = 90.0 - 1e-7;

/// A point on the earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// A point, north and east of the origin positive.
    ///
    /// # Errors
    /// `Invalid`, naming the coordinate, for one that is nowhere on the earth.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self> {
        for (name, value, most) in [("latitude", latitude, 90.0), ("longitude", longitude, 180.0)] {
            if !(-most..=most).contains(&value) {
                return Err(Error::invalid(format!("{name} must be from -{most} to {most} degrees")));
            }
        }
        Ok(Self { latitude, longitude })
    }

    /// Where a record says that it is; none when it does not.
    pub(crate) fn of(row: &Row) -> Option<Self> {
        let number = |name| match row.get(name) {
            Some(Value::Real(real)) => Some(*real),
            // No place has so many degrees that a double would round them.
            Some(Value::Int(int)) => i32::try_from(*int).ok().map(f64::from),
            _ => None,
        };
        Self::new(number("latitude")?, number("longitude")?).ok()
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// The way to another point along a great circle, in km.
    pub fn distance(self, other: Self) -> f64 {
        let (north, south) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let chord = half(other.latitude - self.latitude)
            + north.cos() * south.cos() * half(other.longitude - self.longitude);
        2.0 * RADIUS_KM * chord.sqrt().min(1.0).asin()
    }

    /// The geohash of the cell around it.
    pub(crate) fn geohash(self, letters: usize) -> Result<String> {
        let place = geohash::Coord { x: self.longitude, y: self.latitude.min(ALMOST_POLE) };
        geohash::encode(place, letters)
            .map_err(|error| Error::internal("no geohash of a point").source(error))
    }
}

#[cfg(test)]
mod tests {
    use super::Point;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point::new(latitude, longitude).expect("on the earth")
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let check = |a: (f64, f64), b: (f64, f64), km: f64| {
            let got = point(a.0, a.1).distance(point(b.0, b.1));
            assert!((got - km).abs() <= km * 0.01, "{a:?} {b:?}: {got} and not {km}");
        };
        check((52.5163, 13.3777), (48.8584, 2.2945), 878.0);
        check((37.7749, -122.4194), (37.8044, -122.2712), 13.4);
        check((0.0, 179.9), (0.0, -179.9), 22.2);
        check((89.9, 0.0), (89.9, 180.0), 22.2);
        check((90.0, 0.0), (-90.0, 77.0), 20_015.0);
        assert!(point(90.0, 10.0).distance(point(90.0, -170.0)) < 1e-6);
    }

    #[test]
    fn what_is_nowhere_is_refused_by_name() {
        for (latitude, longitude, words) in [
            (90.1, 0.0, "latitude must be from -90 to 90"),
            (f64::NAN, 0.0, "latitude"),
            (0.0, -180.5, "longitude must be from -180 to 180"),
            (0.0, f64::INFINITY, "longitude"),
        ] {
            let error = Point::new(latitude, longitude).expect_err("nowhere");
            assert!(error.message().starts_with(words), "{error}");
        }
    }

    #[test]
    fn geohashes_are_those_that_others_compute() {
        assert_eq!(point(37.7, -122.4).geohash(4).expect("a hash"), "9q8y");
        // The poles and the line where east meets west.
        assert_eq!(point(90.0, -180.0).geohash(1).expect("a hash"), "b");
        assert_eq!(point(-90.0, 0.0).geohash(1).expect("a hash"), "h");
        let line = [180.0, -180.0].map(|longitude| point(10.0, longitude).geohash(4).expect("a hash"));
        assert_eq!(line[0], line[1]);
    }
}
