//! Room `course`.
