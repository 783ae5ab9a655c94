//! Links that lead nowhere. What lies outside is not asked for; what can be known without asking is.

use crate::load::{Course, Diagnostic, Lesson, fault};

/// Every link that is neither an address of the web, a step of its lesson, nor a lesson of the course.
pub fn check(course: &Course) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for lesson in course.lessons() {
        for lang in lesson.prose.keys() {
            let path = format!("{}/{}/{}.md", lesson.track, lesson.id, lang.tag());
            let text = course
                .texts()
                .get(&path)
                .map(String::as_str)
                .unwrap_or_default();
            for (line, target) in links(text) {
                if let Some(why) = dead(course, lesson, target) {
                    found.push(fault(
                        &path,
                        line,
                        format!("the link to {target} is dead: {why}"),
                    ));
                }
            }
        }
    }
    found
}

/// Line and target of each link outside of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let outside = line.split('`').step_by(2).filter(|_| !fenced);
        let targets = outside.flat_map(|part| part.split("](").skip(1));
        found.extend(targets.filter_map(|after| Some((index + 1, after.split_once(')')?.0))));
    }
    found
}

fn dead(course: &Course, lesson: &Lesson, target: &str) -> Option<String> {
    if target.starts_with("https://") {
        let known = target
            .parse::<http::Uri>()
            .is_ok_and(|uri| uri.host().is_some_and(|h| h.contains('.')));
        return (!known).then(|| "it is no address of the web".to_owned());
    }
    if let Some(step) = target.strip_prefix("#step-") {
        let there = lesson.steps.iter().any(|s| s.id == step);
        return (!there).then(|| format!("the lesson has no step {step}"));
    }
    let there = course.lesson(target).is_some();
    (!there).then(|| "write https://…, #step-ID, or the id of a lesson".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "See [a](https://a.example/) and [b](b).\n\n`[c](c)`\n\n```\n[d](d)\n```\n";
        assert_eq!(links(text), [(1, "https://a.example/"), (1, "b")]);
    }
}
