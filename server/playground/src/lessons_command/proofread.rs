//! What can be said of a whole course without playing it, and the table of what it covers.

use std::fs;
use std::path::Path;

use course::{Course, Diagnostic, coverage};

/// Words and how they are set, links and coverage: what is wrong with each, and how to mend it.
pub fn proofread(course: &Course) -> Vec<Diagnostic> {
    let mut found = course::glossary::check(course);
    found.extend(course::typography::check(course));
    found.extend(course::links::check(course));
    found.extend(coverage::check(course));
    found
}

/// `podschool lessons coverage`: prints the table, or writes it into the folder; then tells what is not met.
pub fn table(course: &Course, folder: Option<&Path>, write: bool) -> i32 {
    let read = match coverage::read(course.texts()) {
        Ok(Some(read)) => read,
        Ok(None) => {
            eprintln!(
                "podschool: this course has no {}: it names what has to be covered",
                coverage::FILE
            );
            return 2;
        }
        Err(wrong) => {
            eprintln!("podschool: {wrong}");
            return 1;
        }
    };
    let table = coverage::table(course, &read);
    match (write, folder) {
        (false, _) => print!("{table}"),
        (true, None) => {
            eprintln!(
                "podschool: say where the lessons are: podschool lessons --lessons DIR coverage --write"
            );
            return 2;
        }
        (true, Some(folder)) => {
            let path = folder.join(coverage::TABLE);
            if let Err(error) = fs::write(&path, &table) {
                eprintln!("podschool: {} cannot be written: {error}", path.display());
                return 1;
            }
        }
    }
    // The table of the disk may have been written just now.
    let wrong = coverage::check(course);
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter(|d| !write || d.file != coverage::TABLE)
        .collect();
    for diagnostic in &wrong {
        eprintln!("{diagnostic}");
    }
    i32::from(!wrong.is_empty())
}
