//! Room `objects`.
