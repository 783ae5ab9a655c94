//! What can be said of a lesson without running it: same steps and questions in every language, a check in every
//! step, known kinds of checks.

use crate::format::{AcceptFile, Backend, CheckFile, LessonFile};
use crate::load::{Diagnostic, Lesson, fault};
use std::collections::BTreeSet;

/// Nodes that a lesson can ask for.
pub const MOST_NODES: u8 = 5;

/// All that is wrong with a lesson, in the order of its files.
/// `text` is that of `lesson.yaml`.
pub fn lint(file: &LessonFile, lesson: &Lesson, folder: &str, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let path = format!("{folder}/lesson.yaml");
    // A fault of a step is told where its id stands, another one where its first line is.
    let line = |step: Option<&str>| {
        let begins = |l: &str, word: &str| l.trim_start_matches([' ', '-']).trim_end() == word;
        let id = step.map(|id| format!("id: {id}"));
        let at = id.and_then(|id| text.lines().position(|l| begins(l, &id)));
        at.map_or(0, |at| at + 1)
    };
    let mut say_of =
        |step: Option<&str>, message: String| found.push(fault(&path, line(step), message));
    let mut say = |message: String| say_of(None, message);
    if !folder.ends_with(&format!("/{}", file.id)) {
        say(format!(
            "id is {}, but the folder is {folder}: name both alike",
            file.id
        ));
    }
    if !file.backends.contains(&Backend::Real) && file.why_not_real.is_none() {
        say("backends lacks real: say the reason in why-not-real".to_owned());
    }
    if !(1..=MOST_NODES).contains(&file.nodes) {
        say(format!(
            "nodes is {}: write a number from 1 to {MOST_NODES}",
            file.nodes
        ));
    }
    if file.nodes > 1 && file.backends.contains(&Backend::Real) {
        say("nodes is for the simulated cluster; a real one has those that it has: take real out of backends".to_owned());
    }
    if file.steps.is_empty() {
        say("the lesson has no steps: write four to eight under `steps:`".to_owned());
    }
    let mut ids = BTreeSet::new();
    for step in &file.steps {
        let mut say = |message: String| say_of(Some(&step.id), message);
        if !ids.insert(step.id.as_str()) {
            say(format!("two steps are named {}: rename one", step.id));
        }
        if step.check.is_empty() {
            say(format!(
                "step {} has no check: say what must be so when it is done",
                step.id
            ));
        }
        if step.solve.is_empty()
            && !step
                .check
                .iter()
                .all(|c| c.answer.is_some() || c.choice.is_some())
        {
            say(format!(
                "step {} has no solve: write the lines that complete it",
                step.id
            ));
        }
        if step.predict.as_ref().is_some_and(|p| p.ahead().is_none()) {
            say(format!(
                "step {}: predict: after is no time: write `40s`, `10m` or `1h`",
                step.id
            ));
        }
        let asks = |c: &CheckFile| c.answer.is_some() || c.choice.is_some();
        if step.wrong.is_empty() && !step.check.iter().any(asks) {
            say(format!(
                "step {} has no wrong: write a line that does not complete it",
                step.id
            ));
        }
        let vague = |a: &&AcceptFile| a.drop.is_some() == a.change.is_some() || a.why.is_empty();
        if step.accepts.iter().any(|a| vague(&a)) {
            say(format!(
                "step {}: one of accepts does not say what (drop or change) and why",
                step.id
            ));
        }
        for check in step.check.iter().filter(|c| kinds(c) != 1) {
            say(format!(
                "step {}: a check has exactly one kind, this one has {}",
                step.id,
                kinds(check)
            ));
        }
    }
    languages(file, lesson, folder, &mut found);
    found
}

/// How many kinds of check are named.
fn kinds(c: &CheckFile) -> usize {
    [
        c.resource.is_some(),
        c.cel.is_some(),
        c.event.is_some(),
        c.deleted.is_some(),
        c.never.is_some(),
        c.ran.is_some(),
        c.http.is_some(),
        c.file.is_some(),
        c.answer.is_some(),
        c.choice.is_some(),
    ]
    .iter()
    .filter(|k| **k)
    .count()
}

fn languages(file: &LessonFile, lesson: &Lesson, folder: &str, found: &mut Vec<Diagnostic>) {
    let steps: Vec<&str> = file.steps.iter().map(|s| s.id.as_str()).collect();
    let first = lesson.prose.values().next();
    for (lang, prose) in &lesson.prose {
        let path = format!("{folder}/{}.md", lang.tag());
        let have: Vec<&str> = prose.steps.iter().map(|s| s.id.as_str()).collect();
        if have != steps {
            found.push(fault(
                &path,
                0,
                format!("the sections are {have:?}, but lesson.yaml has the steps {steps:?}"),
            ));
        }
        if prose.learned.is_none() {
            found.push(fault(
                &path,
                0,
                "the last section `## learned: …` is missing".to_owned(),
            ));
        }
        for (a, b) in prose
            .steps
            .iter()
            .zip(first.into_iter().flat_map(|p| p.steps.iter()))
        {
            if a.questions != b.questions {
                found.push(fault(
                    &path,
                    a.line,
                    format!(
                        "step {}: questions or options differ from the other languages",
                        a.id
                    ),
                ));
            }
            let code =
                |s: &crate::StepProse| s.runs.iter().map(|r| r.text.clone()).collect::<Vec<_>>();
            if code(a) != code(b) || a.rewinds != b.rewinds {
                found.push(fault(
                    &path,
                    a.line,
                    format!(
                        "step {}: runnable code or its rewinds differ from the other languages",
                        a.id
                    ),
                ));
            }
        }
        let rewound = |s: &&crate::StepProse| !s.rewinds.is_empty();
        for step in prose.steps.iter().filter(rewound) {
            let message = if file.backends.contains(&Backend::Real) {
                "a real cluster cannot be rewound: take real out of backends"
            } else if file.steps.first().is_some_and(|s| s.id == step.id) {
                "the first step has nothing to be rewound to: put it into a later one"
            } else {
                continue;
            };
            let message = format!("step {}: {message}", step.id);
            found.push(fault(&path, step.line, message));
        }
        for step in &file.steps {
            let there = prose.steps.iter().filter(|s| s.id == step.id);
            let there: Vec<(&str, bool)> = there
                .flat_map(|s| &s.questions)
                .map(|q| (q.id.as_str(), q.predicts))
                .collect();
            let asked = step.check.iter().filter_map(|c| {
                let answer = c.answer.as_ref().map(|a| a.id.as_str());
                answer.or(c.choice.as_ref().map(|c| c.id.as_str()))
            });
            let predicted = step.predict.as_ref().map(|p| (p.id.as_str(), true));
            let wanted = asked.map(|id| (id, false)).chain(predicted);
            for (id, predicts) in wanted.filter(|wanted| !there.contains(wanted)) {
                let what = if predicts { "prediction" } else { "question" };
                let message = format!("step {}: the {what} {id} is not in the text", step.id);
                found.push(fault(&path, 0, message));
            }
            let lost = |q: &&(&str, bool)| q.1 && predicted != Some(**q);
            for (id, _) in there.iter().filter(lost) {
                let message = format!("step {}: lesson.yaml has no predict {id}", step.id);
                found.push(fault(&path, 0, message));
            }
        }
    }
}
