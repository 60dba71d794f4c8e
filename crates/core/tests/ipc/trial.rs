//! The trials of a family.

use crate::rule::Rule;
use crate::suite::Family;

/// One rule of the contract of a family.
pub(crate) type Trial<F> = Rule<<F as Family>::Bench, <F as Family>::Can>;

/// The trials of a section of a family, as [`rules`](crate::rule::rules) says.
macro_rules! trials {
    ($family:ty: $($trials:tt)*) => {
        crate::rule::rules! { crate::trial::Trial<$family>: $($trials)* }
    };
}
pub(crate) use trials;
