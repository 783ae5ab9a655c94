//! Lessons: loaded from data, linted, graded through a client of the Kubernetes API, and proven.
//! This room knows no simulation: what it sees, any user of the API sees, so a lesson holds on a real cluster too.
//! It reads no disk: a course is handed in as texts by path.

mod cel;
pub mod check;
pub mod coverage;
pub mod format;
pub mod glossary;
mod grade;
mod highlight;
mod history;
mod killercoda;
mod lang;
pub mod links;
mod lint;
mod load;
mod mutate;
mod player;
mod predict;
mod prose;
mod prove;
pub mod reasons;
mod sentence;
pub mod typography;
mod watch;

pub use grade::{Grader, StepState};
pub use highlight::highlight;
pub use history::{Asked, Observation, Seen};
pub use lang::Lang;
pub use lint::MOST_NODES;
pub use load::{Course, Diagnostic, Lesson, Texts, Track, load};
pub use mutate::{Change, Mutant};
pub use player::Checkpoint;
pub use predict::Foretold;
pub use prose::{Prose, StepProse, commands};
pub use prove::{
    Earned, Finding, Part, Ran, Report, Scene, Stage, checkpoints, mutations, parts, prove,
};
pub use sentence::Sentence;
pub use watch::{WATCHED, Watched, list, watch};
