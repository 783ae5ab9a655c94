//! Room `playground`.
