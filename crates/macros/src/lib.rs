//! The derive macros of bkjs.
