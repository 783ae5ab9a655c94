//! `podschool lessons new TRACK/NAME`: a lesson that passes its proofs from the first minute, to be changed into one that teaches.

use std::fs;
use std::path::Path;

const FILES: [(&str, &str); 5] = [
    ("lesson.yaml", include_str!("template/lesson.yaml")),
    ("en.md", include_str!("template/en.md")),
    ("pt-BR.md", include_str!("template/pt-BR.md")),
    ("fr.md", include_str!("template/fr.md")),
    ("ja.md", include_str!("template/ja.md")),
];

/// Writes the lesson below `lessons`, and names it in `course.yaml`; what was written. The error is a sentence with the mend.
pub fn new(lessons: &Path, name: &str) -> Result<Vec<String>, String> {
    let (track, id) = name
        .split_once('/')
        .filter(|(track, id)| is_id(track) && is_id(id))
        .ok_or_else(|| format!("{name}: write TRACK/NAME in small letters, digits and hyphens, such as pods/my-lesson"))?;
    let all = FILES.map(|(file, text)| (file.to_owned(), text.replace("NAME", id)));
    write(lessons, track, id, &all, "[en, pt-BR, fr, ja]")
}

/// Writes the files of a new lesson, and names it in `course.yaml`, which is made with these languages where it is missing.
pub fn write(
    lessons: &Path,
    track: &str,
    id: &str,
    files: &[(String, String)],
    languages: &str,
) -> Result<Vec<String>, String> {
    let folder = lessons.join(track).join(id);
    if folder.exists() {
        return Err(format!(
            "{} is there already: choose another name",
            folder.display()
        ));
    }
    let course = lessons.join("course.yaml");
    let before = if course.exists() {
        fs::read_to_string(&course)
            .map_err(|e| format!("{} cannot be read: {e}", course.display()))?
    } else {
        format!(
            "# Tracks and lessons in their order.\nversion: 1\nlanguages: {languages}\ntracks:\n"
        )
    };
    let named = name_it(&before, track, id)?;
    let mut written = Vec::new();
    for (file, text) in files {
        let path = folder.join(file);
        put(&path, text)?;
        written.push(path.display().to_string());
    }
    put(&course, &named)?;
    written.push(course.display().to_string());
    Ok(written)
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Small letters, digits and hyphens.
pub fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(plain)
}

/// `course.yaml` with one more lesson in the track, or with a new track; comments and order stay.
fn name_it(course: &str, track: &str, id: &str) -> Result<String, String> {
    let mut lines: Vec<String> = course.lines().map(str::to_owned).collect();
    let at = lines
        .iter()
        .position(|l| l.trim() == format!("- id: {track}"));
    let Some(at) = at else {
        let titles = ["en", "pt-BR", "fr", "ja"].map(|lang| format!("      {lang}: {track}"));
        lines.push(format!(
            "  - id: {track}\n    title:\n{}\n    lessons: [{id}]",
            titles.join("\n")
        ));
        return Ok(lines.join("\n") + "\n");
    };
    let of_track = lines[at + 1..]
        .iter()
        .take_while(|l| !l.trim_start().starts_with("- id:"));
    let found = of_track
        .enumerate()
        .find(|(_, l)| l.trim_start().starts_with("lessons: [") && l.trim_end().ends_with(']'));
    let Some(place) = found.map(|(offset, _)| at + 1 + offset) else {
        return Err(format!(
            "course.yaml: the track {track} does not hold its lessons as `lessons: [a, b]` on one line: add {id} to it yourself"
        ));
    };
    let line = lines[place].trim_end().trim_end_matches(']').to_owned();
    let comma = if line.ends_with('[') { "" } else { ", " };
    lines[place] = format!("{line}{comma}{id}]");
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_lesson_stands_in_the_course() {
        let folder = tempfile::tempdir().expect("a folder");
        new(folder.path(), "mine/first").expect("written");
        new(folder.path(), "mine/second").expect("written");
        new(folder.path(), "other/third").expect("written");
        let course = crate::lessons::course(Some(folder.path())).expect("the course loads");
        let ids: Vec<&str> = course.lessons().map(|l| l.id.as_str()).collect();
        assert_eq!(ids, ["first", "second", "third"]);
        let again = new(folder.path(), "mine/first").expect_err("not twice");
        assert!(again.contains("is there already"), "{again}");
    }

    #[test]
    fn what_cannot_be_done_says_the_mend() {
        let check = |name: &str, expect: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let block = "version: 1\nlanguages: [en]\ntracks:\n  - id: a\n    title: { en: A }\n    lessons:\n      - x\n";
            fs::write(folder.path().join("course.yaml"), block).expect("written");
            let said = new(folder.path(), name).expect_err("it cannot be done");
            assert!(said.contains(expect), "{said}");
            assert!(!folder.path().join(name).exists(), "nothing half done");
        };
        check("nothing", "write TRACK/NAME");
        check("A/b", "write TRACK/NAME");
        check("../b", "write TRACK/NAME");
        check("a/y", "add y to it yourself");
    }
}
