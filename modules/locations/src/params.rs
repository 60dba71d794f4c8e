//! The parameters of this module, and the size of cells that they ask for.

use std::sync::{Arc, OnceLock};

use bkjs_core::config::{Handle, Params};

/// Locations: the size of cells and the longest distance of a search.
#[derive(Params, Clone, Debug)]
pub struct LocationParams {
    /// The size of the cells of the grid in km; 5 makes geohashes of 4 letters. With records in the table bk_location it
    /// cannot change: they would have to be stored again.
    #[param(default = "5", min = "0.1", max = "999", alias = "locations-min-distance")]
    pub min_distance: f64,
    /// The longest distance of a search in km; what asks for more gets this.
    #[param(default = "50", min = "0.1", max = "999", alias = "locations-max-distance", live)]
    pub max_distance: f64,
}

/// The longest distance in km for which geohashes have so many letters.
const LETTERS: [(usize, f64); 8] =
    [(8, 0.019), (7, 0.076), (6, 0.61), (5, 2.4), (4, 20.0), (3, 78.0), (2, 630.0), (1, 2500.0)];

/// The letters of geohashes for a size of cells in km.
fn letters(min_distance: f64) -> usize {
    LETTERS.iter().find(|(_, km)| *km > min_distance).map_or(1, |(letters, _)| *letters)
}

/// The grid that records of this process are in.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    params: Handle<LocationParams>,
    /// Set once the table was seen to hold cells of this size.
    pub(crate) confirmed: Arc<OnceLock<()>>,
}

impl Grid {
    pub(crate) fn new(params: Handle<LocationParams>) -> Self {
        Self { params, confirmed: Arc::default() }
    }

    /// The letters of geohashes.
    pub(crate) fn letters(&self) -> usize {
        letters(self.params.load().min_distance)
    }

    /// How far a search goes, in km, that asks for this distance or says none.
    pub(crate) fn distance(&self, asked: Option<f64>) -> f64 {
        let params = self.params.load();
        asked.unwrap_or(params.min_distance).min(params.max_distance)
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn small_cells_have_long_names() {
        for (km, count) in [(0.1, 6), (1.0, 5), (2.4, 4), (5.0, 4), (20.0, 3), (999.0, 1)] {
            assert_eq!(letters(km), count, "{km} km");
        }
    }
}
