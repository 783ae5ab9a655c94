//! What an author has: a new lesson that is proven at once, and pages that follow the files while they are written.

use playground::wire::{Level, ServerFrame};
use std::path::Path;
use std::process::Command;
use tests::page::Site;
use tests::{podschool, run};

fn lessons(folder: &Path, args: &[&str]) -> tests::Said {
    let mut command = Command::new(podschool());
    command
        .arg("lessons")
        .arg("--lessons")
        .arg(folder)
        .args(args);
    run(command, "")
}

fn rewrite(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("the file is there");
    assert!(text.contains(from), "{from} is not in {}", file.display());
    std::fs::write(file, text.replace(from, to)).expect("written");
}

#[test]
fn a_new_lesson_is_proven_from_the_first_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = lessons(folder.path(), &["new", "mine/hello-pod"]);
    assert!(made.status.success(), "{}", made.stderr);
    let checked = lessons(folder.path(), &["check", "hello-pod"]);
    assert!(
        checked.status.success(),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
    assert!(
        checked.stdout.contains("hello-pod: proven"),
        "{}",
        checked.stdout
    );
}

#[test]
fn a_course_that_does_not_load_says_so_to_programs_too() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(
        lessons(folder.path(), &["new", "mine/hello-pod"])
            .status
            .success()
    );
    rewrite(
        &folder.path().join("mine/hello-pod/fr.md"),
        ":::hint",
        ":::hnit",
    );
    let said = lessons(folder.path(), &["check", "--json"]);
    assert!(!said.status.success());
    let told: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let first = &told["diagnostics"][0];
    assert_eq!(first["file"], "mine/hello-pod/fr.md");
    assert_eq!(first["line"], 21, "{told}");
}

#[tokio::test]
async fn an_open_page_follows_the_files_of_its_lesson() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(
        lessons(folder.path(), &["new", "mine/first-pod"])
            .status
            .success()
    );
    let lesson = folder.path().join("mine/first-pod");
    let site = Site::start(&["--lessons", folder.path().to_str().expect("UTF-8")]);
    let page = site.open(None).await;
    let mut socket = site.connect(&page).await;

    // Nonsense is told where the author looks, and nothing is lost.
    rewrite(&lesson.join("en.md"), ":::hint", ":::hnit");
    let told = socket
        .until(|f| {
            matches!(
                f,
                ServerFrame::Notice {
                    level: Level::Error,
                    ..
                }
            )
        })
        .await;
    assert!(
        matches!(&told, ServerFrame::Notice { text, .. } if text.contains("first-pod/en.md:21") && text.contains("hnit")),
        "{told:?}"
    );
    // A text alone: the page is to load again, the session stays.
    rewrite(&lesson.join("en.md"), ":::hnit", ":::hint");
    rewrite(&lesson.join("en.md"), "Do something", "Do something else");
    socket
        .until(|f| matches!(f, ServerFrame::LessonChanged))
        .await;
    let again = site.open(Some(&page.cookie)).await;
    assert!(again.html.contains("Do something else"));
    assert_eq!(again.session, page.session);
    // A step: the session hands over to one of the new lesson.
    rewrite(&lesson.join("lesson.yaml"), "correct: b", "correct: a");
    socket
        .until(|f| matches!(f, ServerFrame::LessonChanged))
        .await;
    let anew = site.open(Some(&page.cookie)).await;
    assert_ne!(anew.session, page.session);
    site.stop();
}
