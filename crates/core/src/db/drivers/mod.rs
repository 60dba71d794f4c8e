//! One module for each database product.

pub mod none;
