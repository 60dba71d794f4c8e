//! Parameters: what every part of the system is told from outside.
