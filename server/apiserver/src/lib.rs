//! Room `apiserver`.
pub mod spdy;
pub mod tables;
