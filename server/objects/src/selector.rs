//! Selectors: which objects are meant, by their labels or by a few of their fields.
//!
//! Mirrors apimachinery's `labels` and `fields`.

mod fields;
mod labels;
mod lexer;

pub use fields::{FieldRequirement, FieldSelector};
pub use labels::{LabelSelector, Operator, Requirement};
