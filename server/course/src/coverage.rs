//! What the course has to teach, point by point, and where it does: `coverage.yaml` says it, the lessons have to keep it,
//! and `COVERAGE.md` is the table made of it.

use crate::load::{Course, Diagnostic, Lesson, Texts, fault};
use crate::prose;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the points stand.
pub const FILE: &str = "coverage.yaml";
/// The table made of them.
pub const TABLE: &str = "COVERAGE.md";

/// `coverage.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// what the points are drawn from: name and one sentence
    pub notes: BTreeMap<String, String>,
    /// in the order of the notes
    pub points: Vec<Point>,
}

/// One thing that has to be met.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// names of the notes that have it
    pub notes: Vec<String>,
    /// what sort of thing it is
    pub kind: Kind,
    /// in a few words
    pub what: String,
    /// where a learner meets it
    pub met: Vec<Met>,
}

/// What sort of thing a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// a line that is typed
    Command,
    /// something to understand
    Concept,
    /// a file that is applied
    Manifest,
    /// a task
    Exercise,
    /// an error of the notes, put right
    Mistake,
    /// what no real cluster can be made to do
    Simulation,
}

impl Kind {
    const ALL: [(Kind, &'static str); 6] = [
        (Kind::Command, "Commands"),
        (Kind::Concept, "Concepts"),
        (Kind::Manifest, "Manifests"),
        (Kind::Exercise, "Exercises"),
        (Kind::Mistake, "Mistakes put right"),
        (Kind::Simulation, "What only a simulated cluster can do"),
    ];
}

/// A place in the course.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Met {
    /// `lesson/step`
    pub at: String,
    /// what must stand there: in the step's English text, in its solution, or in `file`
    pub has: String,
    /// a file of the lesson that the step's text names: `kuard.yaml`
    pub file: Option<String>,
}

/// Reads `coverage.yaml`; none where a course has no such file.
pub fn read(texts: &Texts) -> Result<Option<Coverage>, Diagnostic> {
    let Some(text) = texts.get(FILE) else {
        return Ok(None);
    };
    serde_saphyr::from_str(text).map(Some).map_err(|error| {
        let line = error.location().map_or(0, |l| l.line());
        let said = error.to_string();
        let said = said.lines().next().unwrap_or_default().to_owned();
        fault(FILE, usize::try_from(line).unwrap_or(0), said)
    })
}

/// Every point that no lesson keeps, and a table that is not the one of today.
pub fn check(course: &Course) -> Vec<Diagnostic> {
    let coverage = match read(course.texts()) {
        Ok(None) => return Vec::new(),
        Ok(Some(coverage)) => coverage,
        Err(wrong) => return vec![wrong],
    };
    let mut found = Vec::new();
    for point in &coverage.points {
        let line = line_of(course.texts(), &point.what);
        let mut say = |message: String| found.push(fault(FILE, line, message));
        for note in point
            .notes
            .iter()
            .filter(|n| !coverage.notes.contains_key(*n))
        {
            say(format!(
                "`{}`: there is no note {note}: name it under notes",
                point.what
            ));
        }
        if point.met.is_empty() {
            say(format!(
                "`{}` is met nowhere: write a step for it, and name it under met",
                point.what
            ));
        }
        for met in &point.met {
            if let Err(why) = keeps(course, met) {
                say(format!("`{}` is not met at {}: {why}", point.what, met.at));
            }
        }
    }
    if course.texts().get(TABLE) != Some(&table(course, &coverage)) {
        found.push(fault(
            TABLE,
            0,
            "the table is not that of coverage.yaml: write it with `podschool lessons --lessons lessons coverage --write`".to_owned(),
        ));
    }
    found
}

/// The line on which a text stands first.
fn line_of(texts: &Texts, what: &str) -> usize {
    let lines = texts.get(FILE).map(|text| text.lines());
    lines
        .and_then(|mut l| l.position(|l| l.contains(what)))
        .map_or(0, |at| at + 1)
}

fn keeps(course: &Course, met: &Met) -> Result<(), String> {
    let (lesson, step) = met.at.split_once('/').ok_or("write lesson/step")?;
    let lesson = course
        .lesson(lesson)
        .ok_or_else(|| format!("there is no lesson {lesson}"))?;
    let text = section(course.texts(), lesson, step)
        .ok_or_else(|| format!("the lesson has no step {step}"))?;
    let has = |text: &str| squeezed(text).contains(&squeezed(&met.has));
    match &met.file {
        Some(name) => {
            let file = lesson
                .files
                .get(name)
                .or_else(|| lesson.manifests.get(&format!("start/{name}")));
            let file = file.ok_or_else(|| format!("the lesson has no file {name}"))?;
            if !text.contains(name.as_str()) && lesson.files.contains_key(name) {
                return Err(format!("its text does not name {name}"));
            }
            if !has(file) {
                return Err(format!("{name} does not hold `{}`", met.has));
            }
        }
        None if has(&text) => {}
        None => {
            let known = lesson.steps.iter().filter(|s| s.id == step);
            if !known.flat_map(|s| &s.solve).any(|line| has(line)) {
                return Err(format!(
                    "neither its text nor its solution holds `{}`",
                    met.has
                ));
            }
        }
    }
    Ok(())
}

/// Text with each run of white space as one blank: where lines are broken does not matter.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The English source of a step, with its heading; `intro` is what stands before the first.
fn section(texts: &Texts, lesson: &Lesson, step: &str) -> Option<String> {
    let text = texts.get(&format!("{}/{}/en.md", lesson.track, lesson.id))?;
    let sections = prose::sections(text);
    if step == "intro" {
        return sections.first().map(|(_, _, lines)| lines.join("\n"));
    }
    let mut named = sections
        .into_iter()
        .filter_map(|(_, heading, lines)| Some((heading?, lines)));
    let (heading, lines) =
        named.find(|(heading, _)| heading.split(':').next().map(str::trim) == Some(step))?;
    Some(format!("{heading}\n{}", lines.join("\n")))
}

/// The table, as Markdown.
pub fn table(course: &Course, coverage: &Coverage) -> String {
    let mut out = String::from(
        "# What the course covers\n\nMade from `coverage.yaml` by `podschool lessons --lessons lessons coverage --write`; do not edit it by hand. Each row is a point of\nthe study notes that the course is drawn from, and the step in which a learner meets it.\n\n",
    );
    for (name, about) in &coverage.notes {
        let _ = writeln!(out, "- **{name}**: {about}");
    }
    for (kind, title) in Kind::ALL {
        let _ = write!(
            out,
            "\n## {title}\n\n| point | notes | met in |\n| --- | --- | --- |\n"
        );
        for point in coverage.points.iter().filter(|p| p.kind == kind) {
            let met: Vec<String> = point.met.iter().map(|met| link(course, met)).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                point.what.replace('|', "\\|"),
                point.notes.join(", "),
                met.join(", ")
            );
        }
    }
    out
}

fn link(course: &Course, met: &Met) -> String {
    let lesson = met.at.split('/').next().unwrap_or_default();
    let track = course.lesson(lesson).map_or("", |l| l.track.as_str());
    format!("[{}]({track}/{lesson}/en.md)", met.at)
}
