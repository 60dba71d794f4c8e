//! The bkjs command.
fn main() {}
