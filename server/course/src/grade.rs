//! Grading one lesson for one learner: observations go in, states of steps come out. Steps are done in order; the first
//! open one is looked at whenever something changes, and what it opens after it. Nothing here waits.

use crate::check;
use crate::format::{CheckFile, HttpFile};
use crate::history::{Observation, Seen};
use crate::load::Lesson;
use crate::sentence::Sentence;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepState {
    /// as in the lesson
    pub id: String,
    /// ticked
    pub done: bool,
    /// what made it tick
    pub cause: Option<Sentence>,
    /// why it does not hold yet, one for each open check; only of the current step
    pub reasons: Vec<Sentence>,
}

/// Grades one lesson.
#[derive(Clone, Debug)]
pub struct Grader {
    lesson: Arc<Lesson>,
    seen: Seen,
    steps: Vec<StepState>,
}

impl Grader {
    /// All steps open.
    pub fn new(lesson: Arc<Lesson>) -> Self {
        let open = |s: &crate::format::StepFile| StepState {
            id: s.id.clone(),
            done: false,
            cause: None,
            reasons: Vec::new(),
        };
        let steps = lesson.steps.iter().map(open).collect();
        let mut grader = Self {
            lesson,
            seen: Seen::default(),
            steps,
        };
        grader.evaluate();
        grader
    }

    /// Ticks steps that were done before; unknown ids are ignored.
    pub fn restore(&mut self, done: &[String]) {
        for step in &mut self.steps {
            step.done |= done.contains(&step.id);
        }
        self.evaluate();
    }

    /// Takes in what was seen; true when a step changed its state or its reasons.
    pub fn observe(&mut self, what: Observation) -> bool {
        self.seen.observe(what) && self.evaluate()
    }

    /// Takes in what came before the first step: objects are known, but nothing of it counts as done by the learner.
    pub fn begin(&mut self, what: impl IntoIterator<Item = Observation>) {
        for one in what {
            self.seen.observe(one);
        }
        self.evaluate();
    }

    /// How every step stands.
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// The first open step.
    pub fn current(&self) -> Option<usize> {
        self.steps.iter().position(|s| !s.done)
    }

    /// All that was seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The lesson.
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    /// Ports that checks of open steps want asked.
    pub fn ports(&self) -> Vec<HttpFile> {
        self.open_checks().filter_map(|c| c.http.clone()).collect()
    }

    /// Files of the workstation that checks name.
    pub fn files(&self) -> BTreeSet<String> {
        self.lesson
            .steps
            .iter()
            .flat_map(|s| &s.check)
            .filter_map(|c| c.file.as_ref())
            .map(|f| f.path.clone())
            .collect()
    }

    fn open_checks(&self) -> impl Iterator<Item = &CheckFile> {
        let steps = self
            .lesson
            .steps
            .iter()
            .zip(&self.steps)
            .filter(|(_, state)| !state.done);
        steps.take(1).flat_map(|(step, _)| &step.check)
    }

    fn evaluate(&mut self) -> bool {
        let before = self.steps.clone();
        for index in 0..self.steps.len() {
            let level = self.lesson.is_level(index);
            if self.steps[index].done && !level {
                continue;
            }
            let verdicts: Vec<check::Verdict> = self.lesson.steps[index]
                .check
                .iter()
                .map(|c| check::evaluate(c, &self.seen))
                .collect();
            let state = &mut self.steps[index];
            state.reasons = verdicts
                .iter()
                .filter_map(|v| v.as_ref().err().cloned())
                .collect();
            if state.reasons.is_empty() {
                state.done = true;
                state.cause = verdicts
                    .into_iter()
                    .filter_map(Result::ok)
                    .find(|s| s.id != "was-true")
                    .or(Some(Sentence::new("was-true")));
            } else if !state.done {
                break;
            }
        }
        if let Some(current) = self.current() {
            self.steps
                .iter_mut()
                .skip(current + 1)
                .for_each(|s| s.reasons.clear());
        }
        before != self.steps
    }
}
