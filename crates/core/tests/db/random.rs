//! Random rows and random conditions.
use crate::trials;
trials! {}
