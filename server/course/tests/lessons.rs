//! The lessons of this repository load without a diagnostic, and what is broken is told with file and line.

use course::{Lang, Texts, load};
use std::path::Path;

fn texts() -> Texts {
    let mut texts = Texts::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons"),
        "",
        &mut texts,
    );
    texts
}

fn read(folder: &Path, below: &str, texts: &mut Texts) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), texts);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            texts.insert(name, text);
        }
    }
}

#[test]
fn the_course_loads() {
    let course = load(texts()).unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults.iter().map(|f| format!("{f}\n")).collect::<String>()
        )
    });
    let lesson = course
        .lesson("first-pod")
        .expect("first-pod is in the course");
    for lang in Lang::ALL {
        assert_eq!(
            lesson.prose(lang).steps.len(),
            lesson.steps.len(),
            "{}",
            lang.tag()
        );
        assert!(!lesson.prose(lang).summary.is_empty(), "{}", lang.tag());
    }
}

#[test]
fn what_is_broken_is_told() {
    let check = |path: &str, from: &str, to: &str, expect: &str| {
        let mut texts = texts();
        let text = texts
            .get(path)
            .expect("a file of the course")
            .replace(from, to);
        texts.insert(path.to_owned(), text);
        let said = load(texts)
            .expect_err("a broken course does not load")
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert!(said.contains(expect), "{said}");
    };
    let lesson = "pods/first-pod/lesson.yaml";
    check(lesson, "minutes: 12", "minuets: 12", "minuets");
    check(lesson, "id: look", "id: see", "sections are");
    check(
        lesson,
        "- ran: { verb: get, resource: pods }\n    solve: [\"kubectl get pods\"]",
        "- {}\n    solve: [\"x\"]",
        "exactly one kind",
    );
    check(
        "pods/first-pod/fr.md",
        ":::hint",
        ":::hnit",
        ":::hnit is not known",
    );
    check(
        "pods/first-pod/ja.md",
        "## learned: ",
        "## other: ",
        "learned",
    );
}

#[test]
fn every_draw_is_a_lesson() {
    let course = load(texts()).expect("the course loads");
    let letters: Vec<String> = course
        .draws("what-is-wrong-here")
        .iter()
        .map(|lesson| lesson.vars["fault"].clone())
        .collect();
    assert_eq!(letters, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(course.draws("first-pod").len(), 1);
}
