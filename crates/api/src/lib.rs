//! bkjs api.
