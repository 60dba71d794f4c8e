//! Which cells of the grid of geohashes a circle touches.

use std::f64::consts::FRAC_PI_2;

use bkjs_core::Result;

use crate::earth::{Point, RADIUS_KM};

/// More cells than this are put together into larger ones.
const MAX_CELLS: u64 = 1000;

/// What is allowed for rounding, in km.
const SLACK_KM: f64 = 0.001;

/// A cell, by the beginning of the geohashes of all points in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) geohash: String,
    /// No point of the cell is nearer to the centre of the circle, in km.
    pub(crate) nearest: f64,
    /// No point of the cell is farther.
    pub(crate) farthest: f64,
}

/// The cells that hold every point within `radius` km of a centre, the nearest first. All have the same number of
/// letters: as many as `letters`, or fewer when those would be too many cells.
pub(crate) fn cover(centre: Point, radius: f64, letters: usize) -> Result<Vec<Cell>> {
    let mut area = Area::around(centre, radius, letters);
    while area.cells() > MAX_CELLS && area.letters > 1 {
        area = Area::around(centre, radius, area.letters - 1);
    }
    let mut cells = Vec::new();
    for row in area.rows.0..=area.rows.1 {
        let latitude = (row as f64 + 0.5) * area.height - 90.0;
        let reach = area.reach(latitude)?;
        for column in area.columns.0..area.columns.0 + area.columns.1 {
            let column = column.rem_euclid(area.around);
            let middle = Point::new(latitude, (column as f64 + 0.5) * area.width - 180.0)?;
            let distance = centre.distance(middle);
            let nearest = (distance - reach).max(0.0);
            if nearest <= radius {
                let geohash = middle.geohash(area.letters)?;
                cells.push(Cell { geohash, nearest, farthest: distance + reach });
            }
        }
    }
    cells.sort_by(|a, b| a.nearest.total_cmp(&b.nearest).then_with(|| a.geohash.cmp(&b.geohash)));
    Ok(cells)
}

/// The rows and columns of the grid that lie in the rectangle around a circle.
struct Area {
    letters: usize,
    /// Of a cell, in degrees.
    width: f64,
    height: f64,
    /// Cells around the earth.
    around: i64,
    /// The first and the last.
    rows: (i64, i64),
    /// The first, which may lie west of the grid's beginning, and how many.
    columns: (i64, i64),
}

impl Area {
    #[allow(clippy::cast_possible_truncation)] // Degrees by degrees: some millions at most.
    fn around(centre: Point, radius: f64, letters: usize) -> Self {
        // Five bits a letter, by turns of the longitude and the latitude.
        let bits = 5 * letters;
        let (up, around) = (1_i64 << (bits / 2), 1_i64 << (bits - bits / 2));
        let (height, width) = (180.0 / up as f64, 360.0 / around as f64);

        let angle = (radius + SLACK_KM) / RADIUS_KM;
        let latitude = centre.latitude().to_radians();
        let row = |angle: f64| (((angle.to_degrees() + 90.0) / height).floor() as i64).clamp(0, up - 1);
        let rows = (row(latitude - angle), row(latitude + angle));

        let columns = if latitude.abs() + angle >= FRAC_PI_2 {
            // A pole is inside: every meridian passes through.
            (0, around)
        } else {
            let aside = (angle.sin() / latitude.cos()).min(1.0).asin().to_degrees();
            let column = |longitude: f64| ((longitude + 180.0) / width).floor() as i64;
            let (first, last) = (column(centre.longitude() - aside), column(centre.longitude() + aside));
            (first, (last - first + 1).min(around))
        };
        Self { letters, width, height, around, rows, columns }
    }

    fn cells(&self) -> u64 {
        (self.rows.1 - self.rows.0 + 1).unsigned_abs() * self.columns.1.unsigned_abs()
    }

