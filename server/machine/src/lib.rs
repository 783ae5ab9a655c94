//! Room `machine`.
