//! The products, one folder each, and the table that maps URL schemes to them.
