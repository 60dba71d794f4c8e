//! bkjs bkjs.
