//! The lessons of this repository load without a diagnostic, and what is broken is told with file and line.

use course::{Lang, Texts, coverage, glossary, links, load};
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

/// What is said of the course when `from` in the file `path` is `to`.
fn said(
    check: fn(&course::Course) -> Vec<course::Diagnostic>,
    path: &str,
    from: &str,
    to: &str,
) -> String {
    let mut texts = texts();
    let text = texts.get_mut(path).expect("a file of the course");
    assert!(text.contains(from), "{path} does not hold {from}");
    *text = text.replace(from, to);
    let course = load(texts).expect("the course loads");
    check(&course).iter().map(|d| format!("{d}\n")).collect()
}

#[test]
fn every_language_is_typed_as_it_is_set() {
    let check = |path, from, to, expect: &str| {
        let told = said(course::typography::check, path, from, to);
        assert!(told.contains(expect), "{path}: {told}");
    };
    let same = said(
        course::typography::check,
        "course.yaml",
        "version:",
        "version:",
    );
    assert_eq!(same, "");
    let (fr, ja) = ("pods/first-pod/fr.md", "pods/first-pod/ja.md");
    check(
        fr,
        "Y a-t-il quelque chose ?",
        "Y a-t-il quelque chose?",
        "fr.md:5: put a space before `?`",
    );
    check(
        ja,
        "はじめての Pod",
        "はじめてのPod",
        "ja.md:1: put a space between の and P",
    );
    check(
        ja,
        "（`Scheduled`）",
        " (`Scheduled`) ",
        "half-width: write （",
    );
}

#[test]
fn every_point_of_the_notes_is_met_and_the_table_says_where() {
    let same = said(coverage::check, "coverage.yaml", "points:", "points:");
    assert_eq!(same, "");
    let stale = said(coverage::check, "COVERAGE.md", "## Concepts", "## Ideas");
    assert!(stale.contains("coverage --write"), "{stale}");
    let lost = said(
        coverage::check,
        "pods/mend-the-manifest/files/store.yaml",
        "bolumes",
        "volumes",
    );
    assert!(
        lost.contains("store.yaml does not hold `bolumes`"),
        "{lost}"
    );
}

#[test]
fn every_language_says_what_the_documentation_of_kubernetes_says() {
    let same = said(glossary::check, "glossary.yaml", "terms:", "terms:");
    assert_eq!(same, "");
    let path = "pods/first-pod/fr.md";
    let other = said(glossary::check, path, "nœud", "machin");
    assert!(other.contains("say `nœud`"), "{other}");
    let never = said(glossary::check, path, "conteneur", "container");
    assert!(never.contains("`container` is not what"), "{never}");
}

#[test]
fn dead_links_are_told() {
    let path = "pods/first-pod/en.md";
    assert_eq!(said(links::check, path, "# Your", "# Your"), "");
    let from = "https://kubernetes.io/docs/concepts/workloads/pods/";
    for to in [
        "http://kubernetes.io/",
        "../other.md",
        "https://",
        "#step-nowhere",
    ] {
        let dead = said(links::check, path, from, to);
        assert!(
            dead.contains(&format!("the link to {to} is dead")),
            "{dead}"
        );
    }
}
