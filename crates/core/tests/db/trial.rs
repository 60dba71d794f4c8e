//! The trials of databases.

use bkjs_core::db::driver::Capabilities;

use crate::backend::Bench;
use crate::rule::Rule;

/// One rule of the contract.
pub(crate) type Trial = Rule<Bench, Capabilities>;

/// The number of the scenario of a trial, the 15 of `s015_...`; none of a rule that comes from no scenario.
pub(crate) fn scenario(trial: &Trial) -> Option<u16> {
    trial.name.strip_prefix('s')?.split_once('_')?.0.parse().ok()
}

/// The trials of a section, as [`rules`](crate::rule::rules) says.
macro_rules! trials {
    ($($trials:tt)*) => {
        crate::rule::rules! { crate::trial::Trial: $($trials)* }
    };
}
pub(crate) use trials;
