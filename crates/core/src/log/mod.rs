//! Logging: levels, sinks and formats.