    /// How far a point of a cell may be from its middle: its corners are the farthest.
    fn reach(&self, latitude: f64) -> Result<f64> {
        let middle = Point::new(latitude, 0.0)?;
        let corner = |side: f64| {
            let latitude = (latitude + side * self.height / 2.0).clamp(-90.0, 90.0);
            Ok::<_, bkjs_core::Error>(middle.distance(Point::new(latitude, self.width / 2.0)?))
        };
        Ok(corner(1.0)?.max(corner(-1.0)?) + SLACK_KM)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn hashes(latitude: f64, longitude: f64, radius: f64, letters: usize) -> Vec<String> {
        let centre = Point::new(latitude, longitude).expect("on the earth");
        cover(centre, radius, letters).expect("cells").into_iter().map(|cell| cell.geohash).collect()
    }

    #[test]
    fn the_cell_of_the_centre_comes_first_and_its_neighbours_follow() {
        let cells = hashes(37.7, -122.4, 30.0, 4);
        assert_eq!(cells[0], "9q8y");
        for neighbour in ["9q8z", "9q8v", "9q8w", "9q8x", "9q8t", "9q9n", "9q9p", "9q9j"] {
            assert!(cells.contains(&neighbour.to_owned()), "{neighbour} is not in {cells:?}");
        }
    }

    #[test]
    fn a_circle_over_the_line_where_east_meets_west_has_cells_on_both_sides() {
        let cells = hashes(0.1, 180.0, 10.0, 4);
        let first: HashSet<char> = cells.iter().filter_map(|cell| cell.chars().next()).collect();
        assert!(first.contains(&'8') && first.contains(&'x'), "{cells:?}");
    }

    #[test]
    fn there_are_never_too_many_cells_and_none_twice() {
        for (latitude, radius, letters) in
            [(90.0, 50.0, 6), (-89.9, 999.0, 8), (0.0, 999.0, 8), (45.0, 20_100.0, 4)]
        {
            let cells = hashes(latitude, 10.0, radius, letters);
            assert!(cells.len() as u64 <= MAX_CELLS, "{latitude}: {}", cells.len());
            assert_eq!(cells.iter().collect::<HashSet<_>>().len(), cells.len());
        }
    }

    /// Latitudes of all kinds, poles among them.
    fn latitude() -> impl Strategy<Value = f64> {
        prop_oneof![-90.0..=90.0, 89.0..=90.0, -90.0..=-89.0, Just(90.0), Just(-90.0), Just(0.0)]
    }

    fn longitude() -> impl Strategy<Value = f64> {
        prop_oneof![-180.0..=180.0, 179.0..=180.0, -180.0..=-179.0, Just(180.0), Just(-180.0), Just(0.0)]
    }

    /// A point some way off in a direction, so that most are near the edge of the circle.
    fn off(from: Point, km: f64, direction: f64) -> Point {
        let (angle, latitude) = (km / RADIUS_KM, from.latitude().to_radians());
        let north = latitude.sin() * angle.cos() + latitude.cos() * angle.sin() * direction.cos();
        let to = north.clamp(-1.0, 1.0).asin();
        let east =
            (direction.sin() * angle.sin() * latitude.cos()).atan2(angle.cos() - latitude.sin() * to.sin());
        let longitude = (from.longitude() + east.to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
        Point::new(to.to_degrees().clamp(-90.0, 90.0), longitude).expect("on the earth")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_point_of_a_circle_is_in_a_cell_and_within_its_bounds(
            latitude in latitude(),
            longitude in longitude(),
            radius in prop_oneof![0.0..5.0, 5.0..60.0, 60.0..2000.0],
            part in prop_oneof![0.0..=1.0, 0.99..=1.0],
            direction in 0.0..std::f64::consts::TAU,
            letters in 1_usize..=6,
        ) {
            let centre = Point::new(latitude, longitude).expect("on the earth");
            let point = off(centre, radius * part, direction);
            let distance = centre.distance(point);
            prop_assume!(distance <= radius);
            let cells = cover(centre, radius, letters).expect("cells");
            let hash = point.geohash(letters).expect("a hash");
            let cell = cells.iter().find(|cell| hash.starts_with(&cell.geohash));
            let cell = cell.ok_or_else(|| TestCaseError::fail(format!("{point:?} is in no cell")))?;
            prop_assert!(cell.nearest <= distance && distance <= cell.farthest, "{cell:?} {distance}");
        }
    }
}
