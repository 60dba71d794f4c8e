//! bkjs runtime.
