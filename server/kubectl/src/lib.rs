//! Room `kubectl`.
