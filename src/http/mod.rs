//! The web: routes, extractors and the one mapping of faults to status.

pub mod console;
