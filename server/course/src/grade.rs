//! Grading one lesson for one learner: observations go in, states of steps come out. Steps are done in order; the first
//! open one is looked at whenever something changes, and what it opens after it. A level step that has been done is looked
//! at too: it lapses when it holds no more, and what came after it stays. Nothing here waits.

use crate::check;
use crate::format::HttpFile;
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
    /// ticked; a level step: it holds now
    pub done: bool,
    /// a level step that was done, and does not hold now
    pub lapsed: bool,
    /// what made it tick
    pub cause: Option<Sentence>,
    /// why it does not hold, one for each open check; only of steps that are open to the learner
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
            lapsed: false,
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

    /// All that was seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The lesson.
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    /// Ports that the checks of open steps want asked, and those of level steps that are done.
    pub fn ports(&self) -> Vec<HttpFile> {
        let ahead = self.steps.iter().take_while(|s| s.done || s.lapsed).count();
        let reached = self.lesson.steps.iter().enumerate().take(ahead + 1);
        reached
            .filter(|(index, _)| !self.steps[*index].done || self.lesson.is_level(*index))
            .flat_map(|(_, step)| &step.check)
            .filter_map(|check| check.http.clone())
            .collect()
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

    fn evaluate(&mut self) -> bool {
        let before = self.steps.clone();
        let mut ahead = self.steps.len();
        for index in 0..self.steps.len() {
            let was_done = self.steps[index].done || self.steps[index].lapsed;
            if was_done && !self.lesson.is_level(index) {
                continue;
            }
            let checks = &self.lesson.steps[index].check;
            let verdicts: Vec<check::Verdict> = checks
                .iter()
                .map(|c| check::evaluate(c, &self.seen))
                .collect();
            let state = &mut self.steps[index];
            state.take(verdicts);
            if !state.done && !was_done {
                ahead = index + 1;
                break;
            }
        }
        let later = self.steps.iter_mut().skip(ahead);
        later.for_each(|s| s.reasons.clear());
        before != self.steps
    }
}

impl StepState {
    /// Stands as its checks say.
    fn take(&mut self, verdicts: Vec<check::Verdict>) {
        let was_done = self.done;
        let failed = verdicts.iter().filter_map(|v| v.as_ref().err());
        self.reasons = failed.cloned().collect();
        self.done = self.reasons.is_empty();
        self.lapsed = !self.done && (was_done || self.lapsed);
        if self.done && !was_done {
            let told = verdicts.into_iter().filter_map(Result::ok);
            let cause = told.into_iter().find(|s| s.id != "was-true");
            self.cause = cause.or(Some(Sentence::new("was-true")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::StepFile;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// A lesson of three steps: pod a is there (`goal` of the first step), pod b is there, pod c is there.
    fn lesson(goal: &str) -> Arc<Lesson> {
        let step = |name: &str, goal: &str| -> StepFile {
            let check = json!([{ "resource": format!("pod/{name}") }]);
            let step = json!({ "id": name, "goal": goal, "check": check, "solve": [] });
            serde_json::from_value(step).expect("a step")
        };
        Arc::new(Lesson {
            id: "three".to_owned(),
            track: "test".to_owned(),
            minutes: 1,
            nodes: 1,
            backends: Vec::new(),
            vars: BTreeMap::new(),
            start: Vec::new(),
            steps: vec![step("a", goal), step("b", "edge"), step("c", "edge")],
            files: BTreeMap::new(),
            manifests: BTreeMap::new(),
            prose: BTreeMap::new(),
        })
    }

    fn pods(names: &[&str]) -> Observation {
        let pod = |name: &&str| json!({ "metadata": { "name": name, "uid": name } });
        Observation::Listed {
            kind: "pod".to_owned(),
            objects: names.iter().map(pod).collect(),
        }
    }

    /// A letter a step: done, lapsed, or open; in capitals where a reason is told.
    fn picture(grader: &Grader) -> String {
        let letter = |s: &StepState| {
            let letter = match (s.done, s.lapsed) {
                (true, _) => 'd',
                (false, true) => 'l',
                (false, false) => 'o',
            };
            match s.reasons.is_empty() {
                true => letter,
                false => letter.to_ascii_uppercase(),
            }
        };
        grader.steps().iter().map(letter).collect()
    }

    fn check(goal: &str, seen: &[(&[&str], &str)]) {
        let mut grader = Grader::new(lesson(goal));
        assert_eq!(picture(&grader), "Ooo");
        for (names, expect) in seen {
            grader.observe(pods(names));
            assert_eq!(picture(&grader), *expect, "{goal} after {names:?}");
        }
    }

    #[test]
    fn a_level_step_holds_now_and_an_edge_step_for_ever() {
        let (a, ab, b): (&[&str], &[&str], &[&str]) = (&["a"], &["a", "b"], &["b"]);
        check("edge", &[(a, "dOo"), (&[], "dOo"), (ab, "ddO"), (b, "ddO")]);
        check("level", &[(a, "dOo"), (&[], "LOo"), (a, "dOo")]);
    }

    #[test]
    fn what_came_after_a_level_step_stays_and_goes_on() {
        let ab: &[&str] = &["a", "b"];
        let seen: &[(&[&str], &str)] = &[
            (ab, "ddO"),
            (&["b"], "LdO"),
            (&["b", "c"], "Ldd"),
            (&["a", "c"], "ddd"),
        ];
        check("level", seen);
    }

    #[test]
    fn a_level_step_of_another_day_must_hold_today() {
        let mut grader = Grader::new(lesson("level"));
        grader.restore(&["a".to_owned(), "b".to_owned()]);
        assert_eq!(picture(&grader), "LdO");
        grader.observe(pods(&["a"]));
        assert_eq!(picture(&grader), "ddO");
    }
}
