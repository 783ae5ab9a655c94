//! What learners are told when they are wrong, of all lessons and in all languages, as one page to read and to compare with.

use crate::load::Lesson;
use crate::prove::{Earned, Report};
use std::fmt::Write as _;
use std::sync::Arc;

const HEAD: &str = "\
# What learners are told

Each wrong line and wrong answer of each step, with the reason that a learner reads. Written by `podschool lessons check --reasons` where
this file is missing, compared where it is there. Read it as a learner would: does the reason help?
";

/// The page. Of a lesson that is drawn in several ways, the first stands for all.
pub fn page(reports: &[(Arc<Lesson>, Report)]) -> String {
    let mut page = HEAD.to_owned();
    let mut told = "";
    for (lesson, report) in reports {
        if lesson.id == told {
            continue;
        }
        told = &lesson.id;
        line(&mut page, format_args!("\n## {}\n", lesson.id));
        for step in &lesson.steps {
            let earned = report.reasons.iter().filter(|e| e.step == step.id);
            earned.for_each(|earned| entry(&mut page, earned));
        }
    }
    page
}

fn entry(page: &mut String, earned: &Earned) {
    let Earned {
        step, line: wrong, ..
    } = earned;
    line(page, format_args!("- {step}: `{wrong}`\n"));
    for (lang, reason) in &earned.reason {
        line(page, format_args!("  - {}: {reason}\n", lang.tag()));
    }
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = page.write_fmt(text);
}

/// The first line that is not as it was: its number, as it was, as it is.
pub fn difference<'a>(was: &'a str, is: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut was, mut is) = (was.lines(), is.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (was.next(), is.next()) {
            (None, None) => return None,
            (before, now) if before == now => {}
            (before, now) => {
                let none = "(nothing)";
                return Some((number, before.unwrap_or(none), now.unwrap_or(none)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
        assert_eq!(difference("a\n", "a\nc\n"), Some((2, "(nothing)", "c")));
    }
}
